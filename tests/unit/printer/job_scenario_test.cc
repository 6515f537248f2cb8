// Stories of prints: what a printer said, and what is known of it and its jobs after each word.
#include <gtest/gtest.h>

#include "bench.h"

namespace printfleet::printer::testing {
namespace {

TEST(Jobs, ANormalPrintOfOurs) {
  Bench bench;
  bench.Run({
      "0 free => idle -",
      "1 order task=482913 file=clip.gcode => idle 1:requested",
      "2 free => idle 1:requested",
      "3 print start downloading task=482913 progress=40 => downloading 1:downloading",
      "4 print start checking task=482913 => checking 1:checking",
      "5 busy => checking 1:checking",
      "6 print start preheating task=482913 file=clip.gcode progress=0 => preheating 1:preheating",
      "9 print start printing task=482913 file=clip.gcode progress=1 layer=1 layers=300 elapsed=60 "
      "remaining=3600 => printing 1:printing",
      "60 print start printing task=482913 file=clip.gcode progress=50 layer=150 => printing "
      "1:printing",
      "90 print start finished task=482913 file=clip.gcode progress=100 layer=300 material=123 => "
      "busy 1:finished",
      "91 free => idle 1:finished",
  });
  const Job& job = bench.rows[1];
  EXPECT_EQ(bench.rows.size(), 1U);
  EXPECT_EQ(job.source, JobSource::kCommand);
  EXPECT_EQ(job.progress_ratio, 1.0);
  EXPECT_EQ(job.layers, 300);
  EXPECT_EQ(job.material_used_mm, 123.0);
  EXPECT_EQ(job.elapsed_s, 60.0);
  EXPECT_EQ(EpochMs(job.started_at), kStartMs + 3000);
  EXPECT_EQ(EpochMs(*job.ended_at), kStartMs + 90000);
  EXPECT_EQ(bench.Settled(), 1);
  EXPECT_EQ(bench.Count("job_started"), 1);
  EXPECT_EQ(bench.Count("job_ended"), 1);
  EXPECT_EQ(bench.Count("bed_changed"), 1);
  EXPECT_EQ(bench.printer.registration.bed, Bed::kOccupied);
  EXPECT_EQ(bench.printer.registration.last_task_id, "482913");
}

TEST(Jobs, TheDownloadsProgressIsNotThePrints) {
  Bench bench;
  bench.Run({"0 order task=482913", "1 print start downloading task=482913 progress=97"});
  EXPECT_FALSE(bench.printer.job->progress_ratio);
}

TEST(Jobs, FinishedLostEndsAsUnknownAfterTheGrace) {
  Bench bench;
  bench.Run({
      "0 print start printing task=7 file=a.gcode progress=98 => printing 1:printing",
      "10 free => idle 1:settling",
      "15 free => idle 1:settling",
      "29 wait => idle 1:settling",
      "30 wait => idle 1:ended_unknown",
  });
  EXPECT_EQ(EpochMs(*bench.rows[1].ended_at), kStartMs + 10000);
  EXPECT_EQ(bench.Settled(), 1);
}

TEST(Jobs, FreeBeforeFinished) {
  Bench bench;
  bench.Run({
      "0 print start printing task=7 file=a.gcode progress=98",
      "10 free => idle 1:settling",
      "12 print start finished task=7 file=a.gcode progress=100 => idle 1:finished",
      "60 wait => idle 1:finished",
  });
  EXPECT_EQ(bench.Settled(), 1);
}

TEST(Jobs, FreeDuringDownloading) {
  Bench bench;
  bench.Run({
      "0 order task=482913",
      "1 print start downloading task=482913 progress=10 => downloading 1:downloading",
      "2 free => idle 1:settling",
      "8 print start downloading task=482913 progress=60 => downloading 1:downloading",
      "9 free => idle 1:settling",
      "20 print start checking task=482913 => checking 1:checking",
      "21 free => idle 1:settling",
      "22 busy => busy 1:settling",
      "300 print start preheating task=482913 progress=0 => preheating 1:preheating",
  });
  EXPECT_EQ(bench.rows.size(), 1U);
  EXPECT_EQ(bench.Settled(), 0);
  EXPECT_EQ(bench.Count("job_started"), 1);
}

TEST(Jobs, LateProofCorrectsTheOutcomeOnce) {
  Bench bench;
  bench.Run({
      "0 print start printing task=-1 file=a.gcode progress=98",
      "10 free",
      "40 wait => idle 1:ended_unknown",
      "50 print start finished task=-1 file=a.gcode progress=100 => idle 1:finished",
      "51 print start finished task=-1 file=a.gcode progress=100 => idle 1:finished",
      "52 print stop stoped task=-1 => idle 1:finished",
  });
  EXPECT_EQ(bench.Settled(), 1);
  EXPECT_EQ(bench.Count("job_corrected"), 1);
  EXPECT_EQ(bench.rows[1].progress_ratio, 1.0);
}

TEST(Jobs, PrintingAgainReopensWhatEndedUnknown) {
  Bench bench;
  bench.Run({
      "0 print start printing task=-1 file=a.gcode progress=40",
      "10 free",
      "40 wait => idle 1:ended_unknown",
      "50 print start printing task=-1 file=a.gcode progress=41 => printing 1:printing",
      "60 print start finished task=-1 => busy 1:finished",
  });
  EXPECT_EQ(bench.Rows(), "1 finished");
  EXPECT_EQ(bench.Count("job_corrected"), 1);
}

TEST(Jobs, ALateProofWithoutATaskIdIsNoProofForEver) {
  Bench bench;
  bench.Run({
      "0 print start printing task=-1 file=a.gcode progress=40",
      "10 free",
      "40 free => idle 1:ended_unknown",
      "5000 print stop stoped task=-1 => idle 1:ended_unknown",
  });
}

TEST(Jobs, PanelJobsAreAdoptedWhateverTheirTaskId) {
  for (const std::string task : {"task=-1", "task=0", "task=89470925", ""}) {
    Bench bench;
    bench.Run({
        "0 print start printing " + task + " file=b.gcode progress=3 => printing 1:printing",
        "1 print start printing " + task + " file=b.gcode progress=4 => printing 1:printing",
        "2 print pause pausing " + task + " => pausing 1:pausing",
        "3 print pause paused " + task + " code=10401 => paused 1:paused",
        "4 print resume resuming " + task + " code=501 => resuming 1:resuming",
        "5 print resume resumed " + task + " => printing 1:printing",
        "6 print start finished " + task + " file=b.gcode progress=100 => busy 1:finished",
    });
    EXPECT_EQ(bench.Rows(), "1 finished") << task;
    EXPECT_EQ(bench.rows[1].source, JobSource::kPanel);
    EXPECT_EQ(bench.Count("job_paused"), 1);
    EXPECT_EQ(bench.Count("job_resumed"), 1);
    EXPECT_FALSE(bench.printer.last_error);
    EXPECT_EQ(bench.printer.registration.bed, Bed::kOccupied);
  }
}

TEST(Jobs, APanelJobGetsToKnowItsTaskId) {
  Bench bench;
  bench.Run({
      "0 print start printing task=-1 local=uuid-1 file=b.gcode progress=3",
      "1 print start printing task=555 local=uuid-1 progress=4 => printing 1:printing",
      "2 print start printing task=-1 file=b.gcode progress=5 => printing 1:printing",
  });
  EXPECT_EQ(bench.printer.job->task_id, "555");
}

TEST(Jobs, AnotherTaskClosesTheOpenOne) {
  Bench bench;
  bench.Run({
      "0 print start printing task=7 file=a.gcode progress=40",
      "5 print start preheating task=8 file=a.gcode progress=0 => preheating 2:preheating",
      "6 print start printing task=-1 file=c.gcode progress=0 => printing 3:printing",
  });
  EXPECT_EQ(bench.Rows(), "1 ended_unknown, 2 ended_unknown, 3 open");
  EXPECT_EQ(bench.Settled(), 2);
}

TEST(Jobs, TheWordOfAnotherTaskThatIsOverChangesNothing) {
  Bench bench;
  bench.Run({
      "0 print start printing task=8 file=a.gcode progress=40",
      "5 print start finished task=7 file=a.gcode progress=100 => printing 1:printing",
      "6 print stop stopping task=7 => stopping 1:printing",
      "7 print start printing task=8 progress=41 => printing 1:printing",
  });
  EXPECT_EQ(bench.Rows(), "1 open");
}

TEST(Jobs, ProgressJumpsBackForASecondStartOfTheSameFile) {
  Bench bench;
  bench.Run({
      "0 print start printing task=-1 file=a.gcode progress=90 elapsed=3000",
      "5 print start printing task=-1 file=a.gcode progress=89 elapsed=3001 => printing 1:printing",
      "6 print start preheating task=-1 file=a.gcode progress=0 => preheating 2:preheating",
      "7 print start printing task=-1 file=a.gcode progress=60 elapsed=900 => printing 2:printing",
      "8 print start printing task=-1 file=a.gcode progress=2 elapsed=60 => printing 3:printing",
      "9 print start finished task=-1 file=a.gcode progress=100 => busy 3:finished",
      "10 print start preheating task=-1 file=a.gcode progress=0 => preheating 4:preheating",
  });
  EXPECT_EQ(bench.Rows(), "1 ended_unknown, 2 ended_unknown, 3 finished, 4 open");
}

TEST(Jobs, TheSameFileAgainAfterFree) {
  Bench bench;
  bench.Run({
      "0 print start printing task=-1 file=a.gcode progress=99",
      "1 print start finished task=-1 file=a.gcode progress=100 => busy 1:finished",
      "2 free => idle 1:finished",
      "3 print start checking task=-1 => checking 2:checking",
      "4 print start printing task=-1 file=a.gcode progress=0 => printing 2:printing",
      "5 print stop stoped task=-1 code=10401 => busy 2:stopped",
      "6 free => idle 2:stopped",
      "7 print start printing task=-1 file=a.gcode progress=5 => printing 3:printing",
  });
  EXPECT_EQ(bench.Rows(), "1 finished, 2 stopped, 3 open");
}

TEST(Jobs, TheNextPrintWithinTheGraceIsAnotherJob) {
  Bench bench;
  bench.Run({
      "0 print start printing task=-1 file=a.gcode progress=99",
      "1 free => idle 1:settling",
      "5 print start checking task=-1 => checking 2:checking",
  });
  EXPECT_EQ(bench.Rows(), "1 ended_unknown, 2 open");
}

TEST(Jobs, WordsOutOfOrderDoNotReopenAFinishedJob) {
  Bench bench;
  bench.Run({
      "0 print start printing task=7 file=a.gcode progress=99",
      "1 print start finished task=7 file=a.gcode progress=100 => busy 1:finished",
      "2 print start printing task=7 file=a.gcode progress=99 => printing 1:finished",
      "3 print stop stopping task=7 => stopping 1:finished",
      "4 print start finished task=7 file=a.gcode progress=100 => busy 1:finished",
      "5 free => idle 1:finished",
      "6 print start printing task=7 file=a.gcode progress=100 => printing 1:finished",
      "7 free => idle 1:finished",
  });
  EXPECT_EQ(bench.Settled(), 1);
  EXPECT_EQ(bench.Count("job_corrected"), 0);
}

TEST(Jobs, TwentyThousandRepetitionsWriteOneRow) {
  Bench bench;
  bench.Run({"0 print start printing task=7 file=a.gcode progress=10 remaining=60"});
  ASSERT_EQ(bench.row_writes, 1);
  for (int i = 0; i < 20000; ++i) {
    const int progress = 10 + i / 10000;
    const auto words = Words("print start printing task=7 file=a.gcode remaining=60 progress=" +
                             std::to_string(progress));
    const auto report = ReportOf(words);
    const Change change = ApplyReport(bench.printer, report, bench.Now());
    ASSERT_TRUE(change.jobs.empty() && change.job_events.empty() && change.notices.empty());
    ASSERT_FALSE(change.state_changed || change.registration_changed);
    ASSERT_EQ(change.readings_changed, i == 10000);
  }
  EXPECT_EQ(bench.printer.job->progress_ratio, 0.11);
}

TEST(Jobs, StaleWordsOfThePreviousTaskLeaveARequestAlone) {
  Bench bench;
  bench.Run({
      "0 print start printing task=7 file=a.gcode progress=99",
      "1 print start finished task=7 progress=100",
      "2 free => idle 1:finished",
      "3 order task=9 file=b.gcode => idle 2:requested",
      "4 print start finished task=7 => idle 2:requested",
      "5 print start printing task=7 progress=99 => printing 2:requested",
      "6 print stop stoped task=-1 => busy 2:requested",
      "7 print start downloading task=9 => downloading 2:downloading",
  });
}

TEST(Jobs, AStartWhileAJobSettlesEndsThatOne) {
  Bench bench;
  bench.Run({
      "0 print start printing task=7 file=a.gcode progress=99",
      "1 free => idle 1:settling",
      "3 order task=9 => idle 2:requested",
  });
  EXPECT_EQ(bench.Rows(), "1 ended_unknown, 2 open");
}

TEST(Jobs, AFinalWordOfAnUnknownTaskIsARowOfItsOwn) {
  Bench bench;
  bench.Run({
      "0 free => idle -",
      "1 print start finished task=-1 file=a.gcode progress=100 => idle -",
      "2 print start finished task=77 file=a.gcode progress=100 => idle 1:finished",
      "3 print start finished task=77 file=a.gcode progress=100 => idle 1:finished",
      "4 print stop stoped task=78 => idle 2:stopped",
      "5 print stop stoped task=78 => idle 2:stopped",
  });
  EXPECT_EQ(bench.Rows(), "1 finished, 2 stopped");
}

TEST(Jobs, AnIdlePrinterThatAnswersAStopHasNoJob) {
  Bench bench;
  bench.Run({
      "0 free => idle -",
      "1 print stop stopping task=-1 => stopping -",
      "2 print stop stoped task=-1 => busy -",
      "3 free => idle -",
  });
}

TEST(Jobs, WordsThatAreNoPhaseOpenNothing) {
  Bench bench;
  bench.Run({
      "0 free => idle -",
      "1 print update updated task=0 => idle -",
      "2 print slice done task=5 slice={} => idle -",
      "3 print other waiting task=5 => idle -",
      "4 print start none => idle -",
      "5 print start unknown task=5 progress=4 => idle -",
      "6 print query done task=5 progress=4 => idle -",
  });
}

TEST(Jobs, SliceParametersStayWithTheJob) {
  Bench bench;
  bench.Run({"0 print start printing task=5 progress=1", "1 print slice done task=5 slice={}"});
  EXPECT_EQ(bench.rows[1].slice_params, "{}");
  bench.Run({"2 print slice done task=6 slice={6}"});
  EXPECT_EQ(bench.rows[1].slice_params, "{}");
}

TEST(Jobs, RemainingTimeIsNotKeptWhenThePrinterStopsSayingIt) {
  Bench bench;
  bench.Run({"0 print start printing task=5 progress=1 remaining=600"});
  EXPECT_EQ(bench.printer.job->remaining_s, 600.0);
  bench.Run({"1 print start printing task=5 progress=2"});
  EXPECT_FALSE(bench.printer.job->remaining_s);
}

TEST(Jobs, BusyWithoutAJobIsBusy) {
  Bench bench;
  bench.Run({"0 busy => busy -", "1 free => idle -", "2 busy => busy -"});
}

TEST(Jobs, ARestartedDaemonKnowsThePhaseFromTheOpenJob) {
  Bench bench;
  bench.Run({"0 print pause paused task=5 file=a.gcode progress=10"});
  bench.printer.work_state = State::kUnknown;
  bench.Run({"1 busy => paused 1:paused"});
}

TEST(Jobs, ARestartedDaemonSettlesWhatWasSettling) {
  Bench bench;
  bench.Run({"0 print start printing task=5 progress=10", "1 free => idle 1:settling"});
  bench.printer.settle_deadline.reset();
  bench.Run({"100 free => idle 1:settling", "120 free => idle 1:ended_unknown"});
}

}  // namespace
}  // namespace printfleet::printer::testing
