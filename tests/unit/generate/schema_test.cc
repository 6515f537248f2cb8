// schema/command.schema.json: what becomes of an argument, and that the file is as new as what it
// is made of.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/json.h"
#include "generate/commands.h"

namespace printfleet::generate {
namespace {

const std::string kSchemaDir = PRINTFLEET_SOURCE_DIR "/schema/";

std::string ReadFile(const std::string& name) {
  std::ifstream in(kSchemaDir + name, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  EXPECT_TRUE(in.good()) << kSchemaDir << name;
  return text.str();
}

std::vector<Command> Read(const std::string& yaml) {
  std::vector<settings::Problem> problems;
  auto commands = ReadCommands(yaml, "c.yaml", problems);
  EXPECT_TRUE(problems.empty()) << problems[0].Text();
  return commands;
}

TEST(RequestSchema, TheFileIsAsNewAsItsSources) {
  const auto schema = RequestSchema(Read(ReadFile("commands.yaml")), ReadFile("envelope.json"));
  ASSERT_TRUE(schema.ok()) << schema.error().message;
  EXPECT_TRUE(*schema == ReadFile("command.schema.json"))
      << "cp build/<preset>/bridge/fleet/command.schema.json schema/";
}

TEST(RequestSchema, AnEnvelopeThatIsNoObjectIsRefused) {
  const auto commands = Read("commands: [{name: x, kind: fleet, help: h, succeeded: s}]\n");
  EXPECT_FALSE(RequestSchema(commands, "[]").ok());
  EXPECT_FALSE(RequestSchema(commands, "{").ok());
}

// What the schema of one argument says, by its row in commands.yaml.
struct Case {
  const char* row;
  const char* schema;
};

constexpr Case kCases[] = {
    {"type: text", R"({"description":"h","type":["string","null"]})"},
    {"type: text, required: true, min: 1, max: 9",
     R"({"description":"h","type":"string","minLength":1,"maxLength":9})"},
    {"type: text, pattern: ^a, range: words with a",
     R"({"title":"words with a","description":"h","type":["string","null"],"pattern":"^a"})"},
    {"type: text, values: [a, b]",
     R"({"description":"h","type":["string","null"],"enum":["a","b",null]})"},
    {"type: text, nullable: true, values: [a]",
     R"({"description":"h","type":["string","boolean","null"],"not":{"enum":[true]},)"
     R"("enum":["a","",false,null]})"},
    {"type: text, secret: true",
     R"({"description":"h","writeOnly":true,"type":["string","null"]})"},
    {"type: number, unit: mm, min: 0, max: 0.5",
     R"x({"description":"h (mm)","type":["number","null"],"minimum":0,"maximum":0.5})x"},
    {"type: bool, required: true", R"({"description":"h","type":"boolean"})"},
    {"type: array, max: 3", R"({"description":"h","type":["array","null"],"maxItems":3,)"
                            R"("items":{"type":"string","minLength":1}})"},
    {"type: array, members: [{name: m, type: integer, required: true, help: i}]",
     R"({"description":"h","type":["array","null"],"items":{"type":"object","properties":)"
     R"({"m":{"description":"i","type":"integer"}},"required":["m"],)"
     R"("additionalProperties":false}})"},
    {"type: object", R"({"description":"h","type":["object","null"],)"
                     R"("additionalProperties":{"type":["string","null"]}})"},
    {"type: object, wire: [data], wire_type: any", R"({"description":"h"})"},
};

TEST(ArgumentsSchema, SaysWhatTheRowSays) {
  for (const Case& c : kCases) {
    const auto commands = Read(
        "commands: [{name: x, kind: fleet, help: h, succeeded: s, arguments: [{name: a, help: h, " +
        std::string(c.row) + "}]}]\n");
    ASSERT_EQ(commands.size(), 1U) << c.row;
    json::Parser parser;
    const auto schema = parser.Parse(ArgumentsSchema(commands[0]), json::Limits{});
    ASSERT_TRUE(schema.ok()) << c.row;
    EXPECT_EQ((*schema)["properties"]["a"].Text(), c.schema) << c.row;
    EXPECT_EQ((*schema)["additionalProperties"].Bool(), false);
  }
}

TEST(ArgumentsSchema, OfALaterCommandIsOpen) {
  const auto commands =
      Read("commands: [{name: x, kind: fleet, help: h, succeeded: s, later: true}]\n");
  EXPECT_EQ(ArgumentsSchema(commands[0]),
            R"({"title":"args of x","description":"h","type":["object","null"]})");
}

}  // namespace
}  // namespace printfleet::generate
