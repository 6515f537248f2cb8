#include "cli/command_help.h"

#include <algorithm>

namespace printfleet::cli {
namespace {

constexpr size_t kColumn = 28;

std::string Padded(std::string text) {
  text.resize(std::max(kColumn, text.size() + 1), ' ');
  return text;
}

std::string ArgumentLine(const ArgumentHelp& argument) {
  std::string text = "      " + Padded(argument.name + (argument.secret ? "=@FILE" : "=…"));
  text += argument.help;
  if (argument.required) {
    text += argument.help.empty() ? "required" : " (required)";
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

}  // namespace

const CommandHelp* FindHelp(const std::vector<CommandHelp>& commands, std::string_view name) {
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [&](const auto& command) { return command.name == name; });
  return found == commands.end() ? nullptr : &*found;
}

std::string HelpText(const std::vector<CommandHelp>& commands) {
  std::string text = "Commands and their arguments:\n";
  for (const auto& command : commands) {
    text += "  " + Padded(command.name) + command.help + "\n";
    for (const auto& argument : command.arguments) {
      text += ArgumentLine(argument);
    }
  }
  return text;
}

}  // namespace printfleet::cli
