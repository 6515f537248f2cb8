// Values -> JSON Schema. Of each command's `args` the daemon compiles what ArgumentsSchema says, so
// that part keeps to what RapidJSON knows: draft 4 without $ref. What stands around it, for people
// and their tools, is draft 7.
#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "generate/commands.h"

namespace printfleet::generate {
namespace {

constexpr std::string_view kNull = "null";

struct JsonType {
  std::string_view type;  // an argument's
  std::string_view name;  // JSON Schema's
};

constexpr JsonType kJsonTypes[] = {
    {"kText", "string"},  {"kInteger", "integer"}, {"kNumber", "number"},
    {"kBool", "boolean"}, {"kObject", "object"},   {"kArray", "array"},
};

std::string_view JsonTypeOf(const Argument& argument) {
  for (const JsonType& row : kJsonTypes) {
    if (row.type == argument.type) {
      return row.name;
    }
  }
  return "";
}

void WriteNumber(json::Writer& writer, std::string_view key, double number) {
  if (std::trunc(number) == number) {
    writer.Member(key, static_cast<int64_t>(number));
  } else {
    writer.Member(key, number);
  }
}

// What is no answer to a required argument is null: then it counts as absent, or, where it may be
// cleared, clears it, as false does.
void WriteType(json::Writer& writer, const Argument& argument) {
  const std::string_view type = JsonTypeOf(argument);
  if (argument.required) {
    writer.Member("type", type);
    return;
  }
  writer.Key("type").BeginArray().String(type);
  if (argument.nullable) {
    writer.String("boolean");
  }
  writer.String(kNull).EndArray();
  if (argument.nullable) {
    writer.Key("not").Raw(R"({"enum":[true]})");
  }
}

void WriteBounds(json::Writer& writer, const Argument& argument) {
  const bool text = argument.type == "kText";
  const bool array = argument.type == "kArray";
  if (argument.min) {
    WriteNumber(writer, text ? "minLength" : array ? "minItems" : "minimum", *argument.min);
  }
  if (argument.max) {
    WriteNumber(writer, text ? "maxLength" : array ? "maxItems" : "maximum", *argument.max);
  }
  if (!argument.pattern.empty()) {
    writer.Member("pattern", argument.pattern);
  }
  if (argument.values.empty()) {
    return;
  }
  writer.Key("enum").BeginArray();
  for (const std::string& value : argument.values) {
    writer.String(value);
  }
  if (argument.nullable) {
    writer.String("").Bool(false);
  }
  if (!argument.required) {
    writer.Null();
  }
  writer.EndArray();
}

void WriteObject(json::Writer& writer, const std::vector<Argument>& arguments);

// The members of `owner`, by their own names.
std::vector<Argument> MembersOf(const Command& command, const std::string& owner) {
  std::vector<Argument> members;
  for (Argument member : command.members) {
    if (member.name.starts_with(owner + ".")) {
      member.name.erase(0, owner.size() + 1);
      members.push_back(std::move(member));
    }
  }
  return members;
}

// Objects without members hold texts by name, null removes one; arrays without members hold texts.
void WriteMembers(json::Writer& writer, const Command& command, const Argument& argument) {
  const bool array = argument.type == "kArray";
  const auto members = MembersOf(command, argument.name + (array ? "[]" : ""));
  if (array) {
    writer.Key("items").BeginObject();
    if (members.empty()) {
      writer.Member("type", "string").Member("minLength", 1);
    } else {
      writer.Member("type", "object");
      WriteObject(writer, members);
    }
    writer.EndObject();
  } else if (!members.empty()) {
    WriteObject(writer, members);
  } else {
    writer.Key("additionalProperties").Raw(R"({"type":["string","null"]})");
  }
}

void WriteArgument(json::Writer& writer, const Command* command, const Argument& argument) {
  writer.BeginObject();
  if (!argument.range.empty()) {
    writer.Member("title", argument.range);
  }
  writer.Member("description",
                argument.help + (argument.unit.empty() ? "" : " (" + argument.unit + ")"));
  if (argument.secret) {
    writer.Member("writeOnly", true);
  }
  const bool any = argument.type == "kObject" && argument.wire_type == "kAny";
  if (!any) {
    WriteType(writer, argument);
    WriteBounds(writer, argument);
  }
  if (!any && command != nullptr && (argument.type == "kObject" || argument.type == "kArray")) {
    WriteMembers(writer, *command, argument);
  }
  writer.EndObject();
}

void WriteRequired(json::Writer& writer, const std::vector<Argument>& arguments) {
  bool begun = false;
  for (const Argument& argument : arguments) {
    if (!argument.required) {
      continue;
    }
    if (!begun) {
      writer.Key("required").BeginArray();
      begun = true;
    }
    writer.String(argument.name);
  }
  if (begun) {
    writer.EndArray();
  }
}

void WriteProperties(json::Writer& writer, const Command* command,
                     const std::vector<Argument>& arguments) {
  writer.Key("properties").BeginObject();
  for (const Argument& argument : arguments) {
    writer.Key(argument.name);
    WriteArgument(writer, command, argument);
  }
  writer.EndObject();
  WriteRequired(writer, arguments);
  writer.Member("additionalProperties", false);
}

void WriteObject(json::Writer& writer, const std::vector<Argument>& arguments) {
  WriteProperties(writer, nullptr, arguments);
}

bool AnyRequired(const Command& command) {
  return std::ranges::any_of(command.arguments, &Argument::required);
}

// What acts on printers names them, unless an argument does.
bool NeedsTarget(const Command& command) {
  const bool by_argument = std::ranges::find(command.arguments, "printer_id", &Argument::name) !=
                           command.arguments.end();
  return command.kind == "kPrinter" || (command.kind == "kRegistry" && !by_argument);
}

// "When it is this command, then …".
void WriteCase(json::Writer& writer, const Command& command) {
  writer.BeginObject().Key("if").BeginObject().Key("required").Raw(R"(["command"])");
  writer.Key("properties").BeginObject().Key("command").BeginObject();
  writer.Member("const", command.name).EndObject().EndObject().EndObject();
  writer.Key("then").BeginObject();
  writer.Key("properties").BeginObject().Key("args").BeginObject();
  writer.Member("$ref", "#/definitions/" + command.name).EndObject().EndObject();
  if (AnyRequired(command)) {
    writer.Key("required").Raw(R"(["args"])");
  }
  if (command.kind != "kQuestion") {
    writer.Key("allOf").BeginArray().Raw(R"({"$ref":"#/definitions/identified"})");
    if (NeedsTarget(command)) {
      writer.Raw(R"({"$ref":"#/definitions/targeted"})");
    }
    writer.EndArray();
  }
  writer.EndObject().EndObject();
}

void WriteCases(json::Writer& writer, const std::vector<Command>& commands) {
  writer.Key("allOf").BeginArray().BeginObject().Key("properties").BeginObject();
  writer.Key("command").BeginObject().Key("enum").BeginArray();
  for (const Command& command : commands) {
    writer.String(command.name);
  }
  writer.EndArray().EndObject().EndObject().EndObject();
  for (const Command& command : commands) {
    WriteCase(writer, command);
  }
  writer.EndArray();
}

void WriteDefinitions(json::Writer& writer, json::Value definitions,
                      const std::vector<Command>& commands) {
  writer.Key("definitions").BeginObject();
  for (size_t i = 0; i < definitions.size(); ++i) {
    writer.Key(definitions.member_name(i)).Raw(definitions.member_value(i).Text());
  }
  for (const Command& command : commands) {
    writer.Key(command.name).Raw(ArgumentsSchema(command));
  }
  writer.EndObject();
}

}  // namespace

std::string ArgumentsSchema(const Command& command) {
  json::Writer writer;
  writer.BeginObject().Member("title", "args of " + command.name);
  writer.Member("description", command.help).Key("type").Raw(R"(["object","null"])");
  if (!command.later) {
    WriteProperties(writer, &command, command.arguments);
  }
  writer.EndObject();
  return writer.Take();
}

Result<std::string> RequestSchema(const std::vector<Command>& commands,
                                  const std::string& envelope) {
  json::Parser parser;
  const auto parsed = parser.Parse(envelope, json::Limits{});
  if (!parsed.ok()) {
    return parsed.error();
  }
  if (!parsed->IsObject()) {
    return Error{Errc::kMalformed, "no JSON object"};
  }
  json::Writer writer;
  writer.BeginObject().Member("$schema", "http://json-schema.org/draft-07/schema#");
  writer.Member("$comment",
                "Made of commands.yaml and envelope.json by bridge/generate: edit those");
  for (size_t i = 0; i < parsed->size(); ++i) {
    if (parsed->member_name(i) != "definitions") {
      writer.Key(parsed->member_name(i)).Raw(parsed->member_value(i).Text());
    }
  }
  WriteCases(writer, commands);
  WriteDefinitions(writer, (*parsed)["definitions"], commands);
  writer.EndObject();
  json::Parser again;
  const auto whole = again.Parse(writer.Take(), json::Limits{});
  return whole.ok() ? Result<std::string>(whole->PrettyText()) : whole.error();
}

}  // namespace printfleet::generate
