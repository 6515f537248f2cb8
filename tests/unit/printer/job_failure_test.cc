// Stories of prints and updates that stop, fail, are refused or given up.
#include <gtest/gtest.h>

#include "bench.h"

namespace printfleet::printer::testing {
namespace {

TEST(JobFailures, StoppedByTheUserIsNoError) {
  Bench bench;
  bench.Run({
      "0 print start downloading task=7 progress=10",
      "1 print stop stopping task=7 => stopping 1:stopping",
      "2 print stop stoped task=7 code=10401 msg=by-user => busy 1:stopped",
  });
  EXPECT_FALSE(bench.printer.last_error);
  EXPECT_FALSE(bench.rows[1].error_code);
  EXPECT_TRUE(bench.last.questions.status);
}

TEST(JobFailures, FreeAfterStoppingIsStopped) {
  Bench bench;
  bench.Run({
      "0 print start printing task=7 progress=10",
      "1 print stop stopping task=7 => stopping 1:stopping",
      "2 free => idle 1:stopped",
      "3 print stop stoped task=7 => idle 1:stopped",
  });
  EXPECT_EQ(bench.Settled(), 1);
}

TEST(JobFailures, AFailureWithoutDataIsOfTheOpenJob) {
  Bench bench;
  bench.Run({
      "0 print start printing task=7 file=a.gcode progress=10",
      "1 print start failed code=10122 => fault 1:failed",
      "2 print start failed code=10122 => fault 1:failed",
      "3 busy => fault 1:failed",
  });
  EXPECT_EQ(bench.rows[1].error_code, 10122);
  EXPECT_EQ(bench.rows[1].error_text, "nozzle heating failed");
  EXPECT_EQ(bench.printer.last_error->code, 10122);
  EXPECT_EQ(bench.Count("printer_fault"), 1);
  bench.Run({"4 free => idle 1:failed"});
  EXPECT_TRUE(bench.printer.last_error);
  bench.Run({"5 print start printing task=8 file=b.gcode progress=0 => printing 2:printing"});
  EXPECT_FALSE(bench.printer.last_error);
}

TEST(JobFailures, InterruptedIsAnOutcomeOfItsOwn) {
  Bench bench;
  bench.Run({"0 print start printing task=7",
             "1 print start failed code=10603 => fault "
             "1:interrupted"});
}

TEST(JobFailures, AFailureThatPrintsOnIsTakenBack) {
  Bench bench;
  bench.Run({
      "0 print start printing task=7 file=a.gcode progress=40",
      "1 print start failed task=7 code=10108 => fault 1:failed",
      "2 print start printing task=7 file=a.gcode progress=41 => printing 1:printing",
  });
  EXPECT_FALSE(bench.printer.last_error);
}

TEST(JobFailures, ARefusedRequestFailsNoJob) {
  Bench bench;
  bench.Run({
      "0 print start printing task=7 file=a.gcode progress=10",
      "1 print pause failed code=10000 => printing 1:printing",
      "2 print start failed code=10101 => printing 1:printing",
      "3 print stop failed task=7 code=10102 => printing 1:printing",
      "4 print update failed code=10110 => printing 1:printing",
      "5 print query failed => printing 1:printing",
  });
  EXPECT_FALSE(bench.printer.last_error);
}

TEST(JobFailures, ARefusedStartFailsTheStart) {
  Bench bench;
  bench.Run({"0 free", "1 order task=9", "2 print start failed code=10101 => idle 1:failed"});
  EXPECT_EQ(bench.rows[1].error_code, 10101);
  EXPECT_FALSE(bench.printer.last_error);
}

TEST(JobFailures, AFailedDownloadFailsTheStart) {
  Bench bench;
  bench.Run({"0 free", "1 order task=9", "2 print start downloading task=9 progress=1",
             "3 print start failed code=10105 msg=404 => fault 1:failed",
             "4 free => idle 1:failed"});
  EXPECT_EQ(bench.rows[1].error_text, "file download failed: 404");
}

TEST(JobFailures, AStartGivenUpAndThenHeardOfGoesOn) {
  Bench bench;
  bench.Run({
      "0 free",
      "1 order task=9 => idle 1:requested",
      "100 free",
      "121 giveup job=1 => idle 1:failed",
      "122 giveup job=1 => idle 1:failed",
      "130 print start downloading task=9 progress=1 => downloading 1:downloading",
      "131 giveup job=1 => downloading 1:downloading",
      "140 print start printing task=9 progress=0 => printing 1:printing",
  });
  EXPECT_EQ(bench.rows[1].source, JobSource::kCommand);
  EXPECT_EQ(bench.Rows(), "1 open");
  EXPECT_EQ(bench.Count("job_corrected"), 1);
}

TEST(JobFailures, AStartGivenUpAndThenRefusedIsOneFailure) {
  Bench bench;
  bench.Run({
      "0 free",
      "1 order task=9",
      "121 giveup job=1 => idle 1:failed",
      "122 print start failed task=9 => fault 1:failed",
      "123 print start failed task=9 => fault 1:failed",
  });
  EXPECT_EQ(bench.Settled(), 1);
  EXPECT_EQ(bench.Count("job_corrected"), 1);
}

TEST(JobFailures, AFaultWhilePausedIsTakenBackByPrintingOn) {
  Bench bench;
  bench.Run({
      "0 print start printing task=5 progress=1",
      "1 print pause paused task=5 code=10107 => paused 1:paused",
  });
  ASSERT_TRUE(bench.printer.last_error);
  EXPECT_EQ(bench.printer.last_error->code, 10107);
  bench.Run({"2 print resume resumed task=5 => printing 1:printing"});
  EXPECT_FALSE(bench.printer.last_error);
}

TEST(Updates, AreAStateUntilTheVersionIsReported) {
  Bench bench;
  bench.Run({
      "0 version firmware=3.1.0 machine=1.1.0 => unknown -",
      "1 free => idle -",
      "2 ota start => updating -",
      "3 ota downloading => updating -",
      "4 busy => updating -",
      "5 ota updating => updating -",
      "6 ota succeeded => updating -",
      "7 will => updating -",
      "20 wait => offline -",
      "60 hello => updating -",
  });
  EXPECT_TRUE(bench.last.questions.version && bench.last.questions.status);
  bench.Run({"61 version firmware=3.1.2 machine=1.1.0 => unknown -"});
  EXPECT_TRUE(bench.last.registration_changed);
  EXPECT_TRUE(bench.last.questions.status);
  EXPECT_EQ(bench.notices.back().text, "3.1.0 -> 3.1.2");
  bench.Run({"62 free => idle -", "63 version firmware=3.1.2 => idle -"});
  EXPECT_FALSE(bench.last.registration_changed);
  EXPECT_EQ(bench.printer.registration.machine_version, "1.1.0");
}

TEST(Updates, AFailureIsAnError) {
  Bench bench;
  bench.Run({"0 free", "1 ota updating", "2 ota failed code=10805 => unknown -"});
  EXPECT_EQ(bench.printer.last_error->text, "firmware verification failed");
  EXPECT_TRUE(bench.last.questions.status);
}

}  // namespace
}  // namespace printfleet::printer::testing
