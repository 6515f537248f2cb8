// CatalogHelp: apart from command_help.cc, so that its tests need no catalog.
#include "cli/command_help.h"
#include "fleet/catalog.h"

namespace printfleet::cli {
namespace {

ArgumentKind KindOf(fleet::ArgumentType type) {
  switch (type) {
    case fleet::ArgumentType::kText:
      return ArgumentKind::kText;
    case fleet::ArgumentType::kArray:
      return ArgumentKind::kList;
    case fleet::ArgumentType::kInteger:
    case fleet::ArgumentType::kNumber:
    case fleet::ArgumentType::kBool:
    case fleet::ArgumentType::kObject:
      return ArgumentKind::kJson;
  }
  return ArgumentKind::kJson;
}

}  // namespace

std::vector<CommandHelp> CatalogHelp() {
  std::vector<CommandHelp> commands;
  for (const auto& spec : fleet::Catalog()) {
    CommandHelp command;
    command.name = spec.name;
    command.help = spec.help;
    command.succeeded = spec.succeeded;
    command.question = spec.kind == fleet::CommandKind::kQuestion;
    command.on_printers =
        spec.kind == fleet::CommandKind::kPrinter || spec.kind == fleet::CommandKind::kRegistry;
    for (const auto& argument : spec.arguments) {
      command.arguments.push_back({std::string(argument.name), KindOf(argument.type),
                                   argument.required, argument.secret, std::string(argument.help)});
    }
    commands.push_back(std::move(command));
  }
  return commands;
}

}  // namespace printfleet::cli
