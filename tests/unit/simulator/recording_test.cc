#include "bench/simulator/recording.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace printfleet::simulator {
namespace {

constexpr const char* kHead = "anycubic/anycubicCloud/v1/printer/public/";
const std::string kTopic = std::string(kHead) + "20021/abc/print/report";

Recorded Played(const std::string& line) {
  const auto parsed = ParseRecorded(line);
  const auto* recorded = std::get_if<Recorded>(&parsed);
  EXPECT_NE(recorded, nullptr) << line;
  return recorded == nullptr ? Recorded() : *recorded;
}

NotPlayed::Why WhyNot(const std::string& line) {
  const auto parsed = ParseRecorded(line);
  const auto* skipped = std::get_if<NotPlayed>(&parsed);
  EXPECT_NE(skipped, nullptr) << line;
  return skipped == nullptr ? NotPlayed::Why::kEmpty : skipped->why;
}

TEST(Recording, ALineOfACapture) {
  const Recorded recorded = Played(
      R"({"v":1,"at":"2026-11-25T10:00:00.250Z","offset_ms":1234,"direction":"from_printer",)"
      R"("topic":")" +
      kTopic + R"(","qos":1,"retained":true,"payload":{"a":1.5,"b":["/",null]}})");
  EXPECT_EQ(recorded.head, kHead);
  EXPECT_EQ(recorded.model_id, "20021");
  EXPECT_EQ(recorded.printer_id, "abc");
  EXPECT_EQ(recorded.tail, "/print/report");
  EXPECT_EQ(recorded.payload, R"({"a":1.5,"b":["/",null]})");
  EXPECT_EQ(recorded.qos, 1);
  EXPECT_TRUE(recorded.retain);
  EXPECT_EQ(recorded.offset_ms, 1234);
}

TEST(Recording, PayloadsInEveryForm) {
  const std::string topic = R"("topic":")" + kTopic + "\"";
  EXPECT_EQ(Played(R"({"v":1,)" + topic + R"(,"payload_b64":"AP8="})").payload,
            std::string("\x00\xFF", 2));
  EXPECT_EQ(Played(R"({"v":1,)" + topic + R"(,"payload":"x"})").payload, "\"x\"");
  EXPECT_EQ(Played("{" + topic + R"(,"payload":"{broken"})").payload, "{broken");
  EXPECT_EQ(Played("{" + topic + R"(,"payload":{"a":1}})").payload, R"({"a":1})");
  EXPECT_EQ(Played(kTopic + R"( {"a": 1})").payload, R"({"a": 1})");
  EXPECT_EQ(Played(R"({"v":1,"qos":2,)" + topic + R"(,"payload":{}})").qos, 1);
  EXPECT_FALSE(Played(R"({"v":1,"qos":null,)" + topic + R"(,"payload":{}})").qos.has_value());
}

TEST(Recording, LinesThatAreNotPlayed) {
  using Why = NotPlayed::Why;
  EXPECT_EQ(WhyNot(""), Why::kEmpty);
  EXPECT_EQ(WhyNot(R"({"v":1,"capture":{}})"), Why::kEmpty);
  EXPECT_EQ(WhyNot(R"({"topic":"anycubic/anycubicCloud/v1/server/printer/20021/abc/print",)"
                   R"("payload":{}})"),
            Why::kToPrinter);
  EXPECT_EQ(WhyNot("anycubic/anycubicCloud/v1/printer/public/20021 {}"), Why::kToPrinter);
  EXPECT_EQ(WhyNot(R"({"topic":")" + kTopic + R"(","payload_bytes":3})"), Why::kWithheld);
  for (const std::string& line :
       {std::string("{"), std::string("junk"), std::string("[]"), std::string(R"({"payload":1})"),
        R"({"topic":")" + kTopic + "\"}", R"({"topic":")" + kTopic + R"(","payload_b64":"?"})",
        R"({"topic":")" + kTopic + R"(","payload":)" + std::string(100'000, '[') + "}"}) {
    EXPECT_EQ(WhyNot(line), Why::kBad) << line.substr(0, 100);
  }
}

TEST(Recording, ReadsLineByLineAndNumbersThem) {
  const auto path =
      std::filesystem::temp_directory_path() / ("recording-" + std::to_string(getpid()));
  std::ofstream(path) << kTopic << " 1\n\n" << std::string(9 << 20, 'x') << "\n" << kTopic << " 2";
  Recording recording;
  ASSERT_TRUE(recording.Open(path));
  std::vector<std::string> seen;
  while (auto line = recording.Next()) {
    const auto* recorded = std::get_if<Recorded>(&line->content);
    const auto* skipped = std::get_if<NotPlayed>(&line->content);
    seen.push_back(std::to_string(line->number) + ":" +
                   (recorded != nullptr ? recorded->payload : skipped->problem));
  }
  std::filesystem::remove(path);
  EXPECT_EQ(seen, (std::vector<std::string>{"1:1", "2:", "3:longer than any message", "4:2"}));
  EXPECT_FALSE(Recording().Open("/nowhere/at/all"));
}

}  // namespace
}  // namespace printfleet::simulator
