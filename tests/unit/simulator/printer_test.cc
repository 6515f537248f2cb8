// Each command against a printer, and what it must answer.
#include "bench/simulator/printer.h"

#include <gtest/gtest.h>

#include "tests/unit/simulator/printer_rig.h"

namespace printfleet::simulator {
namespace {

using Strings = std::vector<std::string>;

TEST(SimulatedPrinter, GreetsWithOnlineVersionAndStatus) {
  Statistics statistics;
  const Behaviour behaviour;
  Printer printer(MakeIdentity({1, 0, "", Models()[1], "3.1.0"}), behaviour, 1, statistics);
  printer.Connected(1'700'000'000'000);
  const Effects effects = printer.TakeEffects();
  ASSERT_EQ(effects.reports.size(), 3U);
  EXPECT_EQ(effects.reports[0].tail, "lastWill/report");
  EXPECT_NE(effects.reports[0].payload.find("\"state\":\"online\""), std::string::npos);
  EXPECT_EQ(effects.reports[1].tail, "ota/report");
  EXPECT_NE(effects.reports[1].payload.find("\"firmware_version\":\"3.1.0\""), std::string::npos);
  EXPECT_EQ(effects.reports[2].tail, "status/report");
}

TEST(SimulatedPrinter, AnswersEveryQuery) {
  struct Case {
    const char* type;
    const char* action;
    const char* data;
    const char* words;
  };

  const Case cases[] = {
      {"file", "listLocal", R"({"path":"/","task_mode":2})", "file/listLocal/done/200"},
      {"file", "listUdisk", R"({"path":"/"})", "file/listUdisk/done/200"},
      {"file", "listLocal", R"({"path":""})", "file/listLocal/failed/10112"},
      {"file", "deleteLocal", R"({"path":"/","filename":"clip.gcode"})",
       "file/deleteLocal/success/200"},
      {"file", "deleteLocal", R"({"path":"/","filename":"none"})", "file/deleteLocal/failed/11001"},
      {"file", "deleteUdisk", R"({"path":"/","filename":"benchy.gcode"})",
       "file/deleteUdisk/success/200"},
      {"file", "cloudRecommendList", R"({"records":[]})", "file/cloudRecommendList/done/200"},
      {"status", "query", "null", "status/workReport/free/200"},
      {"video", "startCapture", "null", "video/startCapture/initSuccess/200"},
      {"print", "getSliceParam", "null", "print/getSliceParam/done/200"},
      {"print", "localtasktrans", R"({"taskid":"1","localtask":"x"})",
       "print/localtasktrans/done/200"},
      {"print", "update", R"({"taskid":"0","settings":{"target_hotbed_temp":60}})",
       "print/update/updated/200"},
      {"print", "update", R"({"taskid":"0","settings":{"target_nozzle_temp":400}})",
       "print/update/failed/10410"},
      {"ota", "reportVersion", "null", "ota/reportVersion/done/200"},
  };
  for (const Case& one : cases) {
    PrinterRig rig;
    EXPECT_EQ(rig.Ask(one.type, one.action, one.data), Verdict::kAccepted) << one.action;
    EXPECT_EQ(rig.Words(), Strings{one.words}) << one.data;
  }
}

TEST(SimulatedPrinter, FanSettingShowsInReplyAndFanReport) {
  PrinterRig rig;
  rig.Ask("set", "update", R"({"fan_speed_pct":50,"settings":{"fan_speed_pct":50}})");
  const std::vector<Told> told = rig.Take();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].tail, "set/report");
  EXPECT_EQ(told[0].Json()["data"]["settings"]["fan_speed_pct"].GetInt(), 50);
  EXPECT_EQ(told[1].tail, "fan/report");
  EXPECT_EQ(told[1].Json()["data"]["fan_speed_pct"].GetInt(), 50);
}

TEST(SimulatedPrinter, IdlePrintQueryIsSilent) {
  PrinterRig rig;
  EXPECT_EQ(rig.Ask("print", "query", "null"), Verdict::kAccepted);
  EXPECT_TRUE(rig.Words().empty());
}

TEST(SimulatedPrinter, CancelIsIgnoredByDefault) {
  PrinterRig rig;
  EXPECT_EQ(rig.Ask("print", "cancel", R"({"taskid":"1"})"), Verdict::kIgnored);
  EXPECT_TRUE(rig.Words().empty());
}

TEST(SimulatedPrinter, UnknownCommandIsSilent) {
  PrinterRig rig;
  EXPECT_EQ(rig.Ask("axis", "move", "null"), Verdict::kUnknown);
  EXPECT_TRUE(rig.Words().empty());
}

TEST(SimulatedPrinter, MalformedRequestsGetJsonInvalid) {
  PrinterRig rig;
  const std::pair<const char*, const char*> requests[] = {
      {"pause", R"({"taskid":482913})"},
      {"stop", "null"},
      {"start", R"({"taskid":"x","filename":"a","filetype":0,"task_mode":1})"},
      {"start", R"({"taskid":"1","filename":"a","filetype":0,"task_mode":1,"url":"u"})"},
      {"start", R"({"taskid":"1","filename":"a","filetype":1,"task_mode":1})"},
      {"update", R"({"taskid":"0","settings":{}})"},
      {"update", R"({"taskid":"0","settings":{"fan_speed_pct":"50"}})"},
      {"update", R"({"taskid":"0","settings":{"print_speed_mode":0}})"},
      {"update", R"({"settings":{"fan_speed_pct":50}})"},
      {"cancel", R"({"taskid":1})"},
  };
  for (const auto& [action, data] : requests) {
    EXPECT_EQ(rig.Ask("print", action, data), Verdict::kMalformed) << data;
    EXPECT_EQ(rig.Words(), Strings{std::string("print/") + action + "/failed/10110"}) << data;
  }
}

TEST(SimulatedPrinter, MalformedEnvelopesAreSeen) {
  PrinterRig rig;
  const std::string topic = rig.Topic("status", "query");
  for (
      const char* payload :
      {"", "{", "[]", "{}", R"({"type":"status","action":"query"})",
       R"({"type":"print","action":"query","msgid":"6f2c8f0e-3b1d-4d0e-9c54-2f6a1d3a7b10","timestamp":1705245340137})",
       R"({"type":"status","action":"query","msgid":"x","timestamp":1705245340137})",
       R"({"type":"status","action":"query","msgid":"6f2c8f0e-3b1d-4d0e-9c54-2f6a1d3a7b10","timestamp":17})",
       R"({"type":"status","action":"query","msgid":"6f2c8f0e-3b1d-4d0e-9c54-2f6a1d3a7b10","timestamp":1705245340137,"data":[]})"}) {
    EXPECT_EQ(rig.printer().Handle(topic, payload, rig.now_ms()), Verdict::kMalformed) << payload;
    ASSERT_EQ(rig.Take().size(), 1U);
  }
}

TEST(SimulatedPrinter, LenientTakesTheShortSamples) {
  Behaviour behaviour;
  behaviour.lenient = true;
  PrinterRig rig(behaviour);
  EXPECT_EQ(rig.printer().Handle(rig.Topic("status", "query"),
                                 R"({"type":"status","action":"query"})", rig.now_ms()),
            Verdict::kAccepted);
}

TEST(SimulatedPrinter, KobraUnleashedListWithPathBesideDataIsTaken) {
  PrinterRig rig;
  const std::string body =
      R"({"data": {"task_mode": 2}, "path": "\/", "msgid": "6f2c8f0e-3b1d-4d0e-9c54-2f6a1d3a7b10", )"
      R"("timestamp": 1705245340137, "type": "file", "action": "listLocal"})";
  EXPECT_EQ(rig.printer().Handle(rig.Topic("file", "listLocal"), body, rig.now_ms()),
            Verdict::kAccepted);
  const std::vector<Told> told = rig.Take();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].Json()["data"]["records"].Size(), 3U);
}

TEST(SimulatedPrinter, HearsOnlyTheTopicFormOfItsFirmware) {
  for (const auto& [firmware, is_short] :
       {std::pair{"3.1.0", true}, {"3.1.2.3", true}, {"3.0.9", false}, {"3.0.10", false}}) {
    PrinterRig rig({}, firmware);
    const Identity& identity = rig.printer().identity();
    const std::string base =
        "anycubic/anycubicCloud/v1/server/printer/20021/" + identity.id + "/status";
    const std::string body = PrinterRig::Body("status", "query", "null");
    const auto ask = [&](const std::string& topic) {
      return rig.printer().Handle(topic, body, rig.now_ms());
    };
    EXPECT_EQ(ask(base), is_short ? Verdict::kAccepted : Verdict::kWrongForm) << firmware;
    EXPECT_EQ(ask(base + "/query"), is_short ? Verdict::kWrongForm : Verdict::kAccepted);
  }
}

TEST(SimulatedPrinter, AnotherPrintersTopicIsWrong) {
  PrinterRig rig;
  EXPECT_EQ(rig.printer().Handle("anycubic/anycubicCloud/v1/server/printer/20021/" +
                                     std::string(32, 'f') + "/status",
                                 PrinterRig::Body("status", "query", "null"), rig.now_ms()),
            Verdict::kWrongForm);
  EXPECT_TRUE(rig.Words().empty());
}

TEST(SimulatedPrinter, EchoesTheMsgidAsOftenAsTold) {
  for (const double probability : {0.0, 1.0}) {
    Behaviour behaviour;
    behaviour.echo_msgid = probability;
    PrinterRig rig(behaviour);
    rig.Ask("status", "query", "null");
    const std::vector<Told> told = rig.Take();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].msgid == PrinterRig::kMsgid, probability > 0.5);
  }
}

TEST(SimulatedPrinter, OverlappingFiltersAreDroppedByMsgid) {
  Behaviour behaviour;
  behaviour.overlapping_filters = true;
  PrinterRig rig(behaviour);
  EXPECT_EQ(rig.Ask("status", "query", "null"), Verdict::kAccepted);
  EXPECT_EQ(rig.Ask("status", "query", "null"), Verdict::kDuplicate);
}

TEST(SimulatedPrinter, FaultsIgnoreOrFailCommands) {
  Behaviour behaviour;
  behaviour.ignore_commands = 1;
  PrinterRig deaf(behaviour);
  EXPECT_EQ(deaf.Ask("status", "query", "null"), Verdict::kIgnored);
  EXPECT_TRUE(deaf.Words().empty());

  behaviour.ignore_commands = 0;
  behaviour.fail_commands = 1;
  PrinterRig unwilling(behaviour);
  EXPECT_EQ(unwilling.AskWords("print", "pause", R"({"taskid":"1"})"),
            Strings{"print/pause/failed/10000"});
}

TEST(SimulatedPrinter, HeatsUpAndCoolsDown) {
  PrinterRig rig;
  rig.Ask("print", "update",
          R"({"taskid":"0","settings":{"target_nozzle_temp":210,"target_hotbed_temp":60}})");
  rig.Take();
  const auto nozzle = [&] {
    rig.Ask("tempature", "query", "null");
    return rig.Take().at(0).Json()["data"]["curr_nozzle_temp"].GetInt();
  };
  rig.Pass(30'000);
  const int halfway = nozzle();
  EXPECT_GT(halfway, 60);
  EXPECT_LT(halfway, 150);
  rig.Pass(120'000);
  EXPECT_NEAR(nozzle(), 210, 2);
  rig.Ask("print", "update", R"({"taskid":"0","settings":{"target_nozzle_temp":0}})");
  rig.Take();
  rig.Pass(60'000);
  EXPECT_LT(nozzle(), 160);
  rig.Pass(1'200'000);
  EXPECT_NEAR(nozzle(), 22, 2);
}

TEST(SimulatedPrinter, SameSeedSameReports) {
  const auto run = [] {
    Behaviour behaviour;
    behaviour.speedup = 60;
    PrinterRig rig(behaviour);
    rig.Ask("print", "start", kLocalStart);
    std::string all;
    for (const Told& told : rig.Pass(120'000)) {
      all += told.payload;
    }
    return all;
  };
  EXPECT_EQ(run(), run());
}

TEST(SimulatedPrinter, RequestsOfAnyBytesNeverCrash) {
  Random random(3);
  PrinterRig rig;
  const std::string body = PrinterRig::Body("print", "start", kRemoteStart);
  for (int i = 0; i < 5'000; ++i) {
    std::string mutated = body;
    for (int edits = 0; edits < 3; ++edits) {
      const auto at = static_cast<std::size_t>(
          random.Between(0, static_cast<std::int64_t>(mutated.size()) - 1));
      mutated[at] = static_cast<char>(random.Next() & 0xffU);
    }
    mutated.resize(
        static_cast<std::size_t>(random.Between(0, static_cast<std::int64_t>(mutated.size()))));
    rig.printer().Handle(rig.Topic("print", "start"), mutated, rig.now_ms());
    rig.Take();
  }
}

}  // namespace
}  // namespace printfleet::simulator
