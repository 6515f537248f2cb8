// The options of what works on this machine's files: init, ca, user. CLI11 stays in the sources.
#pragma once

#include <functional>

#include "cli/arguments.h"

namespace CLI {
class App;
}

namespace printfleet::cli {

// Each calls `chosen` when its subcommand was given.
void AddInit(CLI::App& app, InitArguments& init, const std::function<void()>& chosen);
void AddCa(CLI::App& app, CaArguments& ca, const std::function<void()>& chosen);
void AddUser(CLI::App& app, UserArguments& user, const std::function<void()>& chosen);

}  // namespace printfleet::cli
