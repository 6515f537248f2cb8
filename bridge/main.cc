#include "cli/main.h"

#include <string>

#include "broker/password.h"
#include "daemon/commands.h"

int main(int argc, char** argv) {
  printfleet::cli::ServerCommands commands;
  commands.serve = printfleet::daemon::Serve;
  commands.broker = printfleet::daemon::RunBroker;
  commands.database = printfleet::daemon::RunDatabase;
  commands.migrate = printfleet::daemon::Migrate;
  commands.hash_password = [](const std::string& password) {
    return printfleet::broker::HashPassword(password);
  };
  commands.catalog = printfleet::cli::CatalogHelp();
  return printfleet::cli::Main(argc, argv, commands);
}
