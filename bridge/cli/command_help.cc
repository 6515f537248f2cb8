#include "cli/command_help.h"

#include <algorithm>

namespace printfleet::cli {
namespace {

constexpr size_t kColumn = 28;

std::string Padded(std::string text) {
  text.resize(std::max(kColumn, text.size() + 1), ' ');
  return text;
}

// "task_id=…", "session_token=@FILE"; of a list's objects only the name: "records[].md5".
std::string Word(const ArgumentHelp& argument) {
  if (argument.name.find("[]") != std::string::npos) {
    return argument.name;
  }
  return argument.name + (argument.secret ? "=@FILE" : "=…");
}

std::string ArgumentLine(const ArgumentHelp& argument) {
  std::string text = "      " + Padded(Word(argument)) + argument.help;
  if (!argument.limits.empty()) {
    text += " [" + argument.limits + "]";
  }
  if (argument.required) {
    text += argument.help.empty() ? "required" : " (required)";
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

std::string Times(const CommandHelp& command) {
  std::string text = std::to_string(command.deadline_s) + " s";
  if (command.total_s > command.deadline_s) {
    text += ", renewed by progress, " + std::to_string(command.total_s) + " s in all";
  }
  return text + "; --timeout changes it";
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
    text += "  " + Padded(command.name) + command.help + (command.later ? " (later)" : "") + "\n";
    for (const auto& argument : command.arguments) {
      text += ArgumentLine(argument);
    }
  }
  return text + "All about one of them: printfleet send COMMAND --help\n";
}

std::string HelpText(const CommandHelp& command) {
  const bool selectors = command.on_printers || command.question;
  std::string text = command.name + ": " + command.help + "\n\nUsage: printfleet send " +
                     command.name + (command.arguments.empty() ? "" : " [key=value…]") +
                     (selectors ? " SELECTORS" : "") + " [OPTIONS]\n\n";
  if (command.later) {
    return text + "It comes with a later version.\n";
  }
  text += "Succeeded when: " + command.succeeded + "\n";
  if (command.deadline_s > 0) {
    text += "Deadline:       " + Times(command) + "\n";
  }
  text += "Role:           " + command.role + "\n";
  if (!command.arguments.empty()) {
    text += "\nArguments (a secret comes from a file, key=@FILE):\n";
  }
  for (const auto* arguments : {&command.arguments, &command.members}) {
    for (const auto& argument : *arguments) {
      text += ArgumentLine(argument);
    }
  }
  return text + "\nSelectors and options: printfleet send --help\n";
}

}  // namespace printfleet::cli
