// How many at once, and how fast: interval_ms, heating_limit, commands.heating_max.
#include "fleet/flow.h"

#include <gtest/gtest.h>

#include "farm.h"

namespace printfleet::fleet {
namespace {

using namespace std::chrono_literals;

const std::string kAll = R"({"all":true})";
const std::string kHeat = R"({"bed_target_c":60,"unattended_ok":true})";

void AddFour(Farm& farm) {
  for (const char* name : {"a", "b", "c", "d"}) {
    farm.Add(name);
  }
  farm.world.Merge();
}

// What its heaters are told and have reached, as the printer reports it.
void ReportBed(Farm& farm, const std::string& name, double temp, double target) {
  protocol::TemperatureReport report;
  report.temperatures.bed_c = temp;
  report.temperatures.bed_target_c = target;
  farm.Report(name, report, MakeEnvelope("tempature", "auto"));
}

size_t Sent(const Farm& farm) {
  return farm.all.outgoing.size();
}

TEST(Flow, KeepsTheIntervalBetweenPrinters) {
  Farm farm;
  AddFour(farm);
  farm.Send(Farm::Make(1, "status.query", kAll, "{}", R"({"interval_ms":2000})"));
  EXPECT_EQ(farm.SentTo(), "a");
  farm.Pass(1900ms);
  EXPECT_EQ(farm.SentTo(), "a");
  farm.Pass(200ms);
  EXPECT_EQ(farm.SentTo(), "a b");
  farm.Pass(4s);
  EXPECT_EQ(farm.SentTo(), "a b c d");
}

TEST(Flow, PrintersThatAreSkippedTakeNoTime) {
  Farm farm;
  AddFour(farm);
  farm.Send(Farm::Make(1, "status.query", kAll, "{}", R"({"interval_ms":2000})"));
  farm.At("b").presence = printer::Presence::kOffline;
  farm.world.Merge();
  farm.Pass(2100ms);
  EXPECT_EQ(farm.SentTo(), "a c");
  EXPECT_EQ(farm.State("b"), "skipped(offline)");
}

TEST(Flow, AnEndBeforeTheIntervalIsOverStartsNothing) {
  Farm farm;
  AddFour(farm);
  farm.Send(Farm::Make(1, "status.query", kAll, "{}", R"({"interval_ms":2000})"));
  farm.ReportStatus("a", protocol::WorkState::kFree);
  farm.Pass(1s);
  EXPECT_EQ(farm.SentTo(), "a");
}

TEST(Flow, AStopKnowsNoIntervalAndNoHeatingLimit) {
  Farm farm;
  AddFour(farm);
  farm.settings.commands.heating_max = 1;
  farm.Send(Farm::Make(1, "print.stop", kAll, "{}",
                       R"({"interval_ms":60000,"heating_limit":1,"max_in_flight":1})"));
  EXPECT_EQ(farm.SentTo(), "a b c d");
}

TEST(Flow, HeatsAtMostSoManyAtOnce) {
  Farm farm;
  AddFour(farm);
  farm.Send(Farm::Make(1, "print.update", kAll, kHeat, R"({"heating_limit":2})"));
  farm.Pass(1s);
  EXPECT_EQ(farm.SentTo(), "a b");
  // They take it, and heat.
  for (const char* name : {"a", "b"}) {
    farm.ReportPrint(name, protocol::PrintAction::kUpdate, protocol::PrintWord::kUpdated, "0");
    EXPECT_EQ(farm.State(name), "succeeded");
    ReportBed(farm, name, 25, 60);
  }
  farm.Pass(60s);
  EXPECT_EQ(farm.SentTo(), "a b");
  // The first has its temperature: one more.
  ReportBed(farm, "a", 58, 60);
  farm.Pass(3s);
  EXPECT_EQ(farm.SentTo(), "a b c");
}

TEST(Flow, CountsPrintersThatHeatOfThemselves) {
  Farm farm;
  AddFour(farm);
  farm.Add("z");
  farm.world.Merge();
  farm.settings.commands.heating_max = 1;
  ReportBed(farm, "z", 25, 90);
  farm.Send(Farm::Make(1, "print.update", R"({"printers":["a"]})", kHeat));
  farm.Pass(5s);
  EXPECT_EQ(farm.SentTo(), "");
  farm.At("z").presence = printer::Presence::kOffline;  // without power it draws none
  farm.world.Merge();
  farm.Pass(3s);
  EXPECT_EQ(farm.SentTo(), "a");
}

TEST(Flow, WaitsForHeatNotForEver) {
  Farm farm;
  AddFour(farm);
  farm.settings.commands.heating_max = 1;
  ReportBed(farm, "d", 25, 90);  // and never gets there
  farm.Send(Farm::Make(1, "print.update", R"({"printers":["a"]})", kHeat));
  for (int minute = 0; minute < 25; ++minute) {
    farm.Pass(60s);
    ReportBed(farm, "d", 25, 90);
  }
  EXPECT_EQ(At(farm.Last("done"), "expired"), "1");
  EXPECT_EQ(farm.SentTo(), "");
}

TEST(Flow, WhatDoesNotHeatDoesNotWaitForIt) {
  Farm farm;
  AddFour(farm);
  farm.settings.commands.heating_max = 1;
  ReportBed(farm, "d", 25, 90);
  farm.Send(Farm::Make(1, "status.query", kAll, "{}", R"({"heating_limit":1})"));
  EXPECT_EQ(Sent(farm), 4U);
}

TEST(Flow, RefusesLimitsOutOfRange) {
  for (const char* options :
       {R"({"interval_ms":-1})", R"({"interval_ms":3600001})", R"({"heating_limit":0})",
        R"({"heating_limit":"2"})", R"({"interval_ms":1.5})"}) {
    Farm farm;
    AddFour(farm);
    farm.Send(Farm::Make(1, "status.query", kAll, "{}", options));
    EXPECT_EQ(farm.Events("rejected").size(), 1U) << options;
    EXPECT_EQ(Sent(farm), 0U) << options;
  }
}

TEST(Heating, IsReportedOrToBeExpected) {
  Farm farm;
  printer::Printer printer = farm.Add("a");
  const auto heats = [&] { return IsHeating(printer, farm.now); };
  EXPECT_FALSE(heats());
  printer.readings.nozzle_temp_c = 25;
  EXPECT_FALSE(heats());
  printer.readings.nozzle_target_c = 0;
  EXPECT_FALSE(heats());
  printer.readings.nozzle_target_c = 210;
  EXPECT_TRUE(heats());
  printer.readings.nozzle_temp_c = 206;
  EXPECT_FALSE(heats());
  printer.work_state = printer::State::kPreheating;
  EXPECT_TRUE(heats());
  printer.work_state = printer::State::kPrinting;
  printer.state_since = farm.now.wall - 10s;
  EXPECT_TRUE(heats());  // it has just begun
  printer.state_since = farm.now.wall - 20s;
  EXPECT_FALSE(heats());
}

// -- A stop withdraws what is not sent --

TEST(Overtaken, AStopWithdrawsWhatWaitsForItsPrinters) {
  for (const auto& [command, args] : std::vector<std::pair<std::string, std::string>>{
           {"print.stop", "{}"},
           {"print.pause", "{}"},
           {"print.update", R"({"nozzle_target_c":0,"bed_target_c":0})"}}) {
    Farm farm;
    farm.settings.commands.stop_attempt = 600s;
    AddFour(farm);
    farm.Send(Farm::Make(1, "print.update", kAll, kHeat, R"({"max_in_flight":1})"));
    farm.Pass(1s);
    ASSERT_EQ(farm.SentTo(), "a");
    farm.Send(Farm::Make(2, command, R"({"printers":["a","b","c"]})", args));
    farm.Pass(60s);
    const auto state = [&](const char* name) {
      return Name(farm.world.executions.Find({CommandId{1}, std::string(name) + "-id"})->state);
    };
    EXPECT_EQ(state("a"), "sent_unconfirmed") << command;  // was sent already
    EXPECT_EQ(state("b"), "cancelled") << command;
    EXPECT_EQ(state("c"), "cancelled") << command;
    EXPECT_EQ(state("d"), "sent_unconfirmed") << command;  // not stopped: it gets its turn
    EXPECT_EQ(farm.SentTo(), "a a b c d") << command;
  }
}

TEST(Overtaken, NotWhatSetsNothingGoing) {
  Farm farm;
  farm.settings.commands.stop_attempt = 600s;
  AddFour(farm);
  farm.Send(Farm::Make(1, "status.query", kAll, "{}", R"({"max_in_flight":1})"));
  farm.Send(Farm::Make(2, "print.stop", kAll));
  farm.Pass(60s);
  EXPECT_EQ(farm.SentTo(), "a a b b c c d d");
}

TEST(Overtaken, NotByAStopThatIfJobHoldsBack) {
  Farm farm;
  AddFour(farm);
  farm.Send(Farm::Make(1, "print.update", kAll, kHeat, R"({"max_in_flight":1})"));
  farm.Send(Farm::Make(2, "print.stop", kAll, R"({"if_job":77})"));
  farm.Pass(100s);
  EXPECT_EQ(farm.SentTo(), "a b c d");
}

TEST(Overtaken, AnUnpublishedMessageIsCancelled) {
  Farm farm;
  farm.Add("a");
  farm.world.Merge();
  farm.confirm = false;
  farm.Send(Farm::Make(
      1, "print.start", kAll,
      R"({"url":"http://h/f.gcode","md5":"0123456789abcdef0123456789abcdef","size_bytes":5,"filename":"f.gcode"})"));
  farm.Pass(1s);
  ASSERT_EQ(Sent(farm), 1U);
  EXPECT_TRUE(farm.all.outgoing[0].sets_going);
  Output output;
  HandleOvertaken(farm.world, farm.rules(), {CommandId{1}, "a-id"}, farm.now, output);
  farm.Absorb(std::move(output));
  EXPECT_EQ(farm.State("a"), "cancelled");
  EXPECT_FALSE(farm.At("a").job && farm.At("a").job->open());
  EXPECT_EQ(At(farm.Last("done"), "cancelled"), "1");
}

// -- A dry run says what would be sent --

TEST(Preview, ShowsEachPrintersMessage) {
  Farm farm;
  AddFour(farm);
  farm.StartPrinting("a", "41");
  farm.At("d").presence = printer::Presence::kOffline;
  farm.world.Merge();
  farm.Send(Farm::Make(1, "print.resume", kAll, "{}", R"({"dry_run":true})"));
  const std::string done = farm.Last("done");
  EXPECT_EQ(At(done, "executions.0.sends"),
            R"({"type":"print","action":"resume","data":{"taskid":"41"}})");
  EXPECT_EQ(At(done, "executions.1.reason"), "\"no_job\"");
  EXPECT_EQ(At(done, "executions.1.sends"), "missing");
  EXPECT_EQ(At(done, "executions.3.reason"), "\"offline\"");
  EXPECT_EQ(Sent(farm), 0U);
}

TEST(Preview, ShowsNoSecrets) {
  Farm farm;
  farm.Add("a");
  farm.world.Merge();
  farm.Send(Farm::Make(
      1, "video.start_capture", kAll,
      R"({"region":"r-1","tmp_secret_key":"k-1","tmp_secret_id":"i-1","session_token":"t-1"})",
      R"({"dry_run":true})"));
  const std::string done = farm.Last("done");
  EXPECT_EQ(At(done, "executions.0.sends.action"), "\"startCapture\"");
  for (const char* secret : {"r-1", "k-1", "i-1", "t-1"}) {
    EXPECT_EQ(done.find(secret), std::string::npos) << secret;
  }
}

TEST(Preview, WhatDoesNotFitComesBefore) {
  Farm farm;
  for (int i = 0; i < 2000; ++i) {
    farm.Add("p-" + std::to_string(10000 + i));
  }
  farm.world.Merge();
  farm.Send(Farm::Make(1, "print.stop", kAll, "{}", R"({"dry_run":true})"));
  size_t rows = 0;
  for (const std::string& event : farm.Events("execution")) {
    EXPECT_EQ(At(event, "dry_run"), "true");
    json::Parser parser;
    const auto parsed = parser.Parse(event, {event.size(), 64});
    ASSERT_TRUE(parsed.ok());
    rows += (*parsed)["executions"].size();
  }
  EXPECT_EQ(rows, 2000U);
  EXPECT_EQ(At(farm.Last("done"), "executions_truncated"), "true");
}

}  // namespace
}  // namespace printfleet::fleet
