// Oddities one by one: what the samples do not show. Sections are the dossier's.
#include "protocol/decode.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/unit/protocol/describe.h"

namespace printfleet::protocol {
namespace {

// Valid until the next call.
Report DecodeOf(std::string_view model, std::string_view type, std::string_view payload) {
  static Decoder decoder{json::Limits()};
  const std::string topic = "anycubic/anycubicCloud/v1/printer/public/" + std::string(model) +
                            "/9347/" + std::string(type) + "/report";
  auto decoded = decoder.Decode(topic, payload);
  if (!std::holds_alternative<Report>(decoded)) {
    ADD_FAILURE() << payload << ": " << std::get<DecodeFailure>(decoded).message;
    return Report();
  }
  return std::get<Report>(std::move(decoded));
}

std::string BodyOf(std::string_view type, std::string_view payload) {
  return DescribeBody(DecodeOf("20021", type, payload).body);
}

std::string PrintOf(std::string_view state, std::string_view data) {
  return BodyOf("print", R"({"action":"start","state":")" + std::string(state) + R"(","data":)" +
                             std::string(data) + "}");
}

// "field: message" of the only error.
std::string ErrorOf(std::string_view type, std::string_view data) {
  const Report report =
      DecodeOf("20021", type, R"({"action":"listLocal","data":)" + std::string(data) + "}");
  EXPECT_EQ(report.field_errors.size(), 1U) << data;
  return report.field_errors.empty()
             ? ""
             : report.field_errors[0].field + ": " + report.field_errors[0].message;
}

TEST(Decode, TypeIsTheTopicsWhereTheMessageHasNone) {
  for (const std::string_view payload :
       {R"({"state":"free"})", R"({"type":"","state":"free"})", R"({"type":null,"state":"free"})",
        R"({"type":7,"state":"free"})"}) {
    const Report report = DecodeOf("20021", "status", payload);
    EXPECT_EQ(report.envelope.type, "status");
    EXPECT_EQ(DescribeBody(report.body), "status free");
  }
}

TEST(Decode, TheTopicDecidesAndTheMessageOnlyHints) {
  EXPECT_EQ(BodyOf("status", R"({"type":"print","state":"free"})"), "status free");
  EXPECT_EQ(BodyOf("resin", R"({"type":"print","state":"printing"})"), "other");
  EXPECT_EQ(BodyOf("unheard", R"({"type":"status","state":"busy"})"), "status busy");
  EXPECT_EQ(BodyOf("unheard", R"({"type":"of","state":"busy"})"), "other");
  EXPECT_EQ(DecodeOf("20021", "status", R"({"type":"print"})").type, "status");
  EXPECT_EQ(DecodeOf("20021", "unheard", R"({"type":"print"})").type, "print");
  EXPECT_EQ(DecodeOf("20021", "unheard", R"({"type":"of"})").type, kUnknownType);
}

TEST(Decode, AnAckIsOnlyAnAck) {
  Decoder decoder{json::Limits()};
  for (const std::string_view origin : {"public", "app"}) {
    const auto decoded = decoder.Decode(
        "anycubic/anycubicCloud/v1/printer/" + std::string(origin) + "/20021/9347/response",
        R"({"msgid":"c548"})");
    const auto& report = std::get<Report>(decoded);
    EXPECT_EQ(DescribeBody(report.body), "ack");
    EXPECT_EQ(report.envelope.msgid, "c548");
  }
}

TEST(Decode, UndecodableSaysWhy) {
  struct Row {
    std::string_view topic;
    std::string payload;
    Undecodable reason;
  };

  const std::string_view ours = "anycubic/anycubicCloud/v1/printer/public/20021/9347/print/report";
  const std::array<Row, 9> rows{{
      {"anycubic/anycubicCloud/v1/web/printer/20021/9347/print", "{}", Undecodable::kForeignTopic},
      {ours, std::string(300, ' '), Undecodable::kOversize},
      {ours, std::string(40, '['), Undecodable::kTooDeep},
      {ours, "", Undecodable::kNotJson},
      {ours, "{", Undecodable::kNotJson},
      {ours, R"({"data":{"progress":1e999}})", Undecodable::kNotJson},
      {ours, "{} {}", Undecodable::kNotJson},
      {ours, "[]", Undecodable::kNotObject},
      {ours, "null", Undecodable::kNotObject},
  }};
  Decoder decoder(json::Limits{.bytes_max = 256, .depth_max = 32});
  for (const Row& row : rows) {
    const auto decoded = decoder.Decode(row.topic, row.payload);
    ASSERT_TRUE(std::holds_alternative<DecodeFailure>(decoded)) << row.payload;
    EXPECT_EQ(Name(std::get<DecodeFailure>(decoded).reason), Name(row.reason)) << row.payload;
  }
}

TEST(Decode, DataMayBeAnything) {
  for (const std::string_view data :
       {"null", "[]", "\"\"", "\"text\"", "7", "true", "[{}]", "{}"}) {
    for (const std::string_view type :
         {"print", "status", "lastWill", "tempature", "fan", "file", "ota", "video", "info"}) {
      const std::string payload =
          R"({"action":"start","state":"failed","code":10105,"data":)" + std::string(data) + "}";
      const Report report = DecodeOf("20021", type, payload);
      EXPECT_EQ(report.envelope.code, 10105);
      const bool unread = type == "status" || type == "lastWill" || type == "video";
      EXPECT_EQ(report.field_errors.empty(), data == "null" || data == "{}" || unread);
    }
  }
  EXPECT_EQ(PrintOf("failed", "null"), "print start/failed");
  EXPECT_EQ(BodyOf("print", "{}"), "print other/none");
}

TEST(Envelope, CodesThatOnlyAccompanyAStateAreNoErrors) {
  for (const int64_t code : {0, 200, 501, 601, 603, 1306, 10401}) {
    EXPECT_FALSE(IsErrorCode(code)) << code;
  }
  for (const int64_t code : {-1, 1, 201, 404, 10105, 10402, 10805, 1501}) {
    EXPECT_TRUE(IsErrorCode(code)) << code;
  }
}

TEST(Envelope, OnlyEpochMillisecondsAreATime) {
  EXPECT_EQ(DescribeEnvelope(DecodeOf("20021", "x", R"({"timestamp":1705245340137})").envelope),
            "x// at=2024-01-14T15:15:40.137Z");
  for (const std::string_view no : {"10298233", "1705245340", "-1", "0", "\"never\"", "1e300",
                                    "99999999999999", "null", "{}"}) {
    const Report report = DecodeOf("20021", "x", R"({"timestamp":)" + std::string(no) + "}");
    EXPECT_EQ(ReportedAt(report.envelope), std::nullopt) << no;
  }
}

TEST(Print, UpdateIsResultAndProgress) {
  EXPECT_EQ(BodyOf("print", R"({"action":"update","state":"updated","data":{"taskid":"0",
      "curr_hotbed_temp":59,"curr_nozzle_temp":"205","settings":{"target_nozzle_temp":210,
      "target_hotbed_temp":60,"fan_speed_pct":100,"print_speed_pct":100,"print_speed_mode":3,
      "z_comp":"0.05"}}})"),
            "print update/updated task=0 nozzle=205 nozzle_target=210 bed=59 bed_target=60 fan=1"
            " speed=sport pace=1 z=0.05");
  EXPECT_EQ(BodyOf("print", R"({"action":"update","state":"downloading","data":{"progress":37}})"),
            "print update/downloading progress=0.37");
}

TEST(Print, WordsInEverySpelling) {
  constexpr std::array<std::array<std::string_view, 2>, 12> kRows{{{"stoped", "stopped"},
                                                                   {"stopped", "stopped"},
                                                                   {"auto_leveling", "leveling"},
                                                                   {"vibrating", "leveling"},
                                                                   {"flow_calibrating", "leveling"},
                                                                   {"fod", "leveling"},
                                                                   {"monitoring", "waiting"},
                                                                   {"waiting", "waiting"},
                                                                   {"resumed", "resumed"},
                                                                   {"", "none"},
                                                                   {"success", "done"},
                                                                   {"dancing", "unknown"}}};
  for (const auto& [word, meaning] : kRows) {
    EXPECT_EQ(PrintOf(word, "null"), "print start/" + std::string(meaning));
  }
  EXPECT_EQ(BodyOf("print", R"({"action":"done"})"), "print done/none");
}

TEST(Print, TaskIdsAreStringsWhateverTheyCameAs) {
  EXPECT_EQ(PrintOf("checking", R"({"taskid":"-1"})"), "print start/checking task=-1");
  EXPECT_EQ(PrintOf("checking", R"({"taskid":-1})"), "print start/checking task=-1");
  EXPECT_EQ(PrintOf("checking", R"({"taskid":89470925})"), "print start/checking task=89470925");
  EXPECT_EQ(PrintOf("checking", R"({"taskid":"","localtask":"","filename":""})"),
            "print start/checking");
}

TEST(Print, MinutesBecomeSecondsWhereTheModelIsKnown) {
  const std::string_view payload =
      R"({"state":"printing","data":{"print_time":1.5,"remain_time":2,"supplies_usage":12.5}})";
  EXPECT_EQ(DescribeBody(DecodeOf("20023", "print", payload).body),
            "print other/printing elapsed=90 remaining=120 used=12.5");
  EXPECT_EQ(DescribeBody(DecodeOf("20032", "print", payload).body),
            "print other/printing elapsed=90 remaining=120 used=12.5");
  for (const std::string_view model : {"128", "m7", "20033", "200210"}) {
    EXPECT_EQ(DescribeBody(DecodeOf(model, "print", payload).body), "print other/printing");
  }
}

TEST(Print, NothingRemainingWhilePrintingIsUnknown) {
  EXPECT_EQ(PrintOf("printing", R"({"remain_time":0})"), "print start/printing");
  EXPECT_EQ(PrintOf("printing", R"({"remain_time":-1})"), "print start/printing");
  EXPECT_EQ(PrintOf("finished", R"({"remain_time":0})"), "print start/finished remaining=0");
  EXPECT_EQ(PrintOf("finished", R"({"remain_time":-1})"), "print start/finished");
}

TEST(Print, ImplausibleFiguresCostOnlyThemselves) {
  EXPECT_EQ(ErrorOf("print", R"({"progress":4000})"), "data.progress: 4000 is outside 0 to 100");
  EXPECT_EQ(ErrorOf("print", R"({"progress":-5})"), "data.progress: -5 is outside 0 to 100");
  EXPECT_EQ(ErrorOf("print", R"({"curr_layer":3.5})"),
            "data.curr_layer: expected integer, got number");
  EXPECT_EQ(ErrorOf("print", R"({"progress":"1e999"})"),
            "data.progress: expected number, got string");
  EXPECT_EQ(ErrorOf("print", R"({"progress":"nan"})"),
            "data.progress: expected number, got string");
  EXPECT_EQ(ErrorOf("print", R"({"settings":{"z_comp":40}})"),
            "data.settings.z_comp: 40 is outside -10 to 10");
  EXPECT_EQ(ErrorOf("print", R"({"settings":{"print_speed_mode":0}})"),
            "data.settings.print_speed_mode: 0 is outside 1 to 3");
  EXPECT_EQ(ErrorOf("tempature", R"({"curr_nozzle_temp":-200})"),
            "data.curr_nozzle_temp: -200 is outside -50 to 600");
  EXPECT_EQ(PrintOf("printing", R"({"progress":4000,"curr_layer":7})"),
            "print start/printing layer=7");
}

TEST(Print, SliceParamsComeAsObjectOrText) {
  for (const std::string_view value : {R"({"layer_height":0.2})", R"("{\"layer_height\":0.2}")"}) {
    EXPECT_EQ(BodyOf("print", R"({"action":"getSliceParam","state":"done","data":{"slice_param":)" +
                                  std::string(value) + "}}"),
              R"(print slice/done slice={"layer_height":0.2})");
  }
  EXPECT_EQ(ErrorOf("print", R"({"slice_param":"[]"})"),
            "data.slice_param: expected object, or one in a string");
}

TEST(Status, WordsComeAsStatesOrActions) {
  EXPECT_EQ(BodyOf("status", R"({"action":"BUSY"})"), "status busy");
  EXPECT_EQ(BodyOf("status", R"({"action":"workReport","state":"free"})"), "status free");
  EXPECT_EQ(BodyOf("status", R"({"action":"workReport","state":"odd"})"), "status unknown");
}

TEST(LastWill, StateCountsNotText) {
  EXPECT_EQ(BodyOf("lastWill", R"({"state":"online","msg":"device offline"})"), "online");
  EXPECT_EQ(BodyOf("lastWill", R"({"state":"offline","msg":"device online"})"), "offline");
  EXPECT_EQ(BodyOf("lastWill", "{}"), "offline");
}

TEST(Fan, AnAnswerToSetIsAFanReport) {
  EXPECT_EQ(BodyOf("set", R"({"action":"update","state":"updated",
      "data":{"settings":{"fan_speed_pct":50}}})"),
            "fan fan=0.5");
}

TEST(Files, RecordsMayBeMissingNullEmptyOrOne) {
  const auto list = [](std::string_view data) {
    return BodyOf("file",
                  R"({"action":"listUdisk","state":"done","data":)" + std::string(data) + "}");
  };
  for (const std::string_view none :
       {"null", "{}", R"({"records":null})", R"({"records":[]})", R"({"records":7})"}) {
    EXPECT_EQ(list(none), "file list_usb done");
  }
  EXPECT_EQ(list(R"({"records":{"filename":"a"}})"), "file list_usb done\na");
  EXPECT_EQ(list(R"({"records":[null,7,{"filename":"a"},{},{"filename":""}]})"),
            "file list_usb done\na");
  EXPECT_EQ(ErrorOf("file", R"({"records":[{"filename":"a"},{"filename":"b","size":"x"}]})"),
            "data.records[1].size: expected integer, got string");
}

TEST(Files, RecordTimesAreSecondsOrMilliseconds) {
  EXPECT_EQ(
      BodyOf("file", R"({"action":"listLocal","data":{"records":[
      {"filename":"s","timestamp":1705245340,"is_dir":1},
      {"filename":"ms","timestamp":1705245340137,"is_dir":0,"size":"12"},
      {"filename":"none","timestamp":0,"is_dir":true},
      {"filename":"late","timestamp":99999999999,"is_dir":false}]}})"),
      "file list_local\ns/ at=2024-01-14T15:15:40.000Z\nms size=12 at=2024-01-14T15:15:40.137Z"
      "\nnone/\nlate");
}

TEST(Files, NamesAreBytes) {
  const std::string name = "\xC4\xE3\xBA\xC3 (1)+[2].gcode";
  const Report report = DecodeOf("20021", "file", R"({"action":"listUdisk","data":{"records":[
      {"filename":")" + name + R"("},{"filename":"a\/b"}]}})");
  const auto& files = std::get<FileReport>(report.body);
  ASSERT_EQ(files.records.size(), 2U);
  EXPECT_EQ(files.records[0].filename, name);
  EXPECT_EQ(files.records[1].filename, "a/b");
}

TEST(Files, DeletionsAndRecommendations) {
  EXPECT_EQ(BodyOf("file", R"({"action":"deleteLocal","state":"success","data":null})"),
            "file delete_local done");
  EXPECT_EQ(BodyOf("file", R"({"action":"cloudRecommendList","state":"done","data":{"records":[
      {"md5":"m","url":"u","size":5,"img_url":"i","est_time":60},{}]}})"),
            "file recommend done\nm u size=5 i time=60\n  ");
}

TEST(Ota, ProgressIsAnActionOrAState) {
  constexpr std::array<std::array<std::string_view, 2>, 8> kRows{
      {{"start", "start"},
       {"downloading", "downloading"},
       {"updating", "updating"},
       {"update-success", "succeeded"},
       {"update-failed", "failed"},
       {"download-failed", "download_failed"},
       {"canceled", "canceled"},
       {"odd", "unknown"}}};
  for (const auto& [word, step] : kRows) {
    const std::string text(word);
    const std::string expected = "ota " + std::string(step);
    EXPECT_EQ(BodyOf("ota", R"({"action":"update","state":")" + text + "\"}"), expected);
    EXPECT_EQ(BodyOf("ota", R"({"action":")" + text + R"(","state":"done"})"), expected);
  }
  EXPECT_EQ(BodyOf("ota", R"({"action":"update","state":"updating",
      "data":{"progress":100,"current_progress":7}})"),
            "ota updating progress=0.07");
}

TEST(Ota, VersionsAreTrimmed) {
  EXPECT_EQ(BodyOf("ota", R"({"action":"reportVersion","state":"report-success",
      "data":{"firmware_version":"2.3.3.1 ","model_id":20024}})"),
            "ota version firmware=2.3.3.1 model=20024");
  EXPECT_EQ(BodyOf("ota", R"({"action":"reportVersion","data":{"firmware_version":" "}})"),
            "ota version");
}

TEST(SpeedMode, NamesAreReadBack) {
  for (const SpeedMode mode : {SpeedMode::kSilent, SpeedMode::kStandard, SpeedMode::kSport}) {
    EXPECT_EQ(ParseSpeedMode(Name(mode)), mode);
  }
  EXPECT_FALSE(ParseSpeedMode("ludicrous"));
}

TEST(Units, OfARegisteredModelAreTheRegistrys) {
  const Dialects registered{{"20021", {.job_time_unit_s = 1}}, {"m7", {.job_time_unit_s = 60}}};
  Decoder decoder(json::Limits(), registered);
  const auto body = [&decoder](const std::string& model) {
    const auto decoded = decoder.Decode(
        "anycubic/anycubicCloud/v1/printer/public/" + model + "/9347/print/report",
        R"({"action":"start","state":"printing","data":{"print_time":90,"supplies_usage":12.5}})");
    return DescribeBody(std::get<Report>(decoded).body);
  };
  EXPECT_EQ(body("20021"), "print start/printing elapsed=90");
  EXPECT_EQ(body("m7"), "print start/printing elapsed=5400");
  EXPECT_EQ(body("20022"), "print start/printing elapsed=5400 used=12.5") << "not registered";
}

}  // namespace
}  // namespace printfleet::protocol
