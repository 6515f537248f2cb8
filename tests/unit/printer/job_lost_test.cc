// Prints whose printer goes away: power, network, and our own deafness; when an outcome stands.
#include <gtest/gtest.h>

#include "bench.h"

namespace printfleet::printer::testing {
namespace {

// 10 s of "suspect", then offline.
const std::vector<std::string> kPrintingThenGone = {
    "0 free",
    "1 print start printing task=5 file=a.gcode progress=40 layer=40 elapsed=900",
    "2 will",
    "20 wait => offline 1:printing",
};

TEST(LostJobs, AreInterruptedAfterTheirTime) {
  Bench bench;
  bench.Run(kPrintingThenGone);
  bench.Run({"3600 wait => offline 1:printing", "3620 wait => offline 1:interrupted"});
  EXPECT_EQ(EpochMs(*bench.rows[1].ended_at), kStartMs + 1000) << "the last word of it";
  EXPECT_EQ(bench.rows[1].error_text, "the printer went offline");
  EXPECT_EQ(bench.Settled(), 1);
}

TEST(LostJobs, AreToldOnceWhenTheyAreLost) {
  Bench bench;
  bench.Run(kPrintingThenGone);
  EXPECT_EQ(bench.Count("printer_offline_mid_print"), 1);
  EXPECT_EQ(bench.notices.back().job_id, JobId{1});
  bench.Run({"3620 wait => offline 1:interrupted"});
  EXPECT_EQ(bench.notices.back().kind, "job_ended");
  EXPECT_TRUE(bench.notices.back().after_loss) << "what became of it is no news";
  EXPECT_EQ(bench.Count("printer_offline_mid_print"), 1);
}

TEST(LostJobs, AreToldAgainOnlyWhenTheyWentOnMeanwhile) {
  Bench bench;
  bench.Run(kPrintingThenGone);
  bench.Run({"30 temp nozzle=200", "31 will", "50 wait => offline 1:printing"});
  EXPECT_EQ(bench.Count("printer_offline_mid_print"), 1) << "no word of the print since";
  bench.Run({"60 print start printing task=5 file=a.gcode progress=41", "61 will",
             "80 wait => offline 1:printing"});
  EXPECT_EQ(bench.Count("printer_offline_mid_print"), 2);
  bench.Restart();
  bench.Run({"90 wait", "400 wait"});
  EXPECT_EQ(bench.Count("printer_offline_mid_print"), 2) << "nor by the next process";
}

TEST(LostJobs, AnIdlePrinterIsNotLostMidPrint) {
  Bench bench;
  bench.Run({"0 free", "2 will", "20 wait => offline -"});
  EXPECT_EQ(bench.Count("printer_offline"), 1);
  EXPECT_EQ(bench.Count("printer_offline_mid_print"), 0);
}

TEST(LostJobs, AreOpenedAgainByTheSameTaskAndFile) {
  for (const char* word : {"printing", "preheating", "paused", "resuming"}) {
    Bench bench;
    bench.Run(kPrintingThenGone);
    const std::string line =
        std::string(" print start ") + word + " task=5 file=a.gcode progress=40";
    bench.Do("90000" + line);
    EXPECT_EQ(bench.Rows(), "1 open") << word;
    EXPECT_EQ(bench.Count("job_corrected"), 1) << word;
    bench.Run({"90100 print start finished task=5 file=a.gcode progress=100"});
    EXPECT_EQ(bench.Rows(), "1 finished") << word;
    EXPECT_EQ(bench.Settled(), 1) << word;
  }
}

TEST(LostJobs, OfThePanelAreOpenedAgainByTheirFile) {
  Bench bench;
  bench.Run({"0 print start printing task=-1 file=a.gcode progress=40", "2 will",
             "4000 wait => offline 1:interrupted",
             "90000 print start printing task=-1 file=a.gcode progress=40 => printing 1:printing"});
}

TEST(LostJobs, AreNotOpenedByAnotherPrintOfTheirFile) {
  for (const char* word : {"checking task=-1", "preheating task=-1 file=a.gcode progress=0",
                           "printing task=-1 file=a.gcode progress=1 layer=1 elapsed=9"}) {
    Bench bench;
    bench.Run({"0 print start printing task=-1 file=a.gcode progress=40 layer=40 elapsed=900",
               "2 will", "4000 wait => offline 1:interrupted", "5000 free => idle 1:interrupted"});
    bench.Do(std::string("5010 print start ") + word);
    EXPECT_EQ(bench.Rows(), "1 interrupted, 2 open") << word;
  }
}

TEST(LostJobs, ALateFinalWordCorrectsThem) {
  Bench bench;
  bench.Run(kPrintingThenGone);
  bench.Run({"3620 wait => offline 1:interrupted",
             "3700 print start finished task=5 file=a.gcode progress=100 => busy 1:finished"});
  EXPECT_EQ(bench.Settled(), 1);
  EXPECT_EQ(bench.Count("job_corrected"), 1);
}

TEST(LostJobs, APrinterThatComesBackFreeWasInterrupted) {
  Bench bench;
  bench.Run(kPrintingThenGone);
  bench.Run({"100 hello => printing 1:printing", "101 free => idle 1:settling",
             "121 wait => idle 1:interrupted"});
  EXPECT_EQ(EpochMs(*bench.rows[1].ended_at), kStartMs + 101000);
}

TEST(LostJobs, AConnectionThatWasNewInBetweenIsEnough) {
  Bench bench;
  bench.Run({"0 print start printing task=5 progress=40", "30 hello", "31 free",
             "51 wait => idle 1:interrupted"});
}

TEST(LostJobs, AWordOfTheJobAfterTheBreakMakesItAnOrdinaryEnd) {
  Bench bench;
  bench.Run(kPrintingThenGone);
  bench.Run({"100 hello", "101 print start printing task=5 file=a.gcode progress=41",
             "200 free => idle 1:settling", "220 wait => idle 1:ended_unknown"});
}

TEST(LostJobs, ACompletePrintIsNotInterrupted) {
  Bench bench;
  bench.Run({"0 print start printing task=5 progress=100", "2 will", "100 hello", "101 free",
             "121 wait => idle 1:ended_unknown"});
}

TEST(LostJobs, OursThatNeverBeganHaveFailed) {
  Bench bench;
  bench.Run({"0 free", "1 order task=9", "2 will", "20 wait => offline 1:requested",
             "3700 wait => offline 1:failed"});
  EXPECT_EQ(bench.rows[1].error_text, "the printer went offline before it began");
}

TEST(LostJobs, NoneIsLostWhileWeAreDeaf) {
  Bench bench;
  bench.Run(kPrintingThenGone);
  bench.Run({"30 deaf => unknown 1:printing", "90000 wait => unknown 1:printing",
             "90001 live => unknown 1:printing", "90200 wait => offline 1:printing",
             "93800 wait => offline 1:interrupted"});
}

TEST(LostJobs, ARestartBeginsTheirTimeAnewAndKeepsTheBreak) {
  Bench bench;
  bench.Run(kPrintingThenGone);
  bench.Run({"3000 restart => unknown 1:printing", "3700 wait => offline 1:printing",
             "3701 free => idle 1:settling", "3721 wait => idle 1:interrupted"});
}

TEST(QuietJobs, ArePrintersAskedFor) {
  Bench bench;
  bench.Run({"0 print start printing task=5 progress=40"});
  bench.asked_for_job = 0;
  int asked = 0;
  for (int second = 60; second <= 600; second += 60) {
    bench.Do(std::to_string(second) + " temp nozzle=20");
    asked += bench.asked_for_job;
    bench.asked_for_job = 0;
  }
  EXPECT_EQ(asked, 5) << "once in fleet.silent_after_s, though the printer itself is not silent";
  bench.Run({"601 free => idle 1:settling", "630 wait => idle 1:ended_unknown"});
}

// -- When an outcome stands, and is counted --

TEST(Counting, WaitsForThePrintersOwnWordToStand) {
  Bench bench;
  bench.Run(
      {"0 print start printing task=5 progress=40", "10 print start finished task=5", "29 wait"});
  EXPECT_TRUE(bench.counted.empty());
  bench.Run({"30 wait"});
  EXPECT_EQ(bench.counted.size(), 1U);
}

TEST(Counting, WaitsLongerForWhatWasInferred) {
  Bench bench;
  bench.Run({"0 print start printing task=5 progress=40", "10 free",
             "40 wait => idle 1:ended_unknown", "620 wait"});
  EXPECT_TRUE(bench.counted.empty());
  bench.Run({"631 wait"});
  EXPECT_EQ(bench.counted.size(), 1U);
}

TEST(Counting, TakesTheCorrectedOutcomeOnly) {
  Bench bench;
  bench.Run({"0 print start printing task=5 progress=40", "10 free",
             "40 wait => idle 1:ended_unknown",
             "50 print start finished task=5 => idle 1:finished"});
  EXPECT_EQ(bench.Settled(), 1);
  EXPECT_EQ(bench.counted_outcome, Outcome::kFinished);
}

TEST(Counting, AJobOpenedAgainAfterItWasCountedIsNotCountedTwice) {
  Bench bench;
  bench.Run(kPrintingThenGone);
  bench.Run({"9000 wait => offline 1:interrupted"});
  EXPECT_EQ(bench.counted.size(), 1U);
  bench.Run({"9001 print start printing task=5 file=a.gcode progress=41 => printing 1:printing",
             "9010 restart", "9020 print start finished task=5 progress=100 => busy 1:finished"});
  EXPECT_EQ(bench.Settled(), 1);
}

TEST(Counting, TheNextPrintCountsTheOneBefore) {
  Bench bench;
  bench.Run({"0 print start printing task=5 progress=40", "10 print start finished task=5",
             "11 print start checking task=6 => checking 2:checking"});
  EXPECT_EQ(bench.counted.size(), 1U);
  EXPECT_EQ(bench.Rows(), "1 finished, 2 open");
}

TEST(Counting, ARestartNeitherForgetsNorRepeats) {
  Bench before;
  before.Run({"0 print start printing task=5 progress=40", "10 print start finished task=5",
              "15 restart"});
  EXPECT_EQ(before.Settled(), 1) << "not counted yet when the daemon ended";
  Bench after;
  after.Run({"0 print start printing task=5 progress=40", "10 print start finished task=5",
             "31 restart"});
  EXPECT_EQ(after.Settled(), 1) << "counted already";
}

}  // namespace
}  // namespace printfleet::printer::testing
