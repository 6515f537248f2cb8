// The program's entry: argv to a subcommand. What runs servers is handed in, because the command
// line sees no daemon.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/command_help.h"
#include "cli/subcommands.h"
#include "settings/load.h"

namespace printfleet::cli {

struct ServerCommands {
  using Run = std::function<int(const settings::Loaded&)>;

  Run serve;
  Run broker;
  Run database;
  Run migrate;
  Run retain;
  std::function<int(const settings::Loaded&, const std::string& file)> backup;
  std::function<int(const settings::Loaded&, const std::string& file, bool replace)> restore;
  // With the name of a target of `notify`.
  std::function<int(const settings::Loaded&, const std::string&)> test_notify;
  HashPassword hash_password;        // empty: `user add` says that it cannot
  DaemonAccess daemon_access;        // empty: `capture` needs a broker that it may log in to
  std::vector<CommandHelp> catalog;  // CatalogHelp(); empty: any command may be sent
};

// Returns the process's exit code; never throws.
int Main(int argc, char** argv, const ServerCommands& commands);

}  // namespace printfleet::cli
