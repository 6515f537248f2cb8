// schema/commands.yaml -> values; every mistake at once, each with its line.
#include <algorithm>

#include "generate/commands.h"
#include "settings/reader.h"

namespace printfleet::generate {
namespace {

using settings::Notes;
using settings::Section;

constexpr double kLimitMax = 1e15;  // a double holds every whole number up to it
constexpr int kDeadlineMaxS = 86400;

const settings::Words<std::string_view> kArgumentTypes = {
    {"text", "kText"}, {"integer", "kInteger"}, {"number", "kNumber"},
    {"bool", "kBool"}, {"object", "kObject"},   {"array", "kArray"}};
const settings::Words<std::string_view> kWireTypes = {{"string", "kString"},
                                                      {"integer", "kInteger"},
                                                      {"number", "kNumber"},
                                                      {"boolean", "kBoolean"},
                                                      {"any", "kAny"}};
const settings::Words<std::string_view> kKinds = {{"printer", "kPrinter"},
                                                  {"registry", "kRegistry"},
                                                  {"fleet", "kFleet"},
                                                  {"question", "kQuestion"}};
const settings::Words<std::string_view> kRoles = {
    {"viewer", "kViewer"}, {"operator", "kOperator"}, {"admin", "kAdmin"}};

// Names joined by ".", a list's with "[]" behind it.
bool IsPath(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_.[]").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.front() != '.' && text.back() != '.' &&
         std::ranges::all_of(text, plain);
}

void Need(const Section& section, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (!section.Has(key)) {
      section.Error("", std::string(key) + " is missing");
    }
  }
}

// `key` makes sense only where `fits`.
void OnlyWhere(const Section& section, std::string_view key, bool fits, std::string_view where) {
  if (section.Has(key) && !fits) {
    section.Error(key, "goes only with " + std::string(where));
  }
}

template <typename Named>
void CheckUnique(const Section& section, const std::vector<Named>& before,
                 const std::string& name) {
  if (std::ranges::find(before, name, &Named::name) != before.end()) {
    section.Error("name", "\"" + name + "\" is here twice");
  }
}

std::optional<double> ReadLimit(Section& section, std::string_view key) {
  double limit = 0;
  section.Number(key, {-kLimitMax, kLimitMax}, limit);
  return section.Has(key) ? std::optional(limit) : std::nullopt;
}

void CheckWire(const Section& section, const std::vector<std::string>& paths) {
  if (section.Has("wire") != section.Has("wire_type")) {
    section.Error("", "wire and wire_type go together");
  }
  for (const std::string& path : paths) {
    if (!IsPath(path)) {
      section.Error("wire", "\"" + path + "\" is no path like data.settings.z_comp");
    }
  }
}

void CheckArgument(const Section& section, const Argument& argument) {
  Need(section, {"name", "type", "help"});
  const bool text = argument.type == "kText";
  const bool numeric = argument.type == "kInteger" || argument.type == "kNumber";
  OnlyWhere(section, "secret", text, "type text");
  OnlyWhere(section, "values", text, "type text");
  OnlyWhere(section, "unit", numeric, "type integer and number");
  OnlyWhere(section, "pattern", text, "type text");
  const bool measured = numeric || text || argument.type == "kArray";
  OnlyWhere(section, "min", measured, "type integer, number, text and array");
  OnlyWhere(section, "max", measured, "type integer, number, text and array");
  OnlyWhere(section, "members", argument.type == "kObject" || argument.type == "kArray",
            "type object and array");
  OnlyWhere(section, "nullable", !argument.required, "what is not required");
  if (argument.min && argument.max && *argument.min > *argument.max) {
    section.Error("max", "is below min");
  }
  CheckWire(section, argument.wire);
}

Argument ReadArgument(Section& section) {
  Argument argument;
  section.Text("name", argument.name);
  section.Word("type", kArgumentTypes, argument.type);
  section.Flag("required", argument.required);
  section.Flag("secret", argument.secret);
  section.Flag("nullable", argument.nullable);
  section.Text("help", argument.help);
  section.Text("unit", argument.unit);
  section.Text("range", argument.range);
  section.TextList("values", argument.values);
  section.Text("pattern", argument.pattern);
  argument.min = ReadLimit(section, "min");
  argument.max = ReadLimit(section, "max");
  section.TextList("wire", argument.wire);
  section.Word("wire_type", kWireTypes, argument.wire_type);
  CheckArgument(section, argument);
  return argument;
}

// The members of `owner`, an object or an array of them, by their full names.
void ReadMembers(Section& section, const Argument& owner, Command& command) {
  const std::string prefix = owner.name + (owner.type == "kArray" ? "[]." : ".");
  for (Section& child : section.Children("members").value_or(std::vector<Section>{})) {
    Argument member = ReadArgument(child);
    member.name.insert(0, prefix);
    CheckUnique(child, command.members, member.name);
    child.Finish();
    command.members.push_back(std::move(member));
  }
}

void ReadArguments(Section& section, Command& command) {
  for (Section& child : section.Children("arguments").value_or(std::vector<Section>{})) {
    Argument argument = ReadArgument(child);
    CheckUnique(child, command.arguments, argument.name);
    ReadMembers(child, argument, command);
    child.Finish();
    command.arguments.push_back(std::move(argument));
  }
}

void ReadMessage(Section& section, Command& command) {
  std::string message;
  section.Text("message", message);
  const size_t slash = message.find('/');
  if (!message.empty() &&
      (slash == 0 || slash == std::string::npos || slash + 1 == message.size())) {
    section.Error("message", "expected type/action, like print/pause");
    return;
  }
  if (!message.empty()) {
    command.message_type = message.substr(0, slash);
    command.message_action = message.substr(slash + 1);
  }
  for (Section& child : section.Children("sets").value_or(std::vector<Section>{})) {
    Field field;
    child.Text("wire", field.wire);
    child.Word("wire_type", kWireTypes, field.wire_type);
    child.Text("help", field.help);
    Need(child, {"wire", "wire_type", "help"});
    CheckWire(child, {field.wire});
    child.Finish();
    command.sets.push_back(std::move(field));
  }
}

void CheckCommand(const Section& section, const Command& command) {
  Need(section, {"name", "kind", "help", "succeeded"});
  const bool sends = command.kind == "kPrinter";
  for (const std::string_view key :
       {"deadline_s", "total_s", "repeatable", "needs_fresh", "message", "sets"}) {
    OnlyWhere(section, key, sends, "kind printer");
  }
  if (sends) {
    Need(section, {"deadline_s"});
  }
  if (command.total_s < command.deadline_s) {
    section.Error("total_s", "is below deadline_s");
  }
}

Command ReadCommand(Section& section) {
  Command command;
  section.Text("name", command.name);
  section.Word("kind", kKinds, command.kind);
  command.role = command.kind == "kQuestion" ? "kViewer" : "kOperator";
  section.Word("role", kRoles, command.role);
  section.Text("help", command.help);
  section.Text("succeeded", command.succeeded);
  section.Integer("deadline_s", {1, kDeadlineMaxS}, command.deadline_s);
  command.total_s = command.deadline_s;
  section.Integer("total_s", {1, kDeadlineMaxS}, command.total_s);
  section.Flag("repeatable", command.repeatable);
  section.Flag("needs_fresh", command.needs_fresh);
  section.Flag("later", command.later);
  ReadMessage(section, command);
  ReadArguments(section, command);
  CheckCommand(section, command);
  return command;
}

}  // namespace

std::vector<Command> ReadCommands(const std::string& text, const std::string& file,
                                  std::vector<settings::Problem>& problems) {
  Notes notes{file, {}, nullptr};
  std::vector<Command> commands;
  if (const auto tree = settings::ParseYaml(text, file, notes.problems)) {
    Section root(*tree, "", {}, notes);
    for (Section& section : root.Children("commands").value_or(std::vector<Section>{})) {
      Command command = ReadCommand(section);
      CheckUnique(section, commands, command.name);
      section.Finish();
      commands.push_back(std::move(command));
    }
    root.Finish();
    if (commands.empty()) {
      root.Error("", "names no commands");
    }
  }
  settings::SortByPlace(notes.problems);
  problems.insert(problems.end(), notes.problems.begin(), notes.problems.end());
  return commands;
}

}  // namespace printfleet::generate
