// Options that several subcommands share, and subcommands that have a file of their own. Only for
// arguments*.cc.
#pragma once

#include <functional>
#include <string>

#include "cli/arguments.h"

namespace CLI {
class App;
}  // namespace CLI

namespace printfleet::cli {

void AddConfig(CLI::App& app, std::string& config);
void AddConnection(CLI::App& app, ConnectionArguments& connection);

// printfleet files …; `chosen` is called once one of its subcommands was given.
void AddFiles(CLI::App& app, FilesArguments& files, const std::function<void()>& chosen);

}  // namespace printfleet::cli
