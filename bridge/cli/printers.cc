// printfleet printers: the printers as a table or as documents.
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <deque>

#include "cli/conversation.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/request.h"
#include "cli/subcommands.h"

namespace printfleet::cli {

bool WantsColor(int file) {
  const char* no_color = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe)
  return isatty(file) != 0 && (no_color == nullptr || *no_color == '\0');
}

WallTime WallNow() {
  return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
}

int Printers(const PrintersArguments& arguments) {
  ListQuestion question;
  question.command = "printer.list";
  question.items = "printers";
  const auto target = TargetJson(arguments.selectors);
  if (!target.ok()) {
    return Complain(target.error());
  }
  question.target_json = *target == "{}" ? R"({"all":true})" : *target;
  auto conversation = Conversation::Open(arguments.connection);
  if (!conversation.ok()) {
    return Complain(conversation.error());
  }
  const auto printers = AskList(**conversation, question);
  if (!printers.ok()) {
    return Complain(printers.error());
  }
  std::deque<json::Parser> parsers;
  std::vector<json::Value> states;
  for (const auto& printer : *printers) {
    if (arguments.json) {
      Print(printer + "\n");
      continue;
    }
    const auto state = parsers.emplace_back().Parse(printer, kResponseLimits);
    if (state.ok()) {
      states.push_back(*state);
    }
  }
  if (!arguments.json) {
    Print(PrintersTable(states, WallNow(), Style{WantsColor()}));
  }
  return kDone;
}

}  // namespace printfleet::cli
