// A job and a firmware update through all their states.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "bench/simulator/job.h"
#include "tests/unit/simulator/printer_rig.h"

namespace printfleet::simulator {
namespace {

using Strings = std::vector<std::string>;

Behaviour Fast() {
  Behaviour behaviour;
  behaviour.speedup = 60;
  behaviour.print_minutes = 10;
  behaviour.layers = 20;
  behaviour.status_interval_s = 0;
  return behaviour;
}

// Started, downloaded, checked, hot: printing.
void BringToPrinting(PrinterRig& rig) {
  rig.Ask("print", "start", kRemoteStart);
  rig.Take();
  rig.FinishFetch();
  for (int i = 0; i < 100 && rig.printer().phase() != Phase::kPrinting; ++i) {
    rig.Pass(100);
  }
  ASSERT_EQ(rig.printer().phase(), Phase::kPrinting);
}

TEST(SimulatedJob, RemoteStartGoesThroughAllStates) {
  PrinterRig rig(Fast());

  EXPECT_EQ(rig.AskWords("print", "start", kRemoteStart),
            (Strings{"print/start/downloading/200", "status/workReport/busy/200"}));
  EXPECT_EQ(rig.fetch().url, "http://127.0.0.1/c.gcode");
  EXPECT_EQ(rig.fetch().size_bytes, 188000);
  EXPECT_EQ(rig.FinishFetch(),
            (Strings{"print/start/downloading/200", "print/start/checking/200"}));
  EXPECT_EQ(rig.PassWords(60'000),
            (Strings{"status/workReport/busy/200", "print/start/preheating/200",
                     "fan/auto/done/200", "print/start/printing/200", "print/start/finished/200",
                     "fan/auto/done/200", "status/workReport/free/200"}));
  EXPECT_EQ(rig.statistics().jobs_started, 1);
  EXPECT_EQ(rig.statistics().jobs_finished, 1);
}

TEST(SimulatedJob, BlockGrowsInTheUnitsOfAKobra2) {
  PrinterRig rig(Fast());
  BringToPrinting(rig);
  int layer = -1;
  for (const Told& told : rig.Pass(60'000)) {
    if (told.words != "print/start/printing/200") {
      continue;
    }
    const rapidjson::Document json = told.Json();
    const rapidjson::Value& data = json["data"];
    EXPECT_STREQ(data["taskid"].GetString(), "482913");
    EXPECT_GT(data["curr_layer"].GetInt(), layer);
    layer = data["curr_layer"].GetInt();
    EXPECT_EQ(data["total_layers"].GetInt(), 20);
    EXPECT_NEAR(data["print_time"].GetDouble() + data["remain_time"].GetDouble(), 10, 0.01);
    EXPECT_NEAR(data["print_time"].GetDouble() * 10, data["progress"].GetInt(), 1.01);
  }
  EXPECT_EQ(layer, 19);
}

TEST(SimulatedJob, DownloadedFileIsListed) {
  PrinterRig rig(Fast());
  BringToPrinting(rig);
  rig.Ask("file", "listLocal", R"({"path":"/"})");
  EXPECT_NE(rig.Take().at(0).payload.find("cube.gcode"), std::string::npos);
}

TEST(SimulatedJob, BadDownloadsFailWithTheVendorsCodes) {
  for (const auto& [result, code] :
       {std::pair{FetchResult::kDownloadFailed, "10105"}, {FetchResult::kMd5Failed, "10113"}}) {
    PrinterRig rig(Fast());
    rig.Ask("print", "start", kRemoteStart);
    rig.Take();
    EXPECT_EQ(rig.FinishFetch(result),
              (Strings{std::string("print/start/failed/") + code, "fan/auto/done/200",
                       "status/workReport/free/200"}));
    EXPECT_EQ(rig.statistics().jobs_failed, 1);
  }
}

TEST(SimulatedJob, LocalStartNeedsTheFile) {
  PrinterRig rig(Fast());
  EXPECT_EQ(
      rig.AskWords(
          "print", "start",
          R"({"taskid":"1","filename":"no.gcode","filepath":"/","filetype":1,"task_mode":1})"),
      Strings{"print/start/failed/10115"});
  EXPECT_EQ(rig.AskWords("print", "start", kLocalStart),
            (Strings{"print/start/checking/200", "status/workReport/busy/200"}));
}

TEST(SimulatedJob, SecondStartIsRefusedAndChangesNothing) {
  PrinterRig rig(Fast());
  rig.Ask("print", "start", kLocalStart);
  rig.Take();
  EXPECT_EQ(rig.AskWords("print", "start", kRemoteStart), Strings{"print/start/failed/10101"});
  EXPECT_EQ(rig.printer().phase(), Phase::kChecking);
}

TEST(SimulatedJob, PauseResumeAndStop) {
  PrinterRig rig(Fast());
  BringToPrinting(rig);
  EXPECT_EQ(rig.AskWords("print", "pause", R"({"taskid":"482913"})"),
            Strings{"print/pause/pausing/200"});
  EXPECT_EQ(rig.PassWords(1'000), Strings{"print/pause/paused/200"});
  EXPECT_EQ(rig.AskWords("print", "pause", R"({"taskid":"482913"})"),
            Strings{"print/pause/failed/10103"});
  EXPECT_EQ(rig.AskWords("print", "query", R"({"taskid":"482913"})"),
            Strings{"print/query/paused/200"});
  EXPECT_TRUE(rig.PassWords(30'000).empty());
  EXPECT_EQ(rig.AskWords("print", "resume", R"({"taskid":"482913"})"),
            Strings{"print/resume/resuming/200"});
  EXPECT_EQ(rig.PassWords(200), (Strings{"print/resume/resumed/200", "print/start/printing/200"}));
  EXPECT_EQ(rig.AskWords("print", "stop", R"({"taskid":"482913"})"),
            Strings{"print/stop/stopping/200"});
  EXPECT_EQ(rig.PassWords(1'000),
            (Strings{"print/stop/stoped/200", "fan/auto/done/200", "status/workReport/free/200"}));
  EXPECT_EQ(rig.statistics().jobs_stopped, 1);
}

TEST(SimulatedJob, WrongTaskIdFails) {
  PrinterRig rig(Fast());
  BringToPrinting(rig);
  for (const char* action : {"pause", "resume", "stop"}) {
    EXPECT_EQ(rig.AskWords("print", action, R"({"taskid":"999"})"),
              Strings{std::string("print/") + action + "/failed/10102"});
  }
  EXPECT_EQ(rig.printer().phase(), Phase::kPrinting);
}

TEST(SimulatedJob, MinusOneMeansTheCurrentJob) {
  PrinterRig rig(Fast());
  BringToPrinting(rig);
  EXPECT_EQ(rig.AskWords("print", "stop", R"({"taskid":"-1"})"),
            Strings{"print/stop/stopping/200"});
}

TEST(SimulatedJob, IdleStopFailsWithNoPrintTask) {
  PrinterRig rig(Fast());
  EXPECT_EQ(rig.AskWords("print", "stop", R"({"taskid":"1"})"), Strings{"print/stop/failed/10102"});
}

TEST(SimulatedJob, StopWhileDownloadingGivesUpTheDownload) {
  PrinterRig rig(Fast());
  rig.Ask("print", "start", kRemoteStart);
  rig.Take();
  rig.Ask("print", "stop", R"({"taskid":"482913"})");
  rig.Take();
  EXPECT_EQ(rig.cancelled(), rig.fetch().token);
  EXPECT_TRUE(rig.FinishFetch().empty());
  rig.Pass(1'000);
  EXPECT_EQ(rig.printer().phase(), Phase::kIdle);
}

TEST(SimulatedJob, FinishedCanBeLostOrLate) {
  Behaviour behaviour = Fast();
  behaviour.lose_finished = 1;
  PrinterRig lost(behaviour);
  lost.Ask("print", "start", kLocalStart);
  lost.Take();
  const Strings without = lost.PassWords(60'000);
  EXPECT_EQ(std::count(without.begin(), without.end(), "print/start/finished/200"), 0);
  EXPECT_EQ(without.back(), "status/workReport/free/200");

  behaviour.lose_finished = 0;
  behaviour.free_early = 1;
  PrinterRig late(behaviour);
  late.Ask("print", "start", kLocalStart);
  late.Take();
  EXPECT_EQ(late.PassWords(60'000).back(), "print/start/finished/200");
}

TEST(SimulatedJob, PanelJobCarriesItsOwnTaskId) {
  PrinterRig rig(Fast());
  ASSERT_TRUE(rig.printer().PanelStart("stick.gcode", "-1", rig.now_ms()));
  const std::vector<Told> told = rig.Take();
  EXPECT_STREQ(told.at(0).Json()["data"]["taskid"].GetString(), "-1");
  EXPECT_FALSE(rig.printer().PanelStart("other.gcode", "-1", rig.now_ms()));
}

TEST(SimulatedJob, RebootForgetsTheJob) {
  PrinterRig rig(Fast());
  BringToPrinting(rig);
  rig.printer().Reboot(rig.now_ms());
  EXPECT_TRUE(rig.Take().empty());
  EXPECT_TRUE(rig.reboot_ms());
  EXPECT_EQ(rig.printer().phase(), Phase::kIdle);
}

TEST(SimulatedJob, TableIsWalkedWhole) {
  constexpr std::array kPhases = {Phase::kIdle,       Phase::kDownloading, Phase::kChecking,
                                  Phase::kPreheating, Phase::kPrinting,    Phase::kPausing,
                                  Phase::kPaused,     Phase::kResuming,    Phase::kStopping};
  for (const Phase phase : kPhases) {
    const bool idle = phase == Phase::kIdle;
    EXPECT_EQ(NextPhase(phase, JobEvent::kStartRemote).has_value(), idle);
    EXPECT_EQ(NextPhase(phase, JobEvent::kStartLocal).has_value(), idle);
    EXPECT_EQ(NextPhase(phase, JobEvent::kStop).has_value(), !idle && phase != Phase::kStopping);
    EXPECT_EQ(NextPhase(phase, JobEvent::kFail).has_value(), !idle);
    EXPECT_EQ(NextPhase(phase, JobEvent::kResume).has_value(), phase == Phase::kPaused);
    EXPECT_STRNE(PhaseWord(phase), "");
  }
}

constexpr const char* kFirmware =
    R"({"firmware_version":"3.1.2","firmware_name":"u.bin","firmware_url":"http://127.0.0.1/u.bin",)"
    R"("firmware_md5":"943c0dff568dd508e21af2d894bb6b49","firmware_size":1000,"force_update":true})";

TEST(SimulatedUpdate, EndsWithANewVersionAfterARestart) {
  PrinterRig rig(Fast(), "3.0.9");
  EXPECT_EQ(rig.AskWords("ota", "update", kFirmware),
            (Strings{"ota/update/start/200", "ota/update/downloading/200",
                     "status/workReport/busy/200"}));
  EXPECT_EQ(rig.FinishFetch(), Strings{"ota/update/downloading/200"});
  EXPECT_EQ(rig.PassWords(5'000),
            (Strings{"ota/update/updating/200", "ota/update/update-success/200"}));
  EXPECT_TRUE(rig.reboot_ms());
  EXPECT_EQ(rig.printer().identity().firmware, "3.1.2");
  EXPECT_EQ(rig.statistics().updates_done, 1);
}

TEST(SimulatedUpdate, FailsAsTold) {
  struct Case {
    OtaFault fault;
    const char* last;
    bool reboots;
    const char* version;
  };

  for (const Case& one :
       {Case{OtaFault::kDownload, "ota/update/download-failed/10801", false, "3.0.9"},
        Case{OtaFault::kVerify, "ota/update/update-failed/10805", false, "3.0.9"},
        Case{OtaFault::kUpdate, "ota/update/update-failed/10802", false, "3.0.9"},
        Case{OtaFault::kOldVersion, "ota/update/update-success/200", true, "3.0.9"},
        Case{OtaFault::kNeverBack, "ota/update/update-success/200", true, "3.1.2"},
        Case{OtaFault::kSilent, "", true, "3.1.2"}}) {
    Behaviour behaviour = Fast();
    behaviour.ota_fault = one.fault;
    PrinterRig rig(behaviour, "3.0.9");
    Strings all = rig.AskWords("ota", "update", kFirmware);
    for (const Strings& more : {rig.FinishFetch(), rig.PassWords(5'000)}) {
      all.insert(all.end(), more.begin(), more.end());
    }
    std::erase_if(all, [](const std::string& words) { return words.find("ota/") != 0; });
    EXPECT_EQ(all.empty() ? "" : all.back(), one.last);
    EXPECT_EQ(rig.reboot_ms().has_value(), one.reboots);
    EXPECT_EQ(rig.printer().identity().firmware, one.version);
    if (one.fault == OtaFault::kNeverBack) {
      EXPECT_LT(*rig.reboot_ms(), 0);
    }
  }
}

TEST(SimulatedUpdate, IsRefusedWhilePrintingAndWithoutTheRightFields) {
  PrinterRig rig(Fast());
  EXPECT_EQ(rig.Ask("ota", "update", R"({"firmware_version":"3.1.2"})"), Verdict::kMalformed);
  rig.Take();
  rig.Ask("print", "start", kLocalStart);
  rig.Take();
  EXPECT_EQ(rig.AskWords("ota", "update", kFirmware), Strings{"ota/update/update-failed/10101"});
}

TEST(SimulatedUpdate, OldFirmwareNeedsTheStepOver303) {
  PrinterRig rig(Fast(), "2.3.9");
  EXPECT_EQ(rig.AskWords("ota", "update", kFirmware), Strings{"ota/update/update-failed/10802"});
}

}  // namespace
}  // namespace printfleet::simulator
