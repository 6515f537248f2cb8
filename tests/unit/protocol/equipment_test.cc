// Reports of equipment and surroundings: each type and each of its words. Sections are the
// dossier's.
#include <gtest/gtest.h>

#include <array>

#include "protocol/decode.h"
#include "tests/unit/protocol/describe.h"

namespace printfleet::protocol {
namespace {

std::string BodyOf(std::string_view type, std::string_view payload) {
  Decoder decoder{json::Limits()};
  const std::string topic =
      "anycubic/anycubicCloud/v1/printer/public/20021/9347/" + std::string(type) + "/report";
  const auto decoded = decoder.Decode(topic, payload);
  const auto& report = std::get<Report>(decoded);
  EXPECT_EQ(report.type, type);
  EXPECT_TRUE(report.field_errors.empty()) << report.field_errors.front().field;
  return DescribeBody(report.body);
}

std::string WordOf(std::string_view type, std::string_view member, std::string_view word) {
  return BodyOf(type, std::string("{\"").append(member).append("\":\"").append(word) + "\"}");
}

TEST(Equipment, VideoWords) {
  constexpr std::array<std::array<std::string_view, 2>, 8> kRows{{{"initSuccess", "started"},
                                                                  {"joinSuccess", "joined"},
                                                                  {"leaveSuccess", "left"},
                                                                  {"pushStopped", "stopped"},
                                                                  {"done", "done"},
                                                                  {"failed", "failed"},
                                                                  {"", "none"},
                                                                  {"odd", "unknown"}}};
  for (const auto& [word, meaning] : kRows) {
    EXPECT_EQ(WordOf("video", "state", word), "video " + std::string(meaning));
  }
}

TEST(Equipment, UserActions) {
  EXPECT_EQ(BodyOf("user", R"({"action":"bindQuery","state":"done","data":null})"),
            "user bind_query done");
  EXPECT_EQ(WordOf("user", "action", "unbind"), "user unbind");
  EXPECT_EQ(WordOf("user", "action", "odd"), "user other");
}

TEST(Equipment, PeripheralsAreNumbersOrFlags) {
  EXPECT_EQ(BodyOf("peripherie", R"({"data":{"camera":0,"multiColorBox":true,"udisk":1}})"),
            "peripherals camera=no box=yes usb=yes");
  EXPECT_EQ(BodyOf("peripherie", R"({"data":{"udisk":false}})"), "peripherals usb=no");
}

TEST(Equipment, LightsHavePlaces) {
  EXPECT_EQ(BodyOf("light", R"({"action":"query","data":{"lights":[
      {"type":1,"status":1,"brightness":100},{"type":2,"status":0,"brightness":0},
      {"type":3,"status":true},{"type":9}]}})"),
            "light\nhead on=yes brightness=1\nchamber on=no brightness=0\ncamera on=yes\nunknown");
}

TEST(Equipment, AxesHaveCoordinates) {
  EXPECT_EQ(BodyOf("axis", R"({"action":"move","data":{"coordinates":{"x":-1.5,"y":0,"z":4}}})"),
            "axis move x=-1.5 y=0 z=4");
  EXPECT_EQ(BodyOf("axis", R"({"action":"turnOff","data":null})"), "axis turn_off");
  EXPECT_EQ(WordOf("axis", "action", "odd"), "axis other");
}

TEST(Equipment, Networks) {
  EXPECT_EQ(BodyOf("wifi", R"({"action":"getSignalStrength","data":{"signal_strength":-61}})"),
            "wifi signal=-61");
  EXPECT_EQ(BodyOf("network", R"({"action":"queryInfo","state":"done","data":{"any":1}})"),
            "network done");
}

TEST(Equipment, BoxesComeInAListOrAlone) {
  EXPECT_EQ(BodyOf("multiColorBox", R"({"action":"getInfo","state":"success","data":
      {"multi_color_box":[{"id":0,"loaded_slot":-1,"temp":27,"drying_status":{"status":1,
      "target_temp":45},"slots":[{"index":3,"type":"PLA +","color":[1,2,3]},{"index":2}]},{"id":1}]}})"),
            "boxes get_info done\nbox id=0 loaded=-1 at=27 drying=yes target=45"
            "\n slot index=3 material=PLA +\n slot index=2\nbox id=1");
  EXPECT_EQ(BodyOf("multiColorBox",
                   R"({"action":"autoUpdateInfo","state":"done","data":{"id":1,"loaded_slot":2}})"),
            "boxes update_info done\nbox id=1 loaded=2");
  constexpr std::array<std::array<std::string_view, 2>, 7> kRows{
      {{"setInfo", "set_info"},
       {"refresh", "refresh"},
       {"setDry", "set_dry"},
       {"autoUpdateDryStatus", "dry_status"},
       {"feedFilament", "feed"},
       {"setAutoFeed", "set_auto_feed"},
       {"odd", "other"}}};
  for (const auto& [word, action] : kRows) {
    EXPECT_EQ(WordOf("multiColorBox", "action", word), "boxes " + std::string(action));
  }
}

TEST(Equipment, TheHolderBesideThePrinter) {
  EXPECT_EQ(BodyOf("extfilbox", R"({"action":"reportInfo","state":"success",
      "data":{"id":0,"type":"PETG","color":[0,0,0],"loaded":1}})"),
            "holder material=PETG loaded=yes");
}

TEST(Equipment, TypesOfOtherPrintersAreRecognized) {
  for (const std::string_view type :
       {"aiSettings", "buried", "event", "properties", "filament", "screenSaver", "levelling",
        "zoff", "preheating", "exposure", "residual", "airpure", "releaseFilm", "smartResinVat",
        "resin", "autoOperation", "online", "offline", "slice"}) {
    EXPECT_EQ(BodyOf(type, R"({"action":"any","data":[1]})"), "other") << type;
  }
}

TEST(Temperature, ChambersAreReadWhereThereAreSome) {
  EXPECT_EQ(BodyOf("tempature", R"({"data":{"curr_chamber_temp":35,"target_chamber_temp":"40"}})"),
            "temperature chamber=35 chamber_target=40");
}

TEST(Fan, AuxiliaryAndBoxFans) {
  EXPECT_EQ(
      BodyOf("fan", R"({"data":{"fan_speed_pct":50,"aux_fan_speed_pct":25,"box_fan_level":2}})"),
      "fan fan=0.5 aux=0.25 box=2");
}

// Source: tests/fixtures/captures/metheos_kobra_s1.jsonl, its first line.
std::string InfoWith(const std::string& project) {
  return BodyOf("info",
                R"({"data":{"state":"busy","version":"2.5.8.8","project":)" + project + "}}");
}

TEST(Equipment, InfoTellsOfTheJobUnderWay) {
  const std::string figures =
      R"("progress":34,"curr_layer":50,"total_layers":184,"task_id":-1,"filename":"a.gcode")";
  const std::string job = " task=-1 file=a.gcode progress=0.34 layer=50 layers=184";
  EXPECT_EQ(InfoWith(R"({"state":"printing","pause":0,)" + figures + "}"),
            "info busy firmware=2.5.8.8 [print other/printing" + job + "]");
  EXPECT_EQ(InfoWith(R"({"state":"printing","pause":1,)" + figures + "}"),
            "info busy firmware=2.5.8.8 [print other/paused" + job + "]");
  EXPECT_EQ(InfoWith(R"({"state":"preheating",)" + figures + "}"),
            "info busy firmware=2.5.8.8 [print other/preheating" + job + "]");
}

TEST(Equipment, AnEndedProjectIsNoJobUnderWay) {
  for (const char* project : {R"({"state":"failed","filename":"a.gcode"})", "null",
                              R"({"print_status":0,"filename":""})", R"({"state":"odd"})"}) {
    EXPECT_EQ(InfoWith(project), "info busy firmware=2.5.8.8") << project;
  }
}

}  // namespace
}  // namespace printfleet::protocol
