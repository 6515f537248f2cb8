// *.list and *.get: printers and commands in memory are answered at once, the rest is a Question to
// the store.
#include <algorithm>

#include "fleet/artifact.h"
#include "fleet/job_set.h"
#include "fleet/plan.h"
#include "fleet/replay.h"
#include "fleet/reprint.h"
#include "printer/document.h"

namespace printfleet::fleet {
namespace {

using Kind = Question::Kind;

constexpr int64_t kLimitDefault = 100;

std::string Quoted(std::string_view text) {
  json::Writer writer;
  writer.BeginArray().String(text).EndArray();
  const std::string quoted = writer.Take();
  return quoted.substr(1, quoted.size() - 2);
}

int64_t Int(const Request& request, std::string_view name, int64_t fallback) {
  const int64_t* number = request.args.Get<int64_t>(name);
  return number != nullptr ? *number : fallback;
}

std::string Text(const Request& request, std::string_view name) {
  const std::string* text = request.args.Get<std::string>(name);
  return text != nullptr ? *text : "";
}

std::optional<Rejection> CheckLimit(const Rules& rules, const Request& request) {
  const int64_t max = rules.settings.commands.list_limit_max;
  if (Int(request, "limit", 1) <= max) {
    return std::nullopt;
  }
  return Rejection{"out_of_range",
                   "args.limit: " + std::to_string(Int(request, "limit", 1)) + " is above " +
                       std::to_string(max) + "; page with after",
                   "args.limit"};
}

void ListPrinters(Turn& turn, const Request& request) {
  Target target = request.target;
  const bool list = request.spec->name == "printer.list";
  if (target.empty() && !list) {
    Reject(turn, request, {"empty_target", "target: names no printers", "target"});
    return;
  }
  target.all = target.all || target.empty();
  auto selected = Select(turn.world, turn.rules, target);
  if (const auto* rejection = std::get_if<Rejection>(&selected)) {
    Reject(turn, request, *rejection);
    return;
  }
  const std::string after = Text(request, "after");
  const int64_t limit =
      list ? Int(request, "limit", kLimitDefault) : turn.rules.settings.commands.list_limit_max;
  std::vector<std::string> rows;
  std::vector<std::string> names;
  bool more = false;
  for (const PrinterId& id : std::get<Selection>(selected).printers) {
    const printer::Printer& printer = *turn.world.printers.Find(id);
    if (printer.registration.name <= after && !after.empty()) {
      continue;
    }
    more = static_cast<int64_t>(rows.size()) == limit;
    if (more) {
      break;
    }
    rows.push_back(printer::Document(printer, turn.rules.error_codes));
    names.push_back(printer.registration.name);
  }
  std::string text;
  const size_t taken = ListJson("printers", rows, text);
  more = more || taken < rows.size();
  const std::string next = more && taken > 0 ? Quoted(names[taken - 1]) : "null";
  RespondResult(request.reply_to, request.id,
                "{\"printers\":[" + text + "],\"after\":" + next + "}", turn.now, turn.output);
}

// On one page of command.get: as many as fit, if nothing is said.
int64_t ExecutionsMax(const Rules& rules, const Request& request) {
  return Int(request, "limit", rules.settings.commands.list_limit_max);
}

// From memory while it is there: then it is as new as can be.
bool AnswerCommandGet(Turn& turn, const Request& request) {
  CommandId id{Int(request, "command_id", 0)};
  if (!id) {
    const std::string author = Text(request, "author");
    const RememberedRequest* known = turn.world.requests.Find(
        {author.empty() ? request.reply_to.author : author, Text(request, "request_id")});
    id = known != nullptr ? known->command_id : CommandId{};
  }
  const Command* command = turn.world.commands.Find(id);
  if (command == nullptr) {
    return false;
  }
  const ExecutionsPage page{Text(request, "after"), ExecutionsMax(turn.rules, request),
                            Text(request, "state")};
  RespondResult(request.reply_to, request.id, CommandPageJson(turn.world, *command, page), turn.now,
                turn.output);
  return true;
}

struct Row {
  std::string_view command;
  Kind kind;
};

constexpr Row kRows[] = {
    {"job.list", Kind::kJobList},         {"job.get", Kind::kJobGet},
    {"command.list", Kind::kCommandList}, {"command.get", Kind::kCommandGet},
    {"event.list", Kind::kEventList},
};

std::string SubjectOf(Kind kind, const Request& request) {
  if (kind == Kind::kJobGet) {
    return std::to_string(Int(request, "job_id", 0));
  }
  if (kind != Kind::kCommandGet) {
    return "";
  }
  if (request.args.Has("command_id")) {
    return std::to_string(Int(request, "command_id", 0));
  }
  const std::string author = Text(request, "author");
  return (author.empty() ? request.reply_to.author : author) + "\n" + Text(request, "request_id");
}

// A list of rows of the store is of one printer, or of all.
std::optional<Rejection> FilterPrinter(const World& world, const Target& target,
                                       std::string& printer) {
  Target only = target;
  only.printers.clear();
  only.all = false;
  if (!only.empty() || !only.exclude.empty() || only.limit || only.percent ||
      target.printers.size() > 1) {
    return Rejection{"unsupported", "target: this list is of one printer, or of all", "target"};
  }
  if (target.printers.empty()) {
    return std::nullopt;
  }
  const printer::Printer* found = FindPrinter(world, target.printers.front());
  if (found == nullptr) {
    return Rejection{"unknown_printer", "target.printers[0]: no printer " + target.printers.front(),
                     "target.printers[0]"};
  }
  printer = found->registration.id;
  return std::nullopt;
}

void AskStore(Turn& turn, const Request& request, Kind kind) {
  Question question = MakeQuestion(kind, request);
  question.subject = SubjectOf(kind, request);
  question.argument = request.args_json;
  question.after = Int(request, "after", Int(request, "since", 0));
  question.limit = Int(request, "limit", kLimitDefault);
  question.filter_command = Text(request, "command");
  question.filter_author = Text(request, "author");
  question.filter_since = Text(request, "since");
  if (kind == Kind::kCommandGet) {
    question.after_printer = Text(request, "after");
    question.limit = ExecutionsMax(turn.rules, request);
  }
  for (const char* name : {"state", "outcome", "kind"}) {
    if (request.args.Has(name)) {
      question.filter_state = Text(request, name);
    }
  }
  if (auto rejected = FilterPrinter(turn.world, request.target, question.filter_printer)) {
    Reject(turn, request, *rejected);
    return;
  }
  turn.output.questions.push_back(std::move(question));
}

// -- Answers --

// command.get's result of the store's document: as many of its executions as fit, and what comes
// after them.
std::string CutCommand(const std::string& document, int64_t limit) {
  json::Parser parser;
  const auto parsed = parser.Parse(document, {document.size(), 64});
  if (!parsed.ok()) {
    return "{}";
  }
  const json::Value executions = (*parsed)["executions"];
  std::vector<std::string> rows;
  for (size_t i = 0; i < executions.size(); ++i) {
    rows.push_back(executions.at(i).Text());
  }
  std::string list;
  const size_t taken = ListJson("executions", rows, list);
  const bool more = taken < rows.size() || static_cast<int64_t>(rows.size()) >= limit;
  json::Writer writer;
  writer.BeginObject();
  for (size_t i = 0; i < parsed->size(); ++i) {
    if (parsed->member_name(i) != "executions") {
      writer.Key(parsed->member_name(i)).Raw(parsed->member_value(i).Text());
    }
  }
  writer.Key("executions").Raw("[" + list + "]");
  if (more) {
    writer.Member("executions_truncated", true);
  }
  writer.EndObject();
  const std::string after = more ? executions.at(taken - 1)["printer_id"].Text() : "null";
  return "{\"command\":" + writer.Take() + ",\"after\":" + after + "}";
}

struct ListNames {
  std::string_view list;
  std::string_view id;
  std::string_view one;
};

ListNames NamesOf(Kind kind) {
  switch (kind) {
    case Kind::kJobList:
    case Kind::kJobGet:
    case Kind::kJobSet:
    case Kind::kReprint:
      return {"jobs", "job_id", "job"};
    case Kind::kCommandList:
    case Kind::kCommandGet:
    case Kind::kReplay:
      return {"commands", "command_id", "command"};
    case Kind::kEventList:
      return {"events", "event_id", "event"};
  }
  return {};
}

std::string PageJson(const Question& question, const std::vector<std::string>& rows) {
  const ListNames names = NamesOf(question.kind);
  std::string list;
  const size_t taken = ListJson(names.list, rows, list);
  std::string after = "null";
  const bool more = taken < rows.size() || static_cast<int64_t>(rows.size()) >= question.limit;
  if (more && taken > 0) {
    json::Parser parser;
    const std::string& last = rows[taken - 1];
    const auto parsed = parser.Parse(last, {last.size(), 64});
    const auto id = parsed.ok() ? (*parsed)[names.id].Int() : std::nullopt;
    after = id ? std::to_string(*id) : "null";
  }
  return "{\"" + std::string(names.list) + "\":[" + list + "],\"after\":" + after + "}";
}

}  // namespace

void HandleQuestion(Turn& turn, const Request& request) {
  if (auto rejected = CheckLimit(turn.rules, request)) {
    Reject(turn, request, *rejected);
    return;
  }
  if (request.spec->name == "printer.diagnose") {
    HandleDiagnose(turn, request);
    return;
  }
  if (request.spec->name.starts_with("file.library.")) {
    HandleLibraryQuestion(turn, request);
    return;
  }
  const auto row = std::ranges::find(kRows, request.spec->name, &Row::command);
  if (row == std::end(kRows)) {
    ListPrinters(turn, request);
  } else if (row->kind != Kind::kCommandGet || !AnswerCommandGet(turn, request)) {
    AskStore(turn, request, row->kind);
  }
}

void HandleAnswer(World& world, const Rules& rules, const Question& question, bool ok,
                  const std::vector<std::string>& rows, const std::string& error,
                  const Instant& now, Output& output) {
  Turn turn{world, rules, now, output};
  const Request& request = *question.request;
  if (!ok) {
    Reject(turn, request, {"unavailable", "the store could not answer: " + error, ""});
    return;
  }
  if (question.kind == Kind::kJobList || question.kind == Kind::kCommandList ||
      question.kind == Kind::kEventList) {
    RespondResult(question.reply_to, question.request_id, PageJson(question, rows), now, output);
    return;
  }
  const ListNames names = NamesOf(question.kind);
  if (rows.empty()) {
    Reject(turn, request, {"not_found", "no such " + std::string(names.one), "args"});
    return;
  }
  if (question.kind == Kind::kReprint) {
    AnswerReprint(turn, request, rows.front());
    return;
  }
  if (question.kind == Kind::kJobSet) {
    AnswerJobSet(turn, request, rows.front());
    return;
  }
  if (question.kind == Kind::kReplay) {
    AnswerReplay(turn, request, rows.front());
    return;
  }
  const std::string result = question.kind == Kind::kCommandGet
                                 ? CutCommand(rows.front(), question.limit)
                                 : "{\"" + std::string(names.one) + "\":" + rows.front() + "}";
  RespondResult(question.reply_to, question.request_id, result, now, output);
}

}  // namespace printfleet::fleet
