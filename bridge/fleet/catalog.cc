#include "fleet/catalog.h"

#include <algorithm>

#include "fleet/parse.h"

namespace printfleet::fleet {

const CommandSpec* FindCommand(std::string_view name) {
  const auto found = std::ranges::find(Catalog(), name, &CommandSpec::name);
  return found == Catalog().end() ? nullptr : &*found;
}

std::string RangeText(const ArgumentSpec& argument) {
  if (!argument.range.empty()) {
    return std::string(argument.range);
  }
  std::string text;
  for (const std::string_view value : argument.values) {
    text.append(text.empty() ? "" : ", ").append(value);
  }
  const bool number =
      argument.type == ArgumentType::kInteger || argument.type == ArgumentType::kNumber;
  if (number && argument.min && argument.max) {
    return NumberText(*argument.min) + " to " + NumberText(*argument.max);
  }
  return number && argument.min ? NumberText(*argument.min) + " or more" : text;
}

std::vector<std::string_view> SecretWirePaths(std::string_view type, std::string_view action) {
  std::vector<std::string_view> paths;
  for (const CommandSpec& spec : Catalog()) {
    if (spec.message_type != type || spec.message_action != action) {
      continue;
    }
    for (const ArgumentSpec& argument : spec.arguments) {
      if (argument.secret) {
        paths.insert(paths.end(), argument.wire.begin(), argument.wire.end());
      }
    }
  }
  return paths;
}

}  // namespace printfleet::fleet
