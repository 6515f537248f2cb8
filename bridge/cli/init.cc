// printfleet init: asks what is not said, shows what will be, and writes it.
#include "setup/init.h"

#include <iostream>

#include "cli/confirm.h"
#include "cli/conversation.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/subcommands.h"

namespace printfleet::cli {
namespace {

// The answer, or `otherwise` for an empty line. False at the end of the input.
bool Ask(const std::string& question, const std::string& otherwise, std::string& answer) {
  PrintError(question + " [" + otherwise + "] ");
  std::string line;
  if (!std::getline(std::cin, line)) {
    PrintError("\n");
    return false;
  }
  answer = line.empty() ? otherwise : line;
  return true;
}

bool AskYes(const std::string& question, bool& yes) {
  std::string answer;
  if (!Ask(question, yes ? "Y/n" : "y/N", answer)) {
    return false;
  }
  yes = answer == "Y/n" || answer.starts_with('y') || answer.starts_with('Y');
  return true;
}

// What printers' network there is decides about TLS; the rest has good defaults.
bool AskAboutPrinters(setup::Plan& plan, const setup::Plan& settled) {
  if (plan.kobra_unleashed.empty() && !plan.plain) {
    bool tls = true;
    if (!AskYes("Do the printers connect with TLS? No only where nobody else is on their network.",
                tls)) {
      return false;
    }
    plan.plain = !tls;
  }
  return !plan.printers_address.empty() || Ask("Which address of this machine do they reach?",
                                               settled.printers_address, plan.printers_address);
}

bool AskAboutPeople(setup::Plan& plan) {
  if (!plan.people_address.empty()) {
    return true;
  }
  std::string address;
  if (!Ask("On which address do people log in, by name and password? none: only this machine.",
           "none", address)) {
    return false;
  }
  plan.people_address = address == "none" ? "" : address;
  return true;
}

bool AskAll(setup::Plan& plan, const setup::Plan& settled) {
  return Ask("The farm's name?", plan.farm_name, plan.farm_name) &&
         AskAboutPrinters(plan, settled) && AskAboutPeople(plan);
}

bool Agreed(const setup::Plan& plan) {
  bool write = true;
  return AskYes("Printers at " + plan.printers_address + ":" +
                    std::to_string(plan.printers_port.value_or(0)) +
                    (plan.plain ? " without TLS" : " with TLS") + ", data in " + plan.data_dir +
                    ". Write " + plan.config + "?",
                write) &&
         write;
}

}  // namespace

int Init(const InitArguments& arguments) {
  setup::Plan plan = arguments.plan;
  auto settled = setup::Settle(plan);
  const bool asks = !arguments.yes && CanAsk();
  if (asks && (settled.ok() || plan.printers_address.empty())) {
    const setup::Plan suggestion = settled.ok() ? *settled : plan;
    if (!AskAll(plan, suggestion)) {
      return kUsage;
    }
    settled = setup::Settle(plan);
  }
  if (!settled.ok()) {
    return Complain(settled.error());
  }
  if (asks && !Agreed(*settled)) {
    PrintError("nothing was written\n");
    return kUsage;
  }
  const auto lines = setup::Init(*settled, WallNow());
  if (!lines.ok()) {
    return Complain(lines.error());
  }
  for (const std::string& line : *lines) {
    Print(line + "\n");
  }
  return kDone;
}

}  // namespace printfleet::cli
