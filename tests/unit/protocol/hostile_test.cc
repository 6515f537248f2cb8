// Bytes nobody should send: truncated, mutated, mistyped, deep and big messages. Fixed seeds.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <random>

#include "protocol/decode.h"
#include "tests/unit/protocol/describe.h"
#include "tests/unit/protocol/fixtures.h"

namespace printfleet::protocol {
namespace {

constexpr int kMutationsPerFixture = 3000;
constexpr auto kSlow = std::chrono::seconds(30);  // under a sanitizer, on a busy machine

constexpr std::string_view kFileTopic =
    "anycubic/anycubicCloud/v1/printer/public/20021/9347/file/report";

// Decodes and reads everything of the result; true when it is a report.
bool Survives(Decoder& decoder, std::string_view topic, std::string_view payload) {
  const auto decoded = decoder.Decode(topic, payload);
  if (const auto* failure = std::get_if<DecodeFailure>(&decoded)) {
    EXPECT_FALSE(Name(failure->reason).empty());
    EXPECT_FALSE(failure->message.empty());
    return false;
  }
  const auto& report = std::get<Report>(decoded);
  DescribeBody(report.body);
  DescribeEnvelope(report.envelope);
  EXPECT_LE(report.field_errors.size(), 16U);
  for (const FieldError& error : report.field_errors) {
    EXPECT_FALSE(error.field.empty());
    EXPECT_FALSE(error.message.empty());
  }
  return true;
}

void Mutate(std::string& text, std::mt19937& random) {
  const auto below = [&random](size_t end) { return random() % (end == 0 ? 1 : end); };
  constexpr std::string_view kSpice = "{}[]\",:\\/-+.0123456789eEntfu \xFF\x80";
  const size_t changes = 1 + below(4);
  for (size_t i = 0; i < changes && !text.empty(); ++i) {
    const size_t at = below(text.size());
    switch (below(5)) {
      case 0:
        text[at] = static_cast<char>(below(256));
        break;
      case 1:
        text[at] = kSpice[below(kSpice.size())];
        break;
      case 2:
        text.erase(at, 1 + below(8));
        break;
      case 3:
        text.insert(at, 1, kSpice[below(kSpice.size())]);
        break;
      default:
        text.insert(at, text.substr(below(text.size()), below(24)));
    }
  }
}

TEST(Hostile, TruncatedPayloadsAreFailures) {
  Decoder decoder{json::Limits()};
  for (const Fixture& fixture : Fixtures()) {
    const std::string topic = IsReport(fixture) ? PublicTopic(fixture) : std::string(kFileTopic);
    for (size_t size = 0; size < fixture.payload.size(); ++size) {
      EXPECT_FALSE(Survives(decoder, topic, std::string_view(fixture.payload).substr(0, size)))
          << fixture.file << " cut to " << size;
    }
  }
}

TEST(Hostile, MutatedPayloadsNeverCrash) {
  Decoder decoder{json::Limits()};
  std::mt19937 random(20021);
  int reports = 0;
  for (const Fixture& fixture : Fixtures()) {
    if (!IsReport(fixture)) {
      continue;
    }
    for (int i = 0; i < kMutationsPerFixture; ++i) {
      std::string payload = fixture.payload;
      Mutate(payload, random);
      reports += Survives(decoder, PublicTopic(fixture), payload) ? 1 : 0;
    }
  }
  EXPECT_GT(reports, kMutationsPerFixture);  // enough of them get past the JSON parser
}

TEST(Hostile, MutatedTopicsNeverCrash) {
  std::mt19937 random(20022);
  for (int i = 0; i < 20000; ++i) {
    std::string topic(kFileTopic);
    Mutate(topic, random);
    if (const auto parsed = ParseReportTopic(topic)) {
      EXPECT_LE(parsed->printer_id.size(), kPrinterIdBytesMax);
    }
  }
}

constexpr std::array<std::string_view, 18> kValues{"null",
                                                   "true",
                                                   "false",
                                                   "0",
                                                   "-1",
                                                   "1",
                                                   "3.5",
                                                   "1e300",
                                                   "-9223372036854775808",
                                                   "\"\"",
                                                   "\"x\"",
                                                   "\"45\"",
                                                   "[]",
                                                   "[1]",
                                                   "{}",
                                                   "{\"a\":1}",
                                                   "18446744073709551615",
                                                   "[{\"filename\":[]}]"};

// `value` with its `target`th node (in order of appearance) replaced by `replacement`.
void Rewrite(json::Value value, int& target, std::string_view replacement, json::Writer& out) {
  if (target-- == 0) {
    out.Raw(replacement);
  } else if (value.IsObject()) {
    out.BeginObject();
    for (size_t i = 0; i < value.size(); ++i) {
      out.Key(value.member_name(i));
      Rewrite(value.member_value(i), target, replacement, out);
    }
    out.EndObject();
  } else if (value.IsArray()) {
    out.BeginArray();
    for (size_t i = 0; i < value.size(); ++i) {
      Rewrite(value.at(i), target, replacement, out);
    }
    out.EndArray();
  } else {
    out.Raw(value.Text());
  }
}

TEST(Hostile, AMemberOfAnotherTypeCostsThatMemberOnly) {
  Decoder decoder{json::Limits()};
  json::Parser parser;
  for (const Fixture& fixture : Fixtures()) {
    const auto parsed = parser.Parse(fixture.payload, json::Limits());
    if (!IsReport(fixture) || !parsed.ok()) {
      continue;
    }
    bool more = true;
    for (int node = 1; more; ++node) {  // 0 is the message itself
      for (const std::string_view value : kValues) {
        int target = node;
        json::Writer out;
        Rewrite(*parsed, target, value, out);
        more = target < 0;
        const std::string payload = out.Take();
        EXPECT_TRUE(Survives(decoder, PublicTopic(fixture), payload)) << payload;
      }
    }
  }
}

// Each member we read, with the JSON types it may not have.
struct Mistyped {
  std::string_view type;
  std::string_view before;  // the payload up to the value
  std::string_view after;
  std::string_view field;
  std::string_view bad;  // values, separated by blanks
};

constexpr std::string_view kNoNumber = R"(true "x" [] {} [1] "")";
constexpr std::string_view kNoInteger = R"(true "x" [] {} 3.5 "3.5" 1e300)";
constexpr std::string_view kNoText = "true 7 [] {} 1.5";
constexpr std::string_view kNoId = "true [] {} 1.5 18446744073709551615";
constexpr std::string_view kNoObject = R"(true 7 "x" [])";

// clang-format off
constexpr std::array<Mistyped, 47> kMistyped{{
    {"print", R"({"type":)", "}", "type", kNoText},
    {"print", R"({"action":)", "}", "action", kNoText},
    {"print", R"({"state":)", "}", "state", kNoText},
    {"print", R"({"msgid":)", "}", "msgid", kNoText},
    {"print", R"({"msg":)", "}", "msg", kNoText},
    {"print", R"({"code":)", "}", "code", kNoInteger},
    {"print", R"({"timestamp":)", "}", "timestamp", kNoInteger},
    {"print", R"({"data":)", "}", "data", kNoObject},
    {"print", R"({"data":{"taskid":)", "}}", "data.taskid", kNoId},
    {"print", R"({"data":{"localtask":)", "}}", "data.localtask", kNoText},
    {"print", R"({"data":{"filename":)", "}}", "data.filename", kNoText},
    {"print", R"({"data":{"progress":)", "}}", "data.progress", kNoNumber},
    {"print", R"({"data":{"curr_layer":)", "}}", "data.curr_layer", kNoInteger},
    {"print", R"({"data":{"total_layers":)", "}}", "data.total_layers", kNoInteger},
    {"print", R"({"data":{"print_time":)", "}}", "data.print_time", kNoNumber},
    {"print", R"({"data":{"remain_time":)", "}}", "data.remain_time", kNoNumber},
    {"print", R"({"data":{"supplies_usage":)", "}}", "data.supplies_usage", kNoNumber},
    {"print", R"({"data":{"settings":)", "}}", "data.settings", kNoObject},
    {"print", R"({"data":{"settings":{"fan_speed_pct":)", "}}}", "data.settings.fan_speed_pct", kNoNumber},
    {"print", R"({"data":{"settings":{"print_speed_mode":)", "}}}", "data.settings.print_speed_mode", kNoInteger},
    {"print", R"({"data":{"settings":{"z_comp":)", "}}}", "data.settings.z_comp", kNoNumber},
    {"print", R"({"data":{"slice_param":)", "}}", "data.slice_param", R"(true 7 "x" [] "")"},
    {"tempature", R"({"data":{"curr_nozzle_temp":)", "}}", "data.curr_nozzle_temp", kNoNumber},
    {"tempature", R"({"data":{"target_nozzle_temp":)", "}}", "data.target_nozzle_temp", kNoNumber},
    {"tempature", R"({"data":{"curr_hotbed_temp":)", "}}", "data.curr_hotbed_temp", kNoNumber},
    {"tempature", R"({"data":{"target_hotbed_temp":)", "}}", "data.target_hotbed_temp", kNoNumber},
    {"fan", R"({"data":{"fan_speed_pct":)", "}}", "data.fan_speed_pct", kNoNumber},
    {"file", R"({"action":"listLocal","data":{"records":)", "}}", "data.records", R"(true 7 "x")"},
    {"file", R"({"action":"listLocal","data":{"records":[{"filename":"a","is_dir":)", "}]}}", "data.records[0].is_dir", R"("x" [] {} 2)"},
    {"file", R"({"action":"listLocal","data":{"records":[{"filename":"a","timestamp":)", "}]}}", "data.records[0].timestamp", kNoInteger},
    {"file", R"({"action":"cloudRecommendList","data":{"records":[{"est_time":)", "}]}}", "data.records[0].est_time", kNoInteger},
    {"ota", R"({"data":{"firmware_version":)", "}}", "data.firmware_version", kNoText},
    {"ota", R"({"data":{"model_id":)", "}}", "data.model_id", kNoId},
    {"info", R"({"data":{"temp":)", "}}", "data.temp", kNoObject},
    {"print", R"({"data":{"settings":{"print_speed_pct":)", "}}}", "data.settings.print_speed_pct", kNoNumber},
    {"tempature", R"({"data":{"curr_chamber_temp":)", "}}", "data.curr_chamber_temp", kNoNumber},
    {"fan", R"({"data":{"aux_fan_speed_pct":)", "}}", "data.aux_fan_speed_pct", kNoNumber},
    {"fan", R"({"data":{"box_fan_level":)", "}}", "data.box_fan_level", kNoInteger},
    {"peripherie", R"({"data":{"udisk":)", "}}", "data.udisk", R"("x" [] {} 2)"},
    {"light", R"({"data":{"lights":)", "}}", "data.lights", R"(true 7 "x")"},
    {"light", R"({"data":{"lights":[{"brightness":)", "}]}}", "data.lights[0].brightness", kNoNumber},
    {"axis", R"({"data":{"coordinates":{"z":)", "}}}", "data.coordinates.z", kNoNumber},
    {"wifi", R"({"data":{"signal_strength":)", "}}", "data.signal_strength", kNoInteger},
    {"multiColorBox", R"({"data":{"multi_color_box":[{"drying_status":)", "}]}}", "data.multi_color_box[0].drying_status", kNoObject},
    {"multiColorBox", R"({"data":{"multi_color_box":[{"slots":[{"type":)", "}]}]}}", "data.multi_color_box[0].slots[0].type", kNoText},
    {"multiColorBox", R"({"action":"autoUpdateInfo","data":{"loaded_slot":)", "}}", "data.loaded_slot", kNoInteger},
    {"extfilbox", R"({"data":{"loaded":)", "}}", "data.loaded", R"("x" [] {} 2)"},
}};

// clang-format on

TEST(Hostile, AMistypedMemberIsAFieldError) {
  Decoder decoder{json::Limits()};
  for (const Mistyped& row : kMistyped) {
    const std::string topic =
        "anycubic/anycubicCloud/v1/printer/public/20021/9347/" + std::string(row.type) + "/report";
    for (size_t at = 0; at < row.bad.size();) {
      const size_t end = std::min(row.bad.find(' ', at), row.bad.size());
      const std::string payload =
          std::string(row.before).append(row.bad.substr(at, end - at)).append(row.after);
      const auto decoded = decoder.Decode(topic, payload);
      ASSERT_TRUE(std::holds_alternative<Report>(decoded)) << payload;
      const auto& errors = std::get<Report>(decoded).field_errors;
      ASSERT_EQ(errors.size(), 1U) << payload;
      EXPECT_EQ(errors[0].field, row.field) << payload;
      at = end + 1;
    }
  }
}

class Timed : public testing::Test {
 protected:
  void TearDown() override { EXPECT_LT(std::chrono::steady_clock::now() - started_, kSlow); }

 private:
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

using HostileSizes = Timed;

TEST_F(HostileSizes, DeepNestingIsRefused) {
  Decoder decoder{json::Limits()};
  for (const std::string_view open : {"[", "{\"a\":", "[{\"data\":"}) {
    std::string payload;
    while (payload.size() < (1 << 20) - 16) {
      payload += open;
    }
    EXPECT_FALSE(Survives(decoder, kFileTopic, payload));
    EXPECT_FALSE(Survives(decoder, kFileTopic, "{\"data\":" + payload.substr(0, 1000) + "}"));
  }
}

TEST_F(HostileSizes, MebibytesOfRecordsAreRead) {
  Decoder decoder{json::Limits()};
  constexpr size_t kRoom = (1 << 20) - 128;
  for (const std::string_view record :
       {"{},", "7,", "[],", "{\"filename\":1},", "{\"filename\":\"a\",\"size\":\"x\"},",
        "{\"filename\":\"a\",\"size\":1,\"timestamp\":1},"}) {
    std::string payload = R"({"action":"listLocal","state":"done","data":{"records":[)";
    while (payload.size() < kRoom) {
      payload += record;
    }
    payload += "{}]}}";
    EXPECT_TRUE(Survives(decoder, kFileTopic, payload)) << record;
    EXPECT_TRUE(Survives(decoder, kFileTopic, "{}"));
  }
}

TEST_F(HostileSizes, MebibytesOfMembersAreRead) {
  Decoder decoder{json::Limits()};
  std::string payload = R"({"data":{)";
  while (payload.size() < (1 << 20) - 128) {
    payload += "\"progress_\":1,";
  }
  payload += "\"progress\":50}}";
  const auto decoded =
      decoder.Decode("anycubic/anycubicCloud/v1/printer/public/20021/9347/print/report", payload);
  EXPECT_EQ(DescribeBody(std::get<Report>(decoded).body), "print other/none progress=0.5");
}

}  // namespace
}  // namespace printfleet::protocol
