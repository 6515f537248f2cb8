#include "cli/main.h"

#include <exception>
#include <variant>

#include "cli/broker_address.h"
#include "cli/conversation.h"
#include "cli/exit_code.h"
#include "cli/output.h"

namespace printfleet::cli {
namespace {

// Problems go to standard error: errors end the program, warnings do not.
int RunServer(const ServerArguments& arguments, const ServerCommands::Run& run) {
  const auto file = FindConfig(arguments.config);
  if (!file.ok()) {
    return Complain(file.error());
  }
  const settings::Loaded loaded = settings::LoadFile(*file);
  for (const auto& problem : loaded.problems) {
    PrintError(problem.Text() + "\n");
  }
  if (!loaded.ok()) {
    return kUsage;
  }
  if (!run) {
    return Complain(Error{Errc::kUnsupported, "not in this build"});
  }
  return run(loaded);
}

// One overload a subcommand.
struct Runner {
  const ServerCommands& commands;

  int operator()(const Finished& finished) const {
    finished.code == kDone ? Print(finished.text) : PrintError(finished.text);
    return finished.code;
  }

  int operator()(const ServerArguments& arguments) const {
    switch (arguments.action) {
      case ServerAction::kServe:
        return RunServer(arguments, commands.serve);
      case ServerAction::kBroker:
        return RunServer(arguments, commands.broker);
      case ServerAction::kDatabase:
        return RunServer(arguments, commands.database);
      case ServerAction::kMigrate:
        return RunServer(arguments, commands.migrate);
      case ServerAction::kRetain:
        return RunServer(arguments, commands.retain);
      case ServerAction::kBackup:
        return RunServer(arguments, [&](const settings::Loaded& loaded) {
          return commands.backup(loaded, arguments.target);
        });
      case ServerAction::kRestore:
        return RunServer(arguments, [&](const settings::Loaded& loaded) {
          return commands.restore(loaded, arguments.target, arguments.replace);
        });
      case ServerAction::kTestNotify:
        return RunServer(arguments, [&](const settings::Loaded& loaded) {
          return commands.test_notify(loaded, arguments.target);
        });
      case ServerAction::kCheck:
        return Check(arguments.config);
    }
    return kUsage;
  }

  int operator()(const SendArguments& arguments) const { return Send(arguments, commands.catalog); }

  int operator()(const EnrollArguments& arguments) const {
    return Enroll(arguments, commands.catalog);
  }

  int operator()(const PrintersArguments& arguments) const { return Printers(arguments); }

  int operator()(const PrintersFileArguments& arguments) const {
    return arguments.action == PrintersFileAction::kExport ? ExportPrinters(arguments)
                                                           : ImportPrinters(arguments);
  }

  int operator()(const WatchArguments& arguments) const { return Watch(arguments); }

  int operator()(const JobsArguments& arguments) const { return Jobs(arguments); }

  int operator()(const CommandsArguments& arguments) const { return Commands(arguments); }

  int operator()(const FilesArguments& arguments) const { return Files(arguments); }

  int operator()(const UserArguments& arguments) const {
    if (!commands.hash_password) {
      return User(arguments, [](const std::string&) -> Result<std::string> {
        return Error{Errc::kUnsupported, "this build cannot hash passwords"};
      });
    }
    return User(arguments, commands.hash_password);
  }

  int operator()(const InitArguments& arguments) const { return Init(arguments); }

  int operator()(const CaArguments& arguments) const { return Ca(arguments); }

  int operator()(const CaptureArguments& arguments) const {
    return Capture(arguments, commands.daemon_access);
  }

  int operator()(const ExplainArguments& arguments) const { return Explain(arguments); }
};

}  // namespace

int Main(int argc, char** argv, const ServerCommands& commands) {
  try {
    return std::visit(Runner{commands}, ParseArguments(argc, argv, commands.catalog));
  } catch (const std::exception& error) {
    PrintError(std::string("printfleet: ") + error.what() + "\n");
    return kUsage;
  }
}

}  // namespace printfleet::cli
