#include "base/json.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace printfleet::json {
namespace {

TEST(JsonParser, ReadsWhatIsThereAndNothingElse) {
  Parser parser;
  const auto parsed = parser.Parse(R"({"a":1,"b":"x","c":[true,null],"d":2.5})", Limits{});
  ASSERT_TRUE(parsed.ok());
  const Value root = parsed.value();
  EXPECT_EQ(root["a"].Int(), 1);
  EXPECT_EQ(root["a"].String(), std::nullopt);
  EXPECT_EQ(root["b"].String(), "x");
  EXPECT_EQ(root["c"].size(), 2U);
  EXPECT_EQ(root["c"].at(0).Bool(), true);
  EXPECT_TRUE(root["c"].at(1).IsNull());
  EXPECT_FALSE(root["c"].at(2).exists());
  EXPECT_EQ(root["d"].Int(), std::nullopt);
  EXPECT_EQ(root["d"].Number(), 2.5);
  EXPECT_FALSE(root["missing"]["deeper"].exists());
  EXPECT_EQ(root["missing"].TypeName(), "missing");
}

TEST(JsonParser, TakesWholeDoublesAsIntegersAndNoOthers) {
  Parser parser;
  const auto parsed = parser.Parse("[3.0, 3.5, 1e300, 9223372036854775808, -7]", Limits{});
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->at(0).Int(), 3);
  EXPECT_EQ(parsed->at(1).Int(), std::nullopt);
  EXPECT_EQ(parsed->at(2).Int(), std::nullopt);
  EXPECT_EQ(parsed->at(3).Int(), std::nullopt);
  EXPECT_EQ(parsed->at(4).Int(), -7);
}

TEST(JsonParser, RefusesWhatIsTooLargeTooDeepOrNoJson) {
  Parser parser;
  const Limits limits{64, 4};
  EXPECT_EQ(parser.Parse(std::string(65, ' '), limits).error().code, Errc::kRejected);
  EXPECT_EQ(parser.Parse("[[[[[1]]]]]", limits).error().code, Errc::kRejected);
  EXPECT_TRUE(parser.Parse("[[[[1]]]]", limits).ok());
  EXPECT_TRUE(parser.Parse(R"(["[[[[[["])", limits).ok());
  for (const char* text : {"", "{", "nonsense", "{\"a\":1,}", "[1] x", "\"\\u12\""}) {
    EXPECT_EQ(parser.Parse(text, limits).error().code, Errc::kMalformed) << text;
  }
}

TEST(JsonParser, SurvivesAMillionOpenBrackets) {
  Parser parser;
  EXPECT_FALSE(parser.Parse(std::string(1 << 20, '['), Limits{1 << 21, 1 << 30}).ok());
}

TEST(JsonParser, KeepsBytesThatAreNoUtf8) {
  Parser parser;
  const auto parsed = parser.Parse("[\"\xff\xfe\"]", Limits{});
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->at(0).String(), "\xff\xfe");
}

TEST(JsonParser, NulIsNoEnd) {
  Parser parser;
  for (const std::string_view bytes : {std::string_view("{}\0", 3), std::string_view("{}\0{", 4)}) {
    EXPECT_FALSE(parser.Parse(bytes, Limits{}).ok());
  }
}

TEST(JsonParser, NeedsTheBytesNoLonger) {
  Parser parser;
  std::string bytes = R"({"a":"x\ny","b":"plain"})";
  const auto parsed = parser.Parse(bytes, Limits{});
  std::ranges::fill(bytes, '!');
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ((*parsed)["a"].String(), "x\ny");
  EXPECT_EQ((*parsed)["b"].String(), "plain");
}

TEST(JsonParser, KeepsTextAsLongAsTheDocument) {
  Parser parser;
  const auto parsed = parser.Parse(R"(["a"])", Limits{});
  std::string text = "kept";
  const std::string_view kept = parser.Keep(text);
  const std::string_view large = parser.Keep(std::string(100'000, 'x'));
  text = "gone";
  EXPECT_EQ(kept, "kept");
  EXPECT_EQ(large, std::string(100'000, 'x'));
  EXPECT_EQ(parser.Keep(""), "");
  EXPECT_EQ(parsed->at(0).String(), "a");
}

TEST(JsonParser, CountsTheDepthOfEachDocumentAnew) {
  Parser parser;
  const Limits limits{.bytes_max = 100, .depth_max = 2};
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_TRUE(parser.Parse(R"([{},[],{"a":[]}])", {.bytes_max = 100, .depth_max = 3}).ok());
    EXPECT_EQ(parser.Parse("[[[", limits).error().code, Errc::kRejected);
    EXPECT_EQ(parser.Parse("[[}", limits).error().code, Errc::kMalformed);
    EXPECT_TRUE(parser.Parse(R"([{"a":"[[[{{{"},{},[]])", limits).ok());
  }
}

TEST(JsonValue, CanonicalTextIsEqualForEqualContent) {
  Parser one;
  Parser other;
  const auto a = one.Parse(R"({"b":[1,{"y":1,"x":2}],"a":null})", Limits{});
  const auto b = other.Parse(R"({ "a" : null, "b" : [1, {"x":2, "y":1}] })", Limits{});
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->CanonicalText(), b->CanonicalText());
  EXPECT_EQ(a->CanonicalText(), R"({"a":null,"b":[1,{"x":2,"y":1}]})");
}

// The parser takes these for infinite or shifts by nothing; what is written is JSON all the same.
TEST(JsonValue, TextIsJsonWhateverTheNumbers) {
  Parser parser;
  const auto parsed = parser.Parse("[1.8e308,-3007e305,0E90,20e36]", Limits());
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->at(0).Number(), std::nullopt);
  EXPECT_EQ(parsed->at(2).Number(), 0);
  EXPECT_TRUE(parsed->Text().starts_with("[null,null,0.0,2")) << parsed->Text();
  EXPECT_EQ(parsed->CanonicalText(), parsed->Text());
}

TEST(JsonWriter, EscapesSlashesAsThePrintersAreSentThem) {
  Writer writer(Writer::Slash::kEscaped);
  writer.BeginObject().Member("path", "/a/\"b\"").Member("n", 1).EndObject();
  EXPECT_EQ(writer.Take(), R"({"path":"\/a\/\"b\"","n":1})");
}

TEST(JsonWriter, IsAlwaysValidJson) {
  Writer writer;
  writer.BeginObject()
      .Member("bytes", std::string("\xff z\0", 4))
      .Member("nan", std::numeric_limits<double>::quiet_NaN())
      .Member("third", 1.0 / 3)
      .Member("none", std::optional<double>())
      .EndObject();
  const std::string text = writer.Take();
  Parser parser;
  const auto parsed = parser.Parse(text, Limits{});
  ASSERT_TRUE(parsed.ok()) << text;
  EXPECT_TRUE((*parsed)["nan"].IsNull());
  EXPECT_TRUE((*parsed)["none"].IsNull());
  EXPECT_EQ((*parsed)["third"].Number(), 0.333333);
  EXPECT_EQ((*parsed)["bytes"].String(), "\xEF\xBF\xBD z\xEF\xBF\xBD");
}

}  // namespace
}  // namespace printfleet::json
