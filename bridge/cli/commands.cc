// printfleet commands: what was sent and how it ended; of one command each printer's outcome.
#include <algorithm>
#include <cctype>
#include <deque>

#include "cli/conversation.h"
#include "cli/exit_code.h"
#include "cli/moment.h"
#include "cli/outcomes.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/request.h"
#include "cli/subcommands.h"

namespace printfleet::cli {
namespace {

constexpr int64_t kCommandsShown = 50;

bool IsNumber(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<ListQuestion> QuestionOfList(const CommandsArguments& arguments) {
  ListQuestion question;
  question.command = "command.list";
  question.items = "commands";
  question.limit = static_cast<size_t>(arguments.limit.value_or(kCommandsShown));
  if (!arguments.printer.empty()) {
    Selectors selectors;
    selectors.printers = {arguments.printer};
    question.target_json = *TargetJson(selectors);
  }
  if (!arguments.author.empty()) {
    question.args.emplace_back("author", Quoted(arguments.author));
  }
  if (!arguments.command.empty()) {
    question.args.emplace_back("command", Quoted(arguments.command));
  }
  if (arguments.open) {
    question.args.emplace_back("state", Quoted("accepted"));
  }
  if (!arguments.since.empty()) {
    const auto since = ParseMoment(arguments.since, WallNow(), Direction::kBefore);
    if (!since.ok()) {
      return since.error().Within("--since");
    }
    question.args.emplace_back("since", Quoted(FormatIso8601(*since)));
  }
  return question;
}

Result<ListQuestion> QuestionOfOne(const CommandsArguments& arguments) {
  ListQuestion question;
  question.command = "command.get";
  question.within = "command";
  question.items = "executions";
  if (IsNumber(arguments.id)) {
    question.args.emplace_back("command_id", arguments.id);
    return question;
  }
  if (!IsUuid(arguments.id)) {
    return Error{Errc::kInvalid,
                 "ID: expected a command's number or its request's UUID; "
                 "printfleet commands lists them"};
  }
  question.args.emplace_back("request_id", Quoted(arguments.id));
  if (!arguments.author.empty()) {
    question.args.emplace_back("author", Quoted(arguments.author));
  }
  return question;
}

int List(Conversation& conversation, const CommandsArguments& arguments,
         const ListQuestion& question) {
  const auto commands = AskList(conversation, question);
  if (!commands.ok()) {
    return Complain(commands.error());
  }
  std::deque<json::Parser> parsers;
  std::vector<json::Value> documents;
  for (const auto& command : *commands) {
    if (arguments.json) {
      Print(command + "\n");
      continue;
    }
    const auto document = parsers.emplace_back().Parse(command, kResponseLimits);
    if (document.ok()) {
      documents.push_back(*document);
    }
  }
  if (!arguments.json) {
    Print(CommandsTable(documents, Style{WantsColor()}));
  }
  return kDone;
}

// All executions, and of the last page the rest of the command.
int ShowOne(Conversation& conversation, const CommandsArguments& arguments,
            const ListQuestion& question) {
  std::string head;
  const auto executions = AskList(conversation, question, &head);
  if (!executions.ok()) {
    return Complain(executions.error());
  }
  json::Parser parser;
  const auto command = parser.Parse(head, kResponseLimits);
  if (!command.ok()) {
    return Complain(command.error().Within("the daemon's response"));
  }
  if (arguments.json) {
    Print(WithExecutions(*command, *executions) + "\n");
    return kDone;
  }
  Outcomes outcomes;
  json::Parser row_parser;
  for (const auto& execution : *executions) {
    if (const auto row = row_parser.Parse("{\"executions\":[" + execution + "]}", kResponseLimits);
        row.ok()) {
      outcomes.Take(*row);
    }
  }
  Print(CommandText(*command));
  if (!outcomes.rows().empty()) {
    Print(ExecutionsTable(outcomes.rows(), Style{WantsColor()}));
  }
  json::Parser done_parser;
  const bool open = (*command)["state"].String().value_or("") == "accepted";
  Print(open ? OpenText(*command) + "\n"
             : DoneText(*done_parser.Parse(DoneOf("", *command), kResponseLimits)) + "\n");
  return kDone;
}

}  // namespace

int Commands(const CommandsArguments& arguments) {
  const auto question = arguments.id.empty() ? QuestionOfList(arguments) : QuestionOfOne(arguments);
  if (!question.ok()) {
    return Complain(question.error());
  }
  auto conversation = Conversation::Open(arguments.connection);
  if (!conversation.ok()) {
    return Complain(conversation.error());
  }
  return arguments.id.empty() ? List(**conversation, arguments, *question)
                              : ShowOne(**conversation, arguments, *question);
}

}  // namespace printfleet::cli
