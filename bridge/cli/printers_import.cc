// printfleet printers export and import: what we keep of the printers, as a file.
#include <fstream>

#include "base/text.h"
#include "cli/confirm.h"
#include "cli/conversation.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/printers_file.h"
#include "cli/render.h"
#include "cli/request.h"
#include "cli/subcommands.h"

namespace printfleet::cli {
namespace {

Result<std::vector<KnownPrinter>> AskPrinters(Conversation& conversation,
                                              const std::string& target_json) {
  ListQuestion question;
  question.command = "printer.list";
  question.items = "printers";
  question.target_json = target_json == "{}" ? R"({"all":true})" : target_json;
  const auto states = AskList(conversation, question);
  if (!states.ok()) {
    return states.error();
  }
  std::vector<KnownPrinter> printers;
  json::Parser parser;
  for (const auto& text : *states) {
    const auto state = parser.Parse(text, kResponseLimits);
    if (!state.ok()) {
      return state.error().Within("the daemon's response");
    }
    printers.push_back(ReadKnown(*state));
  }
  return printers;
}

void Show(const ChangePlan& plan) {
  for (const Change& change : plan.changes) {
    Print(PrintableText(change.name, 200) + " (" + change.printer_id + ")\n");
    for (const auto& line : change.lines) {
      Print("  " + line + "\n");
    }
  }
  for (const auto& problem : plan.unknown) {
    PrintError(problem.Text() + "\n");
  }
  if (!plan.unknown.empty()) {
    PrintError(
        "the fleet does not know these: a printer is known once it has connected, or by "
        "printfleet enroll --connect-info FILE --model MODEL\n");
  }
  PrintError(std::to_string(plan.changes.size()) + " to change, " + std::to_string(plan.unchanged) +
             " as they should be, " + std::to_string(plan.unknown.size()) + " not known\n");
}

// One printer.set; nullopt when it was done, else why not.
std::optional<std::string> Set(Conversation& conversation, const Change& change, int& code) {
  Selectors selectors;
  selectors.printers = {change.printer_id};
  const std::string id = NewUuid();
  std::string why;
  const auto on_response = [&why](json::Value response) -> std::optional<int> {
    const auto event = response["event"].String().value_or("");
    if (event == "rejected") {
      why = RejectionText(response);
      return ExitCodeOfRejection(response);
    }
    return event == "done" ? std::optional(ExitCodeOf(response)) : std::nullopt;
  };
  const auto answer = conversation.Ask(
      id,
      RequestJson(id, "printer.set", *TargetJson(selectors), change.args_json, RequestOptions{}),
      on_response, Patience{std::chrono::seconds(10), std::chrono::seconds(30)});
  if (!answer.ok()) {
    code = Complain(answer.error());
    return "not sent, or not answered";
  }
  if (!answer->code) {
    code = answer->interrupted ? kInterrupted : kTimedOut;
    return answer->interrupted ? "interrupted" : "no answer in time";
  }
  return *answer->code == kDone ? std::nullopt
                                : std::optional(why.empty() ? std::string("failed") : why);
}

// In order, until one cannot be asked for: what is left is a new import's.
int SetAll(Conversation& conversation, const ChangePlan& plan) {
  size_t done = 0;
  int code = kDone;
  for (const Change& change : plan.changes) {
    const auto why = Set(conversation, change, code);
    if (why) {
      PrintError(PrintableText(change.name, 200) + " (" + change.printer_id + "): " + *why + "\n");
    } else {
      ++done;
    }
    if (code != kDone) {
      break;
    }
  }
  Print(std::to_string(done) + " changed\n");
  if (code != kDone) {
    return code;
  }
  return done == plan.changes.size() && plan.unknown.empty() ? kDone : kSomeFailed;
}

}  // namespace

int ExportPrinters(const PrintersFileArguments& arguments) {
  const auto target = TargetJson(arguments.selectors);
  if (!target.ok()) {
    return Complain(target.error());
  }
  auto conversation = Conversation::Open(arguments.connection);
  if (!conversation.ok()) {
    return Complain(conversation.error());
  }
  auto printers = AskPrinters(**conversation, *target);
  if (!printers.ok()) {
    return Complain(printers.error());
  }
  const std::string text = PrintersFileText(*std::move(printers));
  if (arguments.file.empty()) {
    Print(text);
    return kDone;
  }
  std::ofstream file(arguments.file, std::ios::binary | std::ios::trunc);
  file << text << std::flush;
  return file ? kDone : Complain(Error{Errc::kInvalid, arguments.file + ": cannot be written"});
}

int ImportPrinters(const PrintersFileArguments& arguments) {
  const auto text = ReadFile(arguments.file);
  if (!text.ok()) {
    return Complain(text.error());
  }
  std::vector<settings::Problem> problems;
  const auto wanted = ReadPrintersFile(*text, arguments.file, problems);
  const auto complain = [&problems] {
    for (const auto& problem : problems) {
      PrintError(problem.Text() + "\n");
    }
    PrintError("nothing changed\n");
    return kUsage;
  };
  if (!problems.empty()) {
    return complain();
  }
  auto opened = Conversation::Open(arguments.connection);
  if (!opened.ok()) {
    return Complain(opened.error());
  }
  const auto known = AskPrinters(**opened, "{}");
  if (!known.ok()) {
    return Complain(known.error());
  }
  const ChangePlan plan = PlanChanges(wanted, *known, arguments.file, problems);
  if (!problems.empty()) {
    return complain();
  }
  Show(plan);
  if (plan.changes.empty() || arguments.dry_run) {
    return plan.unknown.empty() ? kDone : kSomeFailed;
  }
  if (!arguments.yes && !CanAsk()) {
    PrintError("printfleet: nobody to ask: say --yes to change them\n");
    return kUsage;
  }
  if (!arguments.yes &&
      !Confirmed(**opened, "change " + std::to_string(plan.changes.size()) + " printers?")) {
    PrintError("nothing changed\n");
    return kUsage;
  }
  return SetAll(**opened, plan);
}

}  // namespace printfleet::cli
