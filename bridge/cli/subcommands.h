// The subcommands of the command line, one file each. Each returns the process's exit code.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "cli/arguments.h"
#include "cli/broker_address.h"
#include "cli/command_help.h"

namespace printfleet::cli {

// A password as the managed broker stores it: "$7$…".
using HashPassword = std::function<Result<std::string>(const std::string& password)>;

// How the managed broker of `settings` is reached with the daemon's own rights.
using DaemonAccess = std::function<Result<BrokerAddress>(const settings::Settings& settings)>;

int Check(const std::string& config);
int Send(const SendArguments& arguments, const std::vector<CommandHelp>& commands);
int Enroll(const EnrollArguments& arguments, const std::vector<CommandHelp>& commands);
// Lists whom `enroll` means, enrolls them, and lets each that is idle show itself.
int EnrollShowing(const EnrollArguments& arguments, const std::vector<CommandHelp>& commands);
int Printers(const PrintersArguments& arguments);
int ExportPrinters(const PrintersFileArguments& arguments);
int ImportPrinters(const PrintersFileArguments& arguments);
int Watch(const WatchArguments& arguments);
int Jobs(const JobsArguments& arguments);
int Commands(const CommandsArguments& arguments);
int Files(const FilesArguments& arguments);
int User(const UserArguments& arguments, const HashPassword& hash_password);
int Init(const InitArguments& arguments);
int Ca(const CaArguments& arguments);
int Capture(const CaptureArguments& arguments, const DaemonAccess& daemon_access);
int Explain(const ExplainArguments& arguments);

WallTime WallNow();

// The file descriptor is a terminal and NO_COLOR is not set.
bool WantsColor(int file = 1);  // standard output

}  // namespace printfleet::cli
