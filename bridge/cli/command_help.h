// What the command line knows of the fleet's commands: for help, and to write arguments in the type
// they have. Values only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace printfleet::cli {

enum class ArgumentKind { kText, kJson, kList };

struct ArgumentHelp {
  std::string name;
  ArgumentKind kind = ArgumentKind::kJson;  // kJson: numbers, flags, objects, as written
  bool required = false;
  bool secret = false;  // comes from a file, never from the command line
  std::string help;
  std::string limits = {};  // unit and range: "°C, 0 (off) to the model's limit"
};

struct CommandHelp {
  std::string name;
  std::string help;
  std::string succeeded;
  bool question = false;     // changes nothing
  bool on_printers = false;  // acts on the printers that the selectors match: previewed first
  std::vector<ArgumentHelp> arguments;
  std::vector<ArgumentHelp> members = {};  // of objects among them: "file.storage"
  std::string role = {};                   // the least that may send it
  int64_t deadline_s = 0;                  // of one stage; 0: done at once
  int64_t total_s = 0;                     // renewed by progress up to this
  bool later = false;                      // known, but of a later version
};

// From fleet's catalog.
std::vector<CommandHelp> CatalogHelp();

// nullptr for a name nobody knows.
const CommandHelp* FindHelp(const std::vector<CommandHelp>& commands, std::string_view name);

// A list of all commands with their arguments, for `printfleet send --help`.
std::string HelpText(const std::vector<CommandHelp>& commands);

// All about one, for `printfleet send COMMAND --help`.
std::string HelpText(const CommandHelp& command);

}  // namespace printfleet::cli
