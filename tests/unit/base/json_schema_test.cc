// What the validator finds, where, and by which rule; and that it does not get slow.
#include "base/json_schema.h"

#include <gtest/gtest.h>

namespace printfleet::json {
namespace {

constexpr std::string_view kSchema = R"({"type":"object","properties":{
  "ratio":{"type":"number","minimum":0,"maximum":1},
  "count":{"type":["integer","null"]},
  "word":{"type":"string","enum":["a","b"],"description":"d"},
  "md5":{"type":"string","pattern":"^[0-9a-f]{4}$"},
  "name":{"type":"string","minLength":1,"maxLength":3},
  "list":{"type":"array","minItems":1,"maxItems":2,"items":{"type":"object",
    "properties":{"x":{"type":"boolean"}},"required":["x"],"additionalProperties":false}},
  "a/b~c":{"type":"string"},
  "cleared":{"type":["string","boolean","null"],"not":{"enum":[true]}}},
  "additionalProperties":false})";

struct Case {
  const char* document;
  const char* keyword;  // "" for a good one
  const char* path;
  const char* value;
};

constexpr Case kCases[] = {
    {R"({})", "", "", ""},
    {R"({"ratio":0.5,"count":3,"word":"b","md5":"00ff","name":"äöü","list":[{"x":true}]})", "", "",
     ""},
    {R"({"count":3.0})", "", "", ""},
    {R"({"count":-9007199254740992.0})", "", "", ""},
    {R"({"count":3.5})", "type", "count", "3.5"},
    {R"({"count":1e300})", "type", "count", "1e300"},
    {R"([])", "type", "", "[]"},
    {R"({"ratio":"x"})", "type", "ratio", "\"x\""},
    {R"({"ratio":1.5})", "maximum", "ratio", "1.5"},
    {R"({"ratio":-1})", "minimum", "ratio", "-1"},
    {R"({"ratio":1.8e308})", "maximum", "ratio", "null"},
    {R"({"word":"c"})", "enum", "word", "\"c\""},
    {R"({"md5":"00fg"})", "pattern", "md5", "\"00fg\""},
    {R"({"md5":"00ff0"})", "pattern", "md5", "\"00ff0\""},
    {R"({"name":""})", "minLength", "name", "\"\""},
    {R"({"name":"äöüß"})", "maxLength", "name", "\"äöüß\""},
    {R"({"list":[]})", "minItems", "list", "[]"},
    {R"({"list":[{"x":true},{"x":1}]})", "type", "list[1].x", "1"},
    {R"({"list":[{"x":true},{}]})", "required", "list[1]", "{}"},
    {R"({"list":[{"x":true,"y":2}]})", "additionalProperties", "list[0].y", "2"},
    {R"({"list":[{"x":true},{"x":true},{"x":true}]})", "maxItems", "list",
     R"([{"x":true},{"x":true},{"x":true}])"},
    {R"({"unknown":{"deep":[1]}})", "additionalProperties", "unknown", R"({"deep":[1]})"},
    {R"({"a/b~c":1})", "type", "a/b~c", "1"},
    {R"({"":1})", "additionalProperties", "", "1"},
    {"{\"\\u0001\":1}", "additionalProperties", "?", "1"},
    {R"({"cleared":true})", "not", "cleared", "true"},
    {R"({"cleared":false})", "", "", ""},
};

TEST(JsonSchema, SaysWhatIsWrongWhereAndByWhichRule) {
  const Schema schema(kSchema);
  for (const Case& c : kCases) {
    Parser parser;
    const auto document = parser.Parse(c.document, Limits{});
    ASSERT_TRUE(document.ok()) << c.document;
    const auto violation = schema.Check(*document);
    ASSERT_EQ(violation.has_value(), *c.keyword != '\0') << c.document;
    if (violation) {
      EXPECT_EQ(violation->keyword, c.keyword) << c.document;
      EXPECT_EQ(violation->path, c.path) << c.document;
      EXPECT_EQ(violation->value.Text(), c.value) << c.document;
      EXPECT_TRUE(violation->rule[violation->keyword].exists()) << c.document;
    }
  }
}

TEST(JsonSchema, TheRuleHasItsAnnotations) {
  const Schema schema(kSchema);
  Parser parser;
  const auto violation = schema.Check(*parser.Parse(R"({"word":1})", Limits{}));
  ASSERT_TRUE(violation);
  EXPECT_EQ(violation->rule["description"].String(), "d");
}

// Every byte of a request is one more of these, and there may be a quarter of a million.
TEST(JsonSchema, LongDocumentsTakeTimeByTheirLength) {
  const Schema schema(R"({"type":"object","properties":{"l":{"type":"array","items":
    {"type":"string","enum":["a","b"]}},"o":{"type":"object","additionalProperties":{"type":
    "string","minLength":1}}},"additionalProperties":false})");
  std::string list;
  std::string object;
  for (int i = 0; i < 20000; ++i) {
    list += i == 0 ? "\"a\"" : ",\"b\"";
    object.append(i == 0 ? "\"" : ",\"").append(std::to_string(i)).append("\":\"x\"");
  }
  Parser parser;
  const auto document = parser.Parse("{\"l\":[" + list + "],\"o\":{" + object + "}}", Limits{});
  ASSERT_TRUE(document.ok());
  EXPECT_FALSE(schema.Check(*document));
}

}  // namespace
}  // namespace printfleet::json
