// What the samples do not show: bytes, slashes, rounding, absences.
#include <gtest/gtest.h>

#include <limits>

#include "base/json.h"
#include "protocol/request.h"
#include "tests/unit/protocol/fixtures.h"

namespace printfleet::protocol {
namespace {

constexpr std::string_view kMsgid = "6f2c8f0e-3b1d-4d0e-9c54-2f6a1d3a7b10";
constexpr WallTime kNow = WallTime(milliseconds(1705245340137));

std::string Encoded(const Request& request) {
  return EncodeRequest(request, kMsgid, kNow);
}

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// The member "data" as canonical JSON; "missing" when there is none.
std::string DataOf(const Request& request) {
  json::Parser parser;
  const std::string text = Encoded(request);
  const auto parsed = parser.Parse(text, json::Limits());
  EXPECT_TRUE(parsed.ok()) << text;
  const json::Value data = (*parsed)["data"];
  return data.exists() ? data.CanonicalText() : "missing";
}

std::string Settings(const UpdatePrint& update) {
  const std::string data = DataOf(update);
  const std::string start = "{\"settings\":";
  return data.substr(start.size(), data.find('}') + 1 - start.size());
}

TEST(EncodeRequest, EveryOneHasTheEnvelope) {
  const Request requests[] = {
      ListFiles(),    DeleteFile(),       SendRecommendList(), QueryStatus(),
      StartCapture(), QuerySliceParams(), QueryPrint(),        MapLocalTask(),
      StartFromUrl(), StartFromFile(),    ControlJob(),        UpdatePrint(),
      SetFan(),       QueryVersion(),     UpdateFirmware(),    RawRequest{"axis", "query", ""}};
  for (const Request& request : requests) {
    json::Parser parser;
    const std::string text = Encoded(request);
    const auto parsed = parser.Parse(text, json::Limits());
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ((*parsed)["type"].String(), WireNameOf(request).type);
    EXPECT_EQ((*parsed)["action"].String(), WireNameOf(request).action);
    EXPECT_FALSE(WireNameOf(request).action.empty());
    EXPECT_EQ((*parsed)["msgid"].String(), kMsgid);
    EXPECT_EQ((*parsed)["timestamp"].Int(), EpochMs(kNow));
  }
}

TEST(EncodeRequest, EverySlashIsEscaped) {
  // Source: tests/fixtures/payloads/AGG2017_kobra-unleashed__wire-req-file-listLocal__1.json
  json::Parser parser;
  const auto wire = parser.Parse(
      FixtureNamed("AGG2017_kobra-unleashed__wire-req-file-listLocal__1").payload, json::Limits());
  ASSERT_TRUE(wire.ok());
  EXPECT_TRUE(Contains(std::string(*(*wire)["_wire_text"].String()), R"("path": "\/")"));
  EXPECT_TRUE(Contains(Encoded(ListFiles()), R"("path":"\/")"));
  const StartFromUrl start{.task_id = "1",
                           .url = "http://h/a",
                           .md5 = "m/d",
                           .size_bytes = 1,
                           .filename = "a/b",
                           .project_type = std::nullopt};
  for (const Request& request :
       {Request(start), Request(DeleteFile{Storage::kLocal, "/a", "b/c"}),
        Request(RawRequest{"t", "a", R"({"x":"/","y":"\/","z":"\\/","q":"\"/"})"})}) {
    const std::string text = Encoded(request);
    for (size_t at = text.find('/'); at != std::string::npos; at = text.find('/', at + 1)) {
      EXPECT_EQ(text[at - 1], '\\') << text;
    }
  }
  EXPECT_EQ(DataOf(RawRequest{"t", "a", R"({"x":"/","y":"\/","z":"\\/","q":"\"/"})"}),
            R"({"q":"\"/","x":"/","y":"/","z":"\\/"})");
}

TEST(EncodeRequest, FilenamesGoOutAsTheBytesTheyAre) {
  const std::string name("\xC4\xE3\xBA\xC3 \"x\"\\\n\x01 \xE7\x9B\x92.gcode");
  const std::string on_wire("\"\xC4\xE3\xBA\xC3 \\\"x\\\"\\\\\\u000a\\u0001 \xE7\x9B\x92.gcode\"");

  EXPECT_TRUE(Contains(Encoded(DeleteFile{Storage::kUsb, "/", name}), on_wire));
  EXPECT_TRUE(Contains(Encoded(DeleteFile{Storage::kUsb, name, "x"}), on_wire));
  StartFromFile start;
  start.filename = name;
  EXPECT_TRUE(Contains(Encoded(start), on_wire));
}

TEST(EncodeRequest, QueriesWithoutDataHaveNoSuchMember) {
  EXPECT_EQ(DataOf(QueryStatus()), "missing");
  EXPECT_EQ(DataOf(QuerySliceParams()), "missing");
  EXPECT_EQ(DataOf(QueryPrint()), "missing");
  EXPECT_EQ(DataOf(QueryPrint{"17"}), R"({"taskid":"17"})");
  EXPECT_EQ(DataOf(QueryVersion()), "null");
  EXPECT_EQ(DataOf(StartCapture()), "null");
  EXPECT_EQ(DataOf(RawRequest{"axis", "turnOff", ""}), "missing");
  EXPECT_EQ(DataOf(RawRequest{"axis", "turnOff", "null"}), "null");
}

TEST(EncodeRequest, ListsNameThePathTwice) {
  const std::string text = Encoded(ListFiles{Storage::kUsb, "/sub"});
  EXPECT_TRUE(Contains(text, R"("data":{"path":"\/sub","task_mode":2},"path":"\/sub")")) << text;
}

TEST(EncodeRequest, UpdateHasOnlyTheSettingsGiven) {
  UpdatePrint update;
  update.task_id = "0";
  EXPECT_EQ(DataOf(update), R"({"settings":{},"taskid":"0"})");
  update.nozzle_target_c = 0;
  EXPECT_EQ(Settings(update), R"({"target_nozzle_temp":0})");
  update.nozzle_target_c = 212.5;
  EXPECT_EQ(Settings(update), R"({"target_nozzle_temp":212.5})");
  update = UpdatePrint();
  update.z_offset_mm = -0.05;
  EXPECT_EQ(Settings(update), R"({"z_comp":-0.05})");
  update = UpdatePrint();
  update.speed_mode = SpeedMode::kSport;
  EXPECT_EQ(Settings(update), R"({"print_speed_mode":3})");
  update.speed_mode = SpeedMode::kSilent;
  EXPECT_EQ(Settings(update), R"({"print_speed_mode":1})");
}

TEST(EncodeRequest, FansArePercent) {
  struct Row {
    double ratio;
    int percent;
  };

  for (const Row& row :
       {Row{0, 0}, Row{0.004, 0}, Row{0.005, 1}, Row{0.29, 29}, Row{0.576, 58}, Row{1, 100},
        Row{7, 100}, Row{-1, 0}, Row{std::numeric_limits<double>::quiet_NaN(), 0}}) {
    const std::string percent = std::to_string(row.percent);
    EXPECT_EQ(DataOf(SetFan{row.ratio}), R"({"fan_speed_pct":)" + percent +
                                             R"(,"settings":{"fan_speed_pct":)" + percent + "}}");
  }
}

TEST(EncodeRequest, StartFromUsbIsFiletypeTwo) {
  StartFromFile start{
      .task_id = "1", .storage = Storage::kUsb, .path = "/dir", .filename = "a", .project_type = 2};
  EXPECT_EQ(DataOf(start),
            R"({"filename":"a","filepath":"/dir","filetype":2,"project_type":2,"task_mode":1,)"
            R"("taskid":"1"})");
}

TEST(EncodeRequest, RecommendationsAreAnArrayOfRecords) {
  SendRecommendList list;
  EXPECT_EQ(DataOf(list), R"({"records":[]})");
  list.records.push_back(
      {.md5 = "m", .url = "u", .size_bytes = 5, .image_url = "i", .estimated_s = 60});
  list.records.emplace_back();
  EXPECT_EQ(DataOf(list),
            R"({"records":[{"est_time":60,"img_url":"i","md5":"m","size":5,"url":"u"},)"
            R"({"img_url":"","md5":"","url":""}]})");
  EXPECT_EQ(WireNameOf(list).type, "file");
}

TEST(EncodeRequest, FirmwareIsTypedLikeTheCloudsOwnRecord) {
  // Source: the vendor's record, captured.
  json::Parser parser;
  const Fixture& fixture = FixtureNamed("jbatonnet_Rinkhals__ota-record-kobra-2-pro__1");
  const auto record = parser.Parse(fixture.payload, json::Limits());
  ASSERT_TRUE(record.ok());
  const Firmware firmware{.version = std::string(*(*record)["firmware_version"].String()),
                          .name = std::string(*(*record)["firmware_name"].String()),
                          .url = std::string(*(*record)["firmware_url"].String()),
                          .md5 = std::string(*(*record)["firmware_md5"].String()),
                          .size_bytes = *(*record)["firmware_size"].Int(),
                          .force_update = *(*record)["force_update"].Bool()};

  json::Parser own;
  const std::string text = Encoded(UpdateFirmware{firmware});
  const auto parsed = own.Parse(text, json::Limits());
  ASSERT_TRUE(parsed.ok());
  const json::Value data = (*parsed)["data"];
  EXPECT_EQ(data.size(), 6U);
  for (size_t i = 0; i < data.size(); ++i) {
    EXPECT_EQ(data.member_value(i).Text(), (*record)[data.member_name(i)].Text());
  }
}

}  // namespace
}  // namespace printfleet::protocol
