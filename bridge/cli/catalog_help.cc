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

ArgumentHelp HelpOf(const fleet::ArgumentSpec& spec) {
  std::string limits(spec.unit);
  if (const std::string range = fleet::RangeText(spec); !range.empty()) {
    limits.append(limits.empty() ? "" : ", ").append(range);
  }
  return {std::string(spec.name), KindOf(spec.type), spec.required, spec.secret,
          std::string(spec.help), std::move(limits)};
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
      command.arguments.push_back(HelpOf(argument));
    }
    for (const auto& member : spec.members) {
      command.members.push_back(HelpOf(member));
    }
    command.role = settings::Name(spec.role);
    command.deadline_s = spec.deadline.count();
    command.total_s = spec.total.count();
    command.later = spec.later;
    commands.push_back(std::move(command));
  }
  return commands;
}

}  // namespace printfleet::cli
