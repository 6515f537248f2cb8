#include "capture/message.h"

#include <gtest/gtest.h>

#include <string>

namespace printfleet::capture {
namespace {

constexpr const char* kTopic = "anycubic/anycubicCloud/v1/printer/public/20021/aa/print/report";

ParsedLine Parsed(const std::string& line) {
  json::Parser parser;
  return ParseLine(line, parser);
}

// The message of a line that must have one.
Message MessageOf(const std::string& line) {
  const ParsedLine parsed = Parsed(line);
  const auto* message = std::get_if<Message>(&parsed);
  EXPECT_NE(message, nullptr) << line;
  return message == nullptr ? Message() : *message;
}

std::string BytesOf(const Message& message) {
  const auto* bytes = std::get_if<std::string>(&message.payload);
  return bytes == nullptr ? "withheld" : *bytes;
}

Message Example(const std::string& payload) {
  Message message;
  message.at = ParseIso8601("2026-11-25T10:00:00.250Z");
  message.offset_ms = 1234;
  message.topic = kTopic;
  message.qos = 1;
  message.payload = payload;
  return message;
}

TEST(CaptureLine, IsWhatTheDocumentationSays) {
  EXPECT_EQ(LineOf(Example(R"({ "a" : 1.50, "b":"\/" })")),
            R"({"v":1,"at":"2026-11-25T10:00:00.250Z","offset_ms":1234,"direction":"from_printer",)"
            R"("topic":"anycubic/anycubicCloud/v1/printer/public/20021/aa/print/report","qos":1,)"
            R"("retained":false,"payload":{"a":1.5,"b":"/"}})");
}

TEST(CaptureLine, ComesBackAsItWas) {
  for (const std::string& payload :
       {std::string(R"({"a":[1,"x",null]})"), std::string("not JSON"), std::string(),
        std::string("\x00\xFF", 2), std::string("\"text\""), std::string("{\"a\":\"\xC4\xA3\"}"),
        std::string("line\nbreak")}) {
    Message message = Example(payload);
    message.retained = true;
    const std::string line = LineOf(message);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const Message back = MessageOf(line);
    EXPECT_EQ(BytesOf(back), payload) << line;
    EXPECT_EQ(back.topic, kTopic);
    EXPECT_EQ(back.at, message.at);
    EXPECT_EQ(back.offset_ms, 1234);
    EXPECT_EQ(back.qos, 1);
    EXPECT_TRUE(back.retained);
  }
}

TEST(CaptureLine, WithheldBytesComeBackAsWithheld) {
  Message message = Example("");
  message.payload = Withheld{17, "abc"};
  const Message back = MessageOf(LineOf(message));
  ASSERT_TRUE(std::holds_alternative<Withheld>(back.payload));
  EXPECT_EQ(std::get<Withheld>(back.payload).bytes, 17);
  EXPECT_EQ(std::get<Withheld>(back.payload).fingerprint, "abc");
}

TEST(CaptureLine, LinesOfOtherPrograms) {
  const std::string topic(kTopic);
  EXPECT_EQ(BytesOf(MessageOf(topic + R"( {"a":"b c"})")), R"({"a":"b c"})");
  EXPECT_EQ(BytesOf(MessageOf(topic + " ")), "");
  const Message subscribed =
      MessageOf(R"({"tst":"2026-11-25T10:00:00.000000Z+0000","topic":")" + topic +
                R"(","qos":1,"retain":1,"payloadlen":9,"payload":"{\"a\":1}"})");
  EXPECT_EQ(BytesOf(subscribed), R"({"a":1})");
  EXPECT_TRUE(subscribed.retained);
  EXPECT_EQ(subscribed.qos, 1);
  EXPECT_EQ(BytesOf(MessageOf(R"({"topic":"t","payload":{"a":1}})")), R"({"a":1})");
  EXPECT_EQ(BytesOf(MessageOf(R"({"topic":"t","payload":"{broken"})")), "{broken");
  EXPECT_FALSE(MessageOf(R"({"topic":"t","payload":"x"})").qos.has_value());
}

TEST(CaptureLine, LinesWithoutAMessage) {
  Header header;
  header.tool = "printfleet";
  header.printers = {{"aa", "20021", ""}};
  for (const std::string& line :
       {std::string(), std::string("\r"), std::string("# a remark"), LineOf(header)}) {
    EXPECT_TRUE(std::holds_alternative<NoMessage>(Parsed(line))) << line;
  }
}

TEST(CaptureLine, WrongLinesSayWhatIsWrong) {
  for (const auto* line :
       {"{", "hello", "hello world", "[1]", R"({"payload":{}})", R"({"topic":"","payload":{}})",
        R"({"topic":"t"})", R"({"topic":"t","payload_b64":"?"})", "anycubic/without-a-payload"}) {
    const ParsedLine parsed = Parsed(line);
    const auto* error = std::get_if<Error>(&parsed);
    ASSERT_NE(error, nullptr) << line;
    EXPECT_FALSE(error->message.empty());
  }
}

TEST(CaptureLine, Directions) {
  EXPECT_EQ(DirectionOf(kTopic), Direction::kFromPrinter);
  EXPECT_EQ(DirectionOf("anycubic/anycubicCloud/v1/printer/app/20021/aa/response"),
            Direction::kFromPrinter);
  EXPECT_EQ(DirectionOf("anycubic/anycubicCloud/printer/public/20021/aa/online/status"),
            Direction::kFromPrinter);
  EXPECT_EQ(DirectionOf("anycubic/anycubicCloud/v1/server/printer/20021/aa/print"),
            Direction::kToPrinter);
}

}  // namespace
}  // namespace printfleet::capture
