// Values -> the C++ source of fleet's table: constant arrays, and Catalog() over them.
#include <cstdio>

#include "generate/commands.h"

namespace printfleet::generate {
namespace {

// A string literal of UTF-8 text without control characters but line feeds.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '\n') {
      quoted += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') {
      quoted += '\\';
    }
    quoted += c;
  }
  return quoted + "\"";
}

std::string Number(double number) {
  char text[32];
  const int length = std::snprintf(text, sizeof text, "%.17g", number);
  return {text, static_cast<size_t>(length)};
}

// Writes the arrays that spans of other arrays refer to, each before its first use.
class Writer {
 public:
  void Add(const Command& command) {
    std::string row = "    {.name = " + Quoted(command.name) +
                      ", .kind = CommandKind::" + std::string(command.kind) +
                      ", .role = settings::Role::" + std::string(command.role);
    row += ",\n     .help = " + Quoted(command.help);
    row += ", .succeeded = " + Quoted(command.succeeded);
    AddSpan(row, "arguments", Arguments(command.arguments));
    AddSpan(row, "members", Arguments(command.members));
    AddSpan(row, "sets", Fields(command.sets));
    if (command.deadline_s > 0) {
      row += ", .deadline = seconds{" + std::to_string(command.deadline_s) + "}";
      row += ", .total = seconds{" + std::to_string(command.total_s) + "}";
    }
    AddFlag(row, "repeatable", command.repeatable);
    AddFlag(row, "needs_fresh", command.needs_fresh);
    AddFlag(row, "later", command.later);
    row += ", .message_type = " + Quoted(command.message_type);
    row += ", .message_action = " + Quoted(command.message_action);
    row += ",\n     .arguments_schema = " + Quoted(ArgumentsSchema(command)) + "},\n";
    rows_ += row;
  }

  [[nodiscard]] std::string Take(std::string_view envelope) const {
    return "// Made of schema/commands.yaml by bridge/generate.\n"
           "#include \"fleet/catalog.h\"\n\n"
           "namespace printfleet::fleet {\nnamespace {\n\n" +
           arrays_ + "constexpr CommandSpec kCatalog[] = {\n" + rows_ +
           "};\n\n}  // namespace\n\n"
           "std::span<const CommandSpec> Catalog() {\n  return kCatalog;\n}\n\n"
           "std::string_view EnvelopeSchema() {\n  return " +
           Quoted(envelope) +
           ";\n}\n\n"
           "}  // namespace printfleet::fleet\n";
  }

 private:
  static void AddFlag(std::string& row, const char* name, bool flag) {
    row += std::string(", .") + name + (flag ? " = true" : " = false");
  }

  static void AddSpan(std::string& row, const char* name, const std::string& array) {
    if (!array.empty()) {
      row += std::string(", .") + name + " = " + array;
    }
  }

  // The name of a new array of `items`; "" for none.
  std::string Array(const char* type, const std::string& items) {
    if (items.empty()) {
      return "";
    }
    const std::string name = "kArray" + std::to_string(++count_);
    arrays_ += std::string("constexpr ") + type + " " + name + "[] = {\n" + items + "};\n";
    return name;
  }

  std::string Texts(const std::vector<std::string>& texts) {
    std::string items;
    for (const std::string& text : texts) {
      items += "    " + Quoted(text) + ",\n";
    }
    return Array("std::string_view", items);
  }

  std::string Fields(const std::vector<Field>& fields) {
    std::string items;
    for (const Field& field : fields) {
      items += "    {.wire = " + Quoted(field.wire) +
               ", .wire_type = WireType::" + std::string(field.wire_type) +
               ", .help = " + Quoted(field.help) + "},\n";
    }
    return Array("FieldSpec", items);
  }

  std::string Arguments(const std::vector<Argument>& arguments) {
    std::string items;
    for (const Argument& argument : arguments) {
      items += ArgumentRow(argument);
    }
    return Array("ArgumentSpec", items);
  }

  std::string ArgumentRow(const Argument& argument) {
    std::string row = "    {.name = " + Quoted(argument.name) +
                      ", .type = ArgumentType::" + std::string(argument.type);
    AddFlag(row, "required", argument.required);
    AddFlag(row, "secret", argument.secret);
    row += ", .help = " + Quoted(argument.help);
    AddFlag(row, "nullable", argument.nullable);
    row += ", .unit = " + Quoted(argument.unit) + ", .range = " + Quoted(argument.range);
    AddSpan(row, "values", Texts(argument.values));
    if (argument.min) {
      row += ", .min = " + Number(*argument.min);
    }
    if (argument.max) {
      row += ", .max = " + Number(*argument.max);
    }
    AddSpan(row, "wire", Texts(argument.wire));
    return row + ", .wire_type = WireType::" + std::string(argument.wire_type) + "},\n";
  }

  std::string arrays_;
  std::string rows_;
  int count_ = 0;
};

}  // namespace

std::string CatalogSource(const std::vector<Command>& commands, const std::string& envelope) {
  Writer writer;
  for (const Command& command : commands) {
    writer.Add(command);
  }
  return writer.Take(envelope);
}

}  // namespace printfleet::generate
