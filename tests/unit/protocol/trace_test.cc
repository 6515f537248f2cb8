// What a traced decode says of what was read.
#include <gtest/gtest.h>

#include "protocol/decode.h"
#include "tests/unit/protocol/describe.h"
#include "tests/unit/protocol/fixtures.h"

namespace printfleet::protocol {
namespace {

using Paths = std::vector<std::string>;

constexpr std::string_view kTopicHead = "anycubic/anycubicCloud/v1/printer/public/20021/9347/";

Trace TraceOf(std::string_view type, std::string_view payload) {
  Decoder decoder{json::Limits()};
  Trace trace{{"left over"}, {"left over"}, {"left over"}};
  const std::string topic = std::string(kTopicHead).append(type).append("/report");
  const auto decoded = decoder.DecodeTraced(topic, payload, trace);
  EXPECT_TRUE(std::holds_alternative<Report>(decoded)) << payload;
  return trace;
}

TEST(Trace, NamesWhatWasReadAndWhatWasNot) {
  const Trace trace = TraceOf("print", R"({"type":"print","action":"start","state":"printing",
      "data":{"progress":3,"slicer":{"name":"x"},"settings":{"z_comp":"0.1","odd":1}},"extra":1})");
  EXPECT_EQ(trace.read, (Paths{"type", "action", "state", "data", "data.settings", "data.progress",
                               "data.settings.z_comp"}));
  EXPECT_EQ(trace.ignored, (Paths{"data.settings.odd", "data.slicer", "extra"}));
  EXPECT_EQ(trace.unknown_words, Paths());
}

TEST(Trace, ElementsOfAListShareTheirPaths) {
  const Trace trace = TraceOf("file", R"({"action":"listLocal","data":{"records":[
      {"filename":"a","plate_number":1},{"filename":"b","size":5,"plate_number":2,"p":[{"q":1}]}]}})");
  EXPECT_EQ(trace.read, (Paths{"action", "data", "data.records", "data.records[].filename",
                               "data.records[].size"}));
  EXPECT_EQ(trace.ignored, (Paths{"data.records[].p", "data.records[].plate_number"}));
}

TEST(Trace, WhatIsTakenWholeIsReadWhole) {
  const Trace trace =
      TraceOf("print", R"({"action":"getSliceParam","data":{"slice_param":{"layer_height":0.2}}})");
  EXPECT_EQ(trace.read, (Paths{"action", "data", "data.slice_param"}));
  EXPECT_EQ(trace.ignored, Paths());
}

TEST(Trace, AMistypedMemberWasLookedAtAndItsInsideWasNot) {
  const Trace trace = TraceOf("print", R"({"data":{"progress":{"of":100}}})");
  EXPECT_EQ(trace.read, (Paths{"data", "data.progress"}));
  EXPECT_EQ(trace.ignored, (Paths{"data.progress.of"}));
}

TEST(Trace, NamesWordsWithoutMeaning) {
  EXPECT_EQ(TraceOf("print", R"({"action":"jump","state":"dancing"})").unknown_words,
            (Paths{"action: jump", "state: dancing"}));
  EXPECT_EQ(TraceOf("status", R"({"action":"workReport","state":"odd"})").unknown_words,
            (Paths{"state: odd"}));
  EXPECT_EQ(TraceOf("lastWill", R"({"state":"gone"})").unknown_words, (Paths{"state: gone"}));
  EXPECT_EQ(TraceOf("unheard", R"({"state":"x"})").unknown_words, (Paths{"type: unheard"}));
  EXPECT_EQ(TraceOf("ota", R"({"action":"update","state":"updating"})").unknown_words, Paths());
}

TEST(Trace, AFailureLeavesItEmpty) {
  Decoder decoder{json::Limits()};
  Trace trace{{"left over"}, {}, {}};
  const auto decoded = decoder.DecodeTraced(std::string(kTopicHead) + "print/report", "{", trace);
  EXPECT_TRUE(std::holds_alternative<DecodeFailure>(decoded));
  EXPECT_EQ(trace.read, Paths());
}

TEST(Trace, DecodesTheSame) {
  Decoder decoder{json::Limits()};
  for (const Fixture& fixture : Fixtures()) {
    if (!IsReport(fixture)) {
      continue;
    }
    const std::string topic = PublicTopic(fixture);
    const auto plain = decoder.Decode(topic, fixture.payload);
    const std::string body = DescribeBody(std::get<Report>(plain).body);
    Trace trace;
    const auto traced = decoder.DecodeTraced(topic, fixture.payload, trace);
    EXPECT_EQ(DescribeBody(std::get<Report>(traced).body), body) << fixture.file;
    EXPECT_FALSE(trace.read.empty()) << fixture.file;
  }
}

}  // namespace
}  // namespace printfleet::protocol
