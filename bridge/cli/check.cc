// printfleet check: every problem of a configuration at once.

#include "cli/broker_address.h"
#include "cli/conversation.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/subcommands.h"
#include "settings/load.h"

namespace printfleet::cli {

int Check(const std::string& config) {
  const auto file = FindConfig(config);
  if (!file.ok()) {
    return Complain(file.error());
  }
  const settings::Loaded loaded = settings::LoadFile(*file);
  for (const auto& problem : loaded.problems) {
    Print(problem.Text() + "\n");
  }
  if (!loaded.ok()) {
    return kUsage;
  }
  Print("configuration ok\n");
  return kDone;
}

}  // namespace printfleet::cli
