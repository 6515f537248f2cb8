#include "cli/main.h"

#include <string>

#include "broker/launch.h"
#include "broker/password.h"
#include "daemon/commands.h"

int main(int argc, char** argv) {
  printfleet::cli::ServerCommands commands;
  commands.serve = printfleet::daemon::Serve;
  commands.broker = printfleet::daemon::RunBroker;
  commands.database = printfleet::daemon::RunDatabase;
  commands.migrate = printfleet::daemon::Migrate;
  commands.retain = printfleet::daemon::Retain;
  commands.backup = printfleet::daemon::Backup;
  commands.restore = printfleet::daemon::Restore;
  commands.test_notify = printfleet::daemon::TestNotify;
  commands.hash_password = [](const std::string& password) {
    return printfleet::broker::HashPassword(password);
  };
  commands.daemon_access = [](const printfleet::settings::Settings& settings)
      -> printfleet::Result<printfleet::cli::BrokerAddress> {
    auto access = printfleet::broker::AccessOfRunning(settings);
    if (!access.ok()) {
      return access.error();
    }
    printfleet::cli::BrokerAddress address;
    address.host = access->address;
    address.port = access->port;
    address.user = access->user;
    address.password = access->password;
    return address;
  };
  commands.catalog = printfleet::cli::CatalogHelp();
  return printfleet::cli::Main(argc, argv, commands);
}
