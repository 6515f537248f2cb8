// last_error: which reports set it, and what contradicts it.
#include <gtest/gtest.h>

#include "bench.h"

namespace printfleet::printer::testing {
namespace {

TEST(PauseByItself, HasAFaultBehindIt) {
  Bench bench;
  bench.Run({"0 print start printing task=5 file=a.gcode progress=10",
             "1 print pause paused task=5 => paused 1:paused",
             "2 print resume resumed task=5 => printing 1:printing",
             "3 print pause paused task=5 code=10401 => paused 1:paused"});
  EXPECT_EQ(bench.Count("job_paused_by_itself"), 0) << "somebody's wish";
  bench.Run({"4 print resume resumed task=5 => printing 1:printing",
             "5 print pause pausing task=5 code=10107 => pausing 1:pausing",
             "6 print pause paused task=5 => paused 1:paused",
             "7 print pause paused task=5 => paused 1:paused"});
  EXPECT_EQ(bench.Count("job_paused_by_itself"), 1) << "once, and the reason came before";
  EXPECT_EQ(bench.Count("job_paused"), 3);
}

TEST(PauseByItself, TheReasonMayComeAfterIt) {
  Bench bench;
  bench.Run({"0 print start printing task=5 file=a.gcode progress=10",
             "1 print pause paused task=5 => paused 1:paused",
             "2 print pause paused task=5 code=10107 => paused 1:paused"});
  EXPECT_EQ(bench.Count("job_paused_by_itself"), 1);
}

int64_t ErrorOf(const Bench& bench) {
  return bench.printer.last_error ? bench.printer.last_error->code : 0;
}

TEST(Faults, AKnownFaultCountsWhateverReportItComesWith) {
  for (const char* report : {"temp nozzle=20 code=10122", "free code=10122", "busy code=10122",
                             "version firmware=3.1.0 code=10122", "ota updating code=10122",
                             "hello code=10122", "other axis code=10122"}) {
    Bench bench;
    bench.Do(std::string("0 ") + report);
    EXPECT_EQ(ErrorOf(bench), 10122) << report;
    EXPECT_EQ(bench.printer.last_error->text, "nozzle heating failed") << report;
    EXPECT_EQ(bench.Count("printer_fault"), 1) << report;
  }
}

TEST(Faults, RefusalsWishesNoticesAndUnknownCodesAreNone) {
  for (const char* code : {"10101", "10110", "11001", "10401", "501", "77777", "200", "0"}) {
    for (const char* report : {"temp nozzle=20", "free", "other axis", "print update updated"}) {
      Bench bench;
      bench.Do(std::string("0 ") + report + " code=" + code);
      EXPECT_EQ(ErrorOf(bench), 0) << report << " " << code;
    }
  }
}

TEST(Faults, APrintsFaultIsContradictedByPrintingOn) {
  Bench bench;
  bench.Run({"0 print start printing task=5 file=a.gcode progress=1",
             "1 print pause paused task=5 code=10107 => paused 1:paused"});
  ASSERT_EQ(ErrorOf(bench), 10107);
  bench.Run({"2 temp nozzle=200", "3 busy", "4 print resume resuming task=5"});
  EXPECT_EQ(ErrorOf(bench), 10107) << "none of these goes on with the print";
  bench.Run({"5 print resume resumed task=5 => printing 1:printing"});
  EXPECT_EQ(ErrorOf(bench), 0);
}

TEST(Faults, WhatAnotherReportSaidStandsUntilTheNextPrint) {
  Bench bench;
  bench.Run(
      {"0 print start printing task=5 file=a.gcode progress=1", "1 temp nozzle=20 code=10124"});
  for (int second = 2; second < 50; second += 2) {
    bench.Do(std::to_string(second) + " print start printing task=5 file=a.gcode progress=2");
    bench.Do(std::to_string(second + 1) + " temp nozzle=20 code=10124");
  }
  EXPECT_EQ(ErrorOf(bench), 10124);
  EXPECT_EQ(bench.Count("printer_fault"), 1) << "said once, not with every report";
  bench.Run({"60 print start finished task=5", "61 free", "62 print start checking task=6"});
  EXPECT_EQ(ErrorOf(bench), 0);
}

TEST(Faults, AFailedUpdateIsContradictedByOneThatSucceeds) {
  Bench bench;
  bench.Run({"0 free", "1 ota failed code=10802", "2 free"});
  ASSERT_EQ(ErrorOf(bench), 10802);
  bench.Run({"3 ota start"});
  EXPECT_EQ(ErrorOf(bench), 10802);
  bench.Run({"4 ota succeeded"});
  EXPECT_EQ(ErrorOf(bench), 0);
}

TEST(Faults, TheStateFaultIsContradictedByFreeTheErrorIsNot) {
  Bench bench;
  bench.Run({"0 print start printing task=5 file=a.gcode progress=1",
             "1 print start failed code=10115 => fault 1:failed", "2 busy => fault 1:failed",
             "3 temp nozzle=20 => fault 1:failed", "4 free => idle 1:failed"});
  EXPECT_EQ(ErrorOf(bench), 10115);
}

}  // namespace
}  // namespace printfleet::printer::testing
