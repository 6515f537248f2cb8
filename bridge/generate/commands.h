// schema/commands.yaml as values, checked. What each key means: schema/README.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "settings/load.h"

namespace printfleet::generate {

// Words of the file that name enumerators of fleet/catalog.h are kept as those: "kInteger".

struct Field {
  std::string wire;
  std::string_view wire_type;
  std::string help;
};

struct Argument {
  std::string name;
  std::string_view type;
  bool required = false;
  bool secret = false;
  bool nullable = false;
  std::string help;
  std::string unit;
  std::string range;
  std::vector<std::string> values;
  std::string pattern;        // of a text: a regular expression
  std::optional<double> min;  // of a number; of a text's characters; of an array's entries
  std::optional<double> max;
  std::vector<std::string> wire;
  std::string_view wire_type = "kNone";
};

struct Command {
  std::string name;
  std::string_view kind;
  std::string_view role;
  std::string help;
  std::string succeeded;
  int deadline_s = 0;
  int total_s = 0;
  bool repeatable = true;
  bool needs_fresh = false;
  bool later = false;
  std::string message_type;
  std::string message_action;
  std::vector<Field> sets;
  std::vector<Argument> arguments;
  std::vector<Argument> members;  // of its objects: "file.storage", "records[].md5"
};

// In the order of the file. What is wrong is appended to `problems`, each with its place; the
// commands are of use only when nothing is.
std::vector<Command> ReadCommands(const std::string& text, const std::string& file,
                                  std::vector<settings::Problem>& problems);

// The C++ source that defines fleet::Catalog() and fleet::EnvelopeSchema(). `envelope` is JSON
// text: a schema of what all requests have in common.
std::string CatalogSource(const std::vector<Command>& commands, const std::string& envelope);

// The JSON Schema of a command's `args`, compact.
std::string ArgumentsSchema(const Command& command);

// The JSON Schema of any request: schema/command.schema.json. Errors: `envelope` is no JSON object.
Result<std::string> RequestSchema(const std::vector<Command>& commands,
                                  const std::string& envelope);

}  // namespace printfleet::generate
