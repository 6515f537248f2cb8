// Whole commands on the toy farm.
#include <gtest/gtest.h>

#include "farm.h"

namespace printfleet::fleet {
namespace {

using namespace std::chrono_literals;
using protocol::PrintAction;
using protocol::PrintWord;

const std::string kAll = R"({"all":true})";
const std::string kStartArgs =
    R"({"url":"http://h/a.gcode","md5":"0123456789abcdef0123456789abcdef","size_bytes":5,"filename":"a.gcode"})";

TEST(Command, PauseOfOneModelReachesExactlyThoseAndEndsByWhatEachSays) {
  Farm farm;
  farm.settings.commands.stop_attempt = std::chrono::seconds(600);
  for (const char* name : {"p-1", "p-2", "p-3", "p-4"}) {
    farm.Add(name, "20022");
  }
  farm.Add("pro-1", "20021");
  farm.Add("max-1", "20023");
  farm.StartPrinting("p-1", "482913");
  farm.StartPrinting("p-2", "482914");
  farm.At("p-2").registration.firmware = "3.0.9";
  farm.SetManner("p-1", Manner::kObeys);
  farm.SetManner("p-2", Manner::kTwice);
  farm.SetManner("p-3", Manner::kFails);  // idle: 10102
  farm.error_codes.Add({.code = 10102,
                        .kind = settings::ErrorKind::kRefused,
                        .text = "no print task",
                        .advice = "",
                        .source = "published"});
  farm.world.Merge();

  farm.Send(Farm::Make(1, "print.pause", R"({"models":["K2Plus"]})"));
  farm.Pass(61s);

  EXPECT_EQ(farm.SentTo(), "p-1 p-2 p-3 p-4");
  const auto& first = farm.all.outgoing[0];
  EXPECT_EQ(first.form, protocol::TopicForm::kShort);
  EXPECT_EQ(std::get<protocol::ControlJob>(first.request).task_id, "482913");
  EXPECT_EQ(farm.all.outgoing[1].form, protocol::TopicForm::kLong);
  EXPECT_EQ(std::get<protocol::ControlJob>(farm.all.outgoing[3].request).task_id, "-1");
  EXPECT_EQ(farm.State("p-1"), "succeeded");
  EXPECT_EQ(farm.State("p-2"), "succeeded");
  EXPECT_EQ(farm.State("p-3"), "failed");
  EXPECT_EQ(farm.Find("p-3")->code, 10102);
  EXPECT_EQ(farm.Find("p-3")->message, "no print task") << "what the code means";
  EXPECT_EQ(farm.State("p-4"), "sent_unconfirmed");
  const std::string done = farm.Last("done");
  EXPECT_EQ(At(done, "succeeded"), "2");
  EXPECT_EQ(At(done, "failed"), "1");
  EXPECT_EQ(At(done, "sent_unconfirmed"), "1");
  EXPECT_EQ(At(farm.Last("accepted"), "matched"), "4");
}

TEST(Command, LateAnswerAfterTheDeadlineChangesNothing) {
  Farm farm;
  farm.Add("a");
  farm.StartPrinting("a", "5");
  farm.SetManner("a", Manner::kLate);
  farm.Send(Farm::Make(1, "print.pause", kAll));
  farm.Pass(61s);
  EXPECT_EQ(farm.State("a"), "sent_unconfirmed");
  farm.Pass(35s);
  EXPECT_EQ(farm.State("a"), "sent_unconfirmed");
  EXPECT_EQ(farm.Events("done").size(), 1U);
}

TEST(Command, BegunButNotFinishedIsTimedOut) {
  Farm farm;
  farm.Add("a");
  farm.StartPrinting("a", "5");
  farm.Send(Farm::Make(1, "print.pause", kAll));
  farm.ReportPrint("a", PrintAction::kPause, PrintWord::kPausing, "5");
  EXPECT_EQ(farm.State("a"), "acknowledged");
  farm.Pass(61s);
  EXPECT_EQ(farm.State("a"), "timed_out");
}

TEST(Command, BacklogReportsProveNothing) {
  Farm farm;
  farm.Add("a");
  farm.StartPrinting("a", "5");
  farm.Send(Farm::Make(1, "print.pause", kAll));
  protocol::PrintReport paused;
  paused.action = PrintAction::kPause;
  paused.word = PrintWord::kPaused;
  farm.Report("a", paused, MakeEnvelope("print"), false);
  EXPECT_EQ(farm.State("a"), "sent");
}

TEST(Command, AckShowsAndOnlyOurMsgidDoes) {
  Farm farm;
  farm.Add("a");
  farm.Send(Farm::Make(1, "fan.set", kAll, R"({"fan_ratio":0.5})"));
  protocol::Envelope envelope;
  envelope.type = "response";
  envelope.msgid = "other";
  farm.Report("a", protocol::AckReport{}, envelope);
  EXPECT_EQ(farm.State("a"), "sent");
  envelope.msgid = farm.all.outgoing[0].msgid;
  farm.Report("a", protocol::AckReport{}, envelope);
  EXPECT_EQ(farm.State("a"), "acknowledged");
  farm.Report("a", protocol::FanReport{0.5}, MakeEnvelope("fan", "auto"));
  EXPECT_EQ(farm.State("a"), "succeeded");
}

// The answer was read, then the PUBACK of what it answers; the batch of the answer came later.
TEST(Command, NothingEndsBeforeItWasSent) {
  Farm farm;
  farm.Add("a");
  farm.Send(Farm::Make(1, "fan.set", kAll, R"({"fan_ratio":0.5})"));
  farm.now.wall -= milliseconds(1);
  farm.Report("a", protocol::FanReport{0.5}, MakeEnvelope("fan", "auto"));
  EXPECT_EQ(farm.State("a"), "succeeded");
  EXPECT_EQ(farm.Find("a")->finished_at, farm.Find("a")->sent_at);
  ASSERT_EQ(farm.all.finished.size(), 1U);
  EXPECT_EQ(farm.all.finished[0].duration, milliseconds(0));
}

TEST(Command, StartProbesThenSendsOnceWithATaskAndAJob) {
  Farm farm;
  farm.Add("a");
  farm.Send(Farm::Make(1, "print.start", kAll, kStartArgs));
  EXPECT_TRUE(farm.all.outgoing.empty());
  EXPECT_EQ(farm.all.ask_status.size(), 1U);
  farm.Pass(1s);
  ASSERT_EQ(farm.all.outgoing.size(), 1U);
  const auto start = std::get<protocol::StartFromUrl>(farm.all.outgoing[0].request);
  EXPECT_EQ(start.task_id, farm.Find("a")->task_id);
  EXPECT_GE(start.task_id.size(), 6U);
  ASSERT_TRUE(farm.At("a").job.has_value());
  EXPECT_EQ(farm.At("a").job->state, printer::JobState::kRequested);
  EXPECT_EQ(farm.At("a").job->task_id, start.task_id);
  EXPECT_EQ(farm.At("a").registration.bed, printer::Bed::kOccupied);
  farm.Pass(110s);
  farm.ReportPrint("a", PrintAction::kStart, PrintWord::kDownloading, start.task_id);
  farm.Pass(110s);  // 2 min are over, but it was renewed
  EXPECT_EQ(farm.State("a"), "acknowledged");
  farm.ReportPrint("a", PrintAction::kStart, PrintWord::kPrinting, "77");  // not ours
  EXPECT_EQ(farm.State("a"), "acknowledged");
  farm.ReportPrint("a", PrintAction::kStart, PrintWord::kPrinting, start.task_id);
  EXPECT_EQ(farm.State("a"), "succeeded");
  EXPECT_EQ(farm.all.outgoing.size(), 1U);
}

TEST(Command, StartIsNotSentToOneThatDoesNotAnswerTheProbe) {
  Farm farm;
  farm.Add("a");
  farm.answer_status = false;
  farm.Send(Farm::Make(1, "print.start", kAll, kStartArgs));
  farm.Pass(11s);
  EXPECT_TRUE(farm.all.outgoing.empty());
  EXPECT_EQ(farm.State("a"), "failed");
  EXPECT_EQ(farm.Find("a")->message, "did not answer a status query within 10 s; nothing was sent");
}

TEST(Command, StartGatesAreAskedAgainAfterTheProbe) {
  Farm farm;
  farm.Add("a");
  farm.answer_status = false;
  farm.Send(Farm::Make(1, "print.start", kAll, kStartArgs));
  farm.ReportStatus("a", protocol::WorkState::kBusy);
  EXPECT_EQ(farm.State("a"), "skipped(busy)");
  EXPECT_TRUE(farm.all.outgoing.empty());
}

TEST(Command, StartRefusedGivesUpItsJob) {
  Farm farm;
  farm.Add("a");
  farm.Send(Farm::Make(1, "print.start", kAll, kStartArgs));
  farm.Pass(1s);
  const std::string task = farm.Find("a")->task_id;
  farm.ReportPrint("a", PrintAction::kStart, PrintWord::kFailed, task, 10105);
  EXPECT_EQ(farm.State("a"), "failed");
  EXPECT_EQ(farm.Find("a")->code, 10105);
  EXPECT_FALSE(farm.At("a").job && farm.At("a").job->open());
}

TEST(Command, StartThatTheBrokerMayHaveTakenIsNeverRepeated) {
  Farm farm;
  farm.Add("a");
  farm.accept = false;
  farm.Send(Farm::Make(1, "print.start", kAll, kStartArgs));
  farm.Pass(40s);
  EXPECT_EQ(farm.all.outgoing.size(), 1U);
  EXPECT_EQ(farm.State("a"), "sent_unconfirmed");
  EXPECT_FALSE(farm.At("a").job && farm.At("a").job->open());
}

TEST(Command, TwoStartsExcludeEachOther) {
  Farm farm;
  farm.Add("a");
  farm.Send(Farm::Make(1, "print.start", kAll, kStartArgs));
  farm.Send(Farm::Make(2, "print.start", kAll, kStartArgs));
  EXPECT_EQ(farm.State("a"), "skipped(busy)");
  farm.Pass(1s);
  EXPECT_EQ(farm.all.outgoing.size(), 1U);
}

TEST(Command, RefusedByTheBrokerIsRepeatedWhileThereIsTime) {
  Farm farm;
  farm.Add("a");
  farm.accept = false;
  farm.Send(Farm::Make(1, "print.pause", kAll));
  farm.Pass(5s);
  EXPECT_GE(farm.all.outgoing.size(), 4U);
  EXPECT_EQ(farm.State("a"), "queued");
  farm.accept = true;
  farm.Pass(2s);
  EXPECT_EQ(farm.State("a"), "sent");
  EXPECT_EQ(farm.Find("a")->attempts, 1);
}

TEST(Command, NeverTakenByTheBrokerIsFailed) {
  Farm farm;
  farm.Add("a");
  farm.accept = false;
  farm.Send(Farm::Make(1, "status.query", kAll));
  farm.Pass(12s);
  EXPECT_EQ(farm.State("a"), "failed");
  EXPECT_NE(farm.Find("a")->message.find("nothing was sent"), std::string::npos);
}

TEST(Command, QueryOfAnIdlePrinterIsSilence) {
  Farm farm;
  farm.Add("a");
  farm.Send(Farm::Make(1, "print.query", kAll));
  farm.Pass(11s);
  EXPECT_EQ(farm.State("a"), "succeeded");
  EXPECT_EQ(farm.Find("a")->result, R"({"no_job":true})");
}

TEST(Command, UnansweredQuestionIsTimedOut) {
  Farm farm;
  farm.Add("a");
  farm.Send(Farm::Make(1, "status.query", kAll));
  farm.Pass(11s);
  EXPECT_EQ(farm.State("a"), "timed_out");
}

TEST(Command, SecondOfAKindWaitsForTheFirst) {
  Farm farm;
  farm.Add("a");
  farm.Send(Farm::Make(1, "status.query", kAll));
  farm.Send(Farm::Make(2, "status.query", kAll));
  EXPECT_EQ(farm.all.outgoing.size(), 1U);
  farm.ReportStatus("a", protocol::WorkState::kFree);
  EXPECT_EQ(farm.all.outgoing.size(), 2U);
}

TEST(Command, KeepsToMaxInFlight) {
  Farm farm;
  for (int i = 10; i < 22; ++i) {
    farm.Add("a-" + std::to_string(i));
  }
  farm.Send(Farm::Make(1, "status.query", kAll, "{}", R"({"max_in_flight":5})"));
  EXPECT_EQ(farm.SentTo(), "a-10 a-11 a-12 a-13 a-14");
  farm.ReportStatus("a-12", protocol::WorkState::kFree);
  EXPECT_EQ(farm.SentTo(), "a-10 a-11 a-12 a-13 a-14 a-15");
  farm.Pass(40s);
  EXPECT_EQ(farm.all.outgoing.size(), 12U);
  EXPECT_EQ(farm.Events("done").size(), 1U);
}

TEST(Command, KeepsToTheFarmsLimit) {
  Farm farm;
  farm.settings.commands.max_in_flight = 2;
  for (const char* name : {"a", "b", "c"}) {
    farm.Add(name);
  }
  farm.Send(Farm::Make(1, "status.query", kAll));
  farm.Send(Farm::Make(2, "print.slice_params", R"({"printers":["c"]})"));
  EXPECT_EQ(farm.SentTo(), "a b");
  farm.Pass(60s);
  EXPECT_EQ(farm.all.outgoing.size(), 4U);
  EXPECT_EQ(farm.Events("done").size(), 2U);
}

TEST(Command, ExpiresWhatWasNotSentInTime) {
  Farm farm;
  farm.Add("a");
  farm.Add("b");
  farm.Send(Farm::Make(1, "status.query", kAll, "{}",
                       R"({"max_in_flight":1,"expires_at":"2026-01-01T00:00:05Z"})"));
  EXPECT_EQ(farm.all.outgoing[0].expiry, seconds(5));
  farm.Pass(6s);
  EXPECT_EQ(farm.State("a"), "sent");
  EXPECT_EQ(farm.State("b"), "expired");
  farm.Pass(6s);
  EXPECT_EQ(At(farm.Last("done"), "expired"), "1");
}

TEST(Command, MessageExpiryOfTheRequestCounts) {
  Farm farm;
  farm.Add("a");
  farm.At("a").presence = printer::Presence::kOffline;
  farm.world.Merge();
  Delivery delivery = farm.operator_;
  delivery.message_expiry_s = 30;
  farm.Send(Farm::Make(1, "status.query", kAll, "{}", R"({"on_offline":"wait"})"), delivery);
  farm.Pass(29s);
  EXPECT_EQ(farm.State("a"), "queued");
  farm.Pass(2s);
  EXPECT_EQ(farm.State("a"), "expired");
}

TEST(Command, WaitsForAnOfflinePrinterWhenAsked) {
  Farm farm;
  farm.Add("a");
  farm.At("a").presence = printer::Presence::kOffline;
  farm.world.Merge();
  farm.Send(Farm::Make(1, "status.query", kAll));
  EXPECT_EQ(farm.State("a"), "skipped(offline)");
  farm.Send(
      Farm::Make(2, "file.list_local", kAll, "{}", R"({"on_offline":"wait","timeout_s":600})"));
  farm.Pass(300s);
  EXPECT_EQ(farm.State("a"), "queued");
  farm.ReportStatus("a", protocol::WorkState::kFree);
  EXPECT_EQ(farm.State("a"), "sent");
}

TEST(Command, WaitingEndsWithTheTimeout) {
  Farm farm;
  farm.Add("a");
  farm.At("a").presence = printer::Presence::kOffline;
  farm.world.Merge();
  farm.Send(
      Farm::Make(1, "file.list_local", kAll, "{}", R"({"on_offline":"wait","timeout_s":60})"));
  farm.Pass(61s);
  EXPECT_EQ(farm.State("a"), "expired");
}

TEST(Command, CancelTakesWhatIsQueuedAndLeavesWhatWasSent) {
  Farm farm;
  farm.Add("a");
  farm.Add("b");
  farm.Send(Farm::Make(1, "status.query", kAll, "{}", R"({"max_in_flight":1})"));
  farm.Send(Farm::Make(2, "command.cancel", "{}", "{\"request_id\":\"" + Farm::Id(1) + "\"}"));
  const std::string done = farm.Last("done");
  EXPECT_EQ(At(done, "result.cancelled"), "1");
  EXPECT_EQ(At(done, "result.going_on"), "1");
  farm.ReportStatus("a", protocol::WorkState::kFree);
  farm.Pass(1s);
  EXPECT_EQ(At(farm.Last("done"), "succeeded"), "1");
  EXPECT_EQ(At(farm.Last("done"), "cancelled"), "1");
  EXPECT_EQ(farm.SentTo(), "a");
}

TEST(Command, UnsentOfADoubtfulCommitIsCancelled) {
  Farm farm;
  farm.Add("a");
  farm.confirm = false;
  farm.Send(Farm::Make(1, "print.start", kAll, kStartArgs));
  farm.Pass(1s);
  Output output;
  HandleUnsent(farm.world, farm.rules(), CommandId{1}, farm.now, output);
  farm.Absorb(std::move(output));
  EXPECT_EQ(farm.State("a"), "cancelled");
  EXPECT_EQ(farm.Find("a")->message, "store_unavailable");
  EXPECT_FALSE(farm.At("a").job && farm.At("a").job->open());
}

TEST(Command, OtaSucceedsOnlyByTheVersion) {
  Farm farm;
  farm.Add("a");
  farm.Send(Farm::Make(
      1, "ota.update", kAll,
      R"({"url":"http://h/u","md5":"0123456789abcdef0123456789abcdef","size_bytes":5,"version":"3.1.4","name":"u","confirm":true})"));
  farm.Pass(1s);
  ASSERT_EQ(farm.SentTo(), "a");
  protocol::OtaReport ota;
  ota.step = protocol::OtaStep::kSucceeded;
  farm.Report("a", ota, MakeEnvelope("ota", "update"));
  EXPECT_EQ(farm.State("a"), "acknowledged");
  farm.Pass(14min);
  ota.step = protocol::OtaStep::kVersion;
  ota.firmware = "3.1.2";
  farm.Report("a", ota, MakeEnvelope("ota", "reportVersion"));
  EXPECT_EQ(farm.State("a"), "acknowledged");
  ota.firmware = "3.1.4";
  farm.Report("a", ota, MakeEnvelope("ota", "reportVersion"));
  EXPECT_EQ(farm.State("a"), "succeeded");
}

TEST(Command, AListComesBackAsAResult) {
  Farm farm;
  farm.Add("a");
  farm.Send(Farm::Make(1, "file.list_local", kAll));
  protocol::FileReport list;
  list.action = protocol::FileAction::kListLocal;
  list.done = true;
  list.records = {{"cube.gcode", 12, std::nullopt, false}};
  farm.Report("a", list, MakeEnvelope("file", "listLocal", "done"));
  farm.Pass(1s);
  const std::string event = farm.Last("execution");
  EXPECT_EQ(At(event, "executions.0.state"), "\"succeeded\"");
  EXPECT_EQ(At(event, "executions.0.result.files.0.filename"), "\"cube.gcode\"");
}

}  // namespace
}  // namespace printfleet::fleet
