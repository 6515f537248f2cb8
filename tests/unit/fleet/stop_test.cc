// A stop always goes out: beside the batch, with the store away, after a restart.
#include <gtest/gtest.h>

#include "farm.h"
#include "fleet/build.h"

namespace printfleet::fleet {
namespace {

using namespace std::chrono_literals;

const std::string kAll = R"({"all":true})";

// One printer in each state that closes a gate for others.
void AddEveryKind(Farm& farm) {
  farm.Add("idle");
  farm.Add("printing");
  farm.StartPrinting("printing", "41");
  farm.Add("pending").registration.enrolment = printer::Enrolment::kPending;
  farm.Add("rejected").registration.enrolment = printer::Enrolment::kRejected;
  farm.Add("offline").presence = printer::Presence::kOffline;
  farm.Add("unheard").presence = printer::Presence::kUnknown;
  farm.Add("service").registration.maintenance = "belt";
  farm.Add("silent-fw").registration.firmware.clear();
  farm.Add("alien", "20099");
  farm.Add("past").registration.last_task_id = "40";
  farm.Add("retired").registration.enrolment = printer::Enrolment::kRetired;
  farm.world.ledger.Mutable().hold = "smoke";
  farm.world.Merge();
}

TEST(Stop, ReachesEveryMatchedPrinterButRetiredOnes) {
  for (const auto& [command, args] : std::vector<std::pair<std::string, std::string>>{
           {"print.stop", "{}"},
           {"print.pause", "{}"},
           {"print.update", R"({"bed_target_c":0})"}}) {
    Farm farm;
    AddEveryKind(farm);
    farm.settings.commands.max_in_flight = 1;
    farm.Send(Farm::Make(1, command, kAll, args, R"({"max_in_flight":1})"));
    EXPECT_EQ(farm.SentTo(),
              "alien idle offline past pending printing rejected service silent-fw unheard")
        << command;
  }
}

TEST(Stop, NamesTheCurrentTaskOrTheLastOrNone) {
  Farm farm;
  AddEveryKind(farm);
  farm.Send(Farm::Make(1, "print.stop", R"({"printers":["idle","past","printing","silent-fw"]})"));
  const auto task = [&](size_t i) {
    return std::get<protocol::ControlJob>(farm.all.outgoing[i].request).task_id;
  };
  EXPECT_EQ(task(0), "-1");
  EXPECT_EQ(task(1), "40");
  EXPECT_EQ(task(2), "41");
  EXPECT_EQ(farm.all.outgoing[3].form, protocol::TopicForm::kBoth);
}

TEST(Stop, IsNotQueuedBehindAnotherOne) {
  Farm farm;
  farm.Add("a");
  farm.Send(Farm::Make(1, "print.stop", kAll));
  farm.Send(Farm::Make(2, "print.stop", kAll));
  EXPECT_EQ(farm.all.outgoing.size(), 2U);
}

TEST(Stop, IsSentAgainUntilItIsAnswered) {
  Farm farm;
  farm.Add("a");
  farm.StartPrinting("a", "41");
  farm.SetManner("a", Manner::kSilent);
  farm.Send(Farm::Make(1, "print.stop", kAll));
  farm.Pass(20s);
  ASSERT_EQ(farm.all.outgoing.size(), 3U);  // at 0, 3 and 9 s
  EXPECT_EQ(farm.all.outgoing[0].expiry, farm.settings.commands.attempt);
  EXPECT_EQ(farm.all.outgoing[1].expiry, farm.settings.commands.stop_attempt);
  EXPECT_NE(farm.all.outgoing[0].msgid, farm.all.outgoing[2].msgid);
  farm.ReportPrint("a", protocol::PrintAction::kStop, protocol::PrintWord::kStopping, "41");
  farm.Pass(30s);
  EXPECT_EQ(farm.all.outgoing.size(), 3U);
}

TEST(Stop, ThatWentAheadOfItsBatchIsSentAgainToo) {
  Farm farm;
  farm.Add("a");
  farm.StartPrinting("a", "41");
  farm.SetManner("a", Manner::kSilent);
  const std::string request = Farm::Make(1, "print.stop", kAll);
  const auto plan = PlanStop(farm.world, farm.rules(), farm.operator_, request, farm.now);
  ASSERT_TRUE(plan);
  farm.Send(request, farm.operator_, &*plan);
  EXPECT_EQ(farm.all.outgoing.size(), 0U);  // the plan's went already
  farm.Pass(10s);
  EXPECT_EQ(farm.all.outgoing.size(), 2U);  // at 3 and 9 s
}

TEST(Stop, IsNotSentAgainAtAnotherJobThanItWasMeantFor) {
  Farm farm;
  farm.Add("a");
  farm.StartPrinting("a", "41");
  farm.SetManner("a", Manner::kSilent);
  farm.Send(Farm::Make(1, "print.stop", kAll));
  farm.StartPrinting("a", "42");
  farm.Pass(61s);
  EXPECT_EQ(farm.all.outgoing.size(), 1U);
  EXPECT_EQ(farm.State("a"), "sent_unconfirmed");
}

TEST(Stop, IsNotSentAgainBehindWhatSetThePrinterGoing) {
  Farm farm;
  farm.Add("a");
  farm.StartPrinting("a", "41");
  farm.SetManner("a", Manner::kSilent);
  farm.Send(Farm::Make(1, "print.pause", kAll));
  farm.Send(Farm::Make(2, "print.resume", kAll));
  ASSERT_EQ(farm.all.outgoing.size(), 2U);
  farm.Pass(14s);
  EXPECT_EQ(farm.all.outgoing.size(), 2U);
}

TEST(Stop, IsNotSentAgainToAPrinterThatStandsStill) {
  Farm farm;
  farm.Add("idle");
  farm.Add("away").presence = printer::Presence::kOffline;
  farm.world.Merge();
  farm.SetManner("idle", Manner::kSilent);
  farm.SetManner("away", Manner::kSilent);
  farm.Send(Farm::Make(1, "print.stop", kAll));
  farm.Pass(1s);
  farm.ReportStatus("idle", protocol::WorkState::kFree);
  farm.Pass(3s);
  EXPECT_EQ(farm.SentTo(), "away away idle");
}

TEST(Stop, IsSentAgainWhileAStartMayBeOnItsWay) {
  Farm farm;
  farm.Add("a");
  farm.SetManner("a", Manner::kSilent);
  farm.Send(Farm::Make(1, "print.start", kAll, R"({"file":{"storage":"local","filename":"a"}})"));
  farm.Pass(1s);
  ASSERT_EQ(farm.SentTo(), "a");
  farm.Send(Farm::Make(2, "print.stop", kAll));
  farm.Pass(1s);
  farm.ReportStatus("a", protocol::WorkState::kFree);
  farm.Pass(3s);
  EXPECT_EQ(farm.SentTo(), "a a a");
}

TEST(Stop, IsNotSentAgainWhenItsTimeIsOver) {
  Farm farm;
  farm.Add("a");
  farm.StartPrinting("a", "41");
  farm.SetManner("a", Manner::kSilent);
  farm.Send(Farm::Make(1, "print.stop", kAll, "{}", R"({"timeout_s":4})"));
  farm.Pass(60s);
  EXPECT_EQ(farm.all.outgoing.size(), 2U);
  EXPECT_EQ(farm.all.outgoing[1].expiry, 1s);
}

TEST(Stop, GoesOutOfTheBacklogWhenTheDaemonWasDeafForShort) {
  Farm farm;
  farm.Add("a");
  Delivery delivery = farm.operator_;
  delivery.backlog = true;
  delivery.deaf_for = seconds(59);
  farm.Send(Farm::Make(1, "print.stop", kAll), delivery);
  EXPECT_EQ(farm.SentTo(), "a");
}

TEST(Stop, GoesOutWhenTheTableOfCommandsIsFull) {
  Farm farm;
  farm.Add("a");
  farm.settings.commands.open_max = 0;
  farm.Send(Farm::Make(1, "status.query", kAll));
  EXPECT_EQ(At(farm.Last("rejected"), "reason"), "\"too_many\"");
  farm.Send(Farm::Make(2, "print.stop", kAll));
  EXPECT_EQ(farm.SentTo(), "a");
}

TEST(StopPlan, IsWhatTheRequestSends) {
  for (const char* args : {"{}", R"({"if_job":1})", R"({"if_job":99})"}) {
    Farm farm;
    AddEveryKind(farm);
    const std::string request = Farm::Make(1, "print.pause", kAll, args);
    const auto plan = PlanStop(farm.world, farm.rules(), farm.operator_, request, farm.now);
    ASSERT_TRUE(plan);
    farm.Send(request);
    ASSERT_EQ(plan->outgoing.size(), farm.all.outgoing.size()) << args;
    for (size_t i = 0; i < plan->outgoing.size(); ++i) {
      const Outgoing& planned = plan->outgoing[i];
      const Outgoing& sent = farm.all.outgoing[i];
      EXPECT_EQ(planned.printer_id, sent.printer_id);
      EXPECT_EQ(planned.form, sent.form);
      EXPECT_EQ(planned.expiry, sent.expiry);
      EXPECT_EQ(protocol::EncodeRequest(planned.request, "m", farm.now.wall),
                protocol::EncodeRequest(sent.request, "m", farm.now.wall));
    }
  }
}

TEST(StopPlan, IsOnlyForValidNewStops) {
  Farm farm;
  farm.Add("a");
  const auto plan = [&](const std::string& request) {
    return PlanStop(farm.world, farm.rules(), farm.operator_, request, farm.now).has_value();
  };
  EXPECT_TRUE(plan(Farm::Make(1, "print.stop", kAll)));
  EXPECT_FALSE(plan(Farm::Make(1, "print.resume", kAll)));
  EXPECT_FALSE(plan(Farm::Make(1, "print.stop", "{}")));
  EXPECT_FALSE(plan(Farm::Make(1, "print.stop", kAll, "{}", R"({"dry_run":true})")));
  EXPECT_FALSE(plan("{"));
  Delivery viewer = farm.operator_;
  viewer.role = settings::Role::kViewer;
  EXPECT_FALSE(
      PlanStop(farm.world, farm.rules(), viewer, Farm::Make(1, "print.stop", kAll), farm.now));
  farm.Send(Farm::Make(1, "print.stop", kAll));
  EXPECT_FALSE(plan(Farm::Make(1, "print.stop", kAll)));
}

TEST(StopPlan, SentAheadIsRecordedAndNotSentAgain) {
  Farm farm;
  farm.Add("a");
  farm.StartPrinting("a", "5");
  const std::string request = Farm::Make(1, "print.pause", kAll);
  const auto plan = PlanStop(farm.world, farm.rules(), farm.operator_, request, farm.now);
  ASSERT_TRUE(plan);
  farm.Send(request, farm.operator_, &*plan);
  EXPECT_TRUE(farm.all.outgoing.empty());
  EXPECT_EQ(farm.State("a"), "sent");
  EXPECT_EQ(farm.Find("a")->msgid, plan->outgoing[0].msgid);
  farm.ReportPrint("a", protocol::PrintAction::kPause, protocol::PrintWord::kPaused, "5");
  EXPECT_EQ(farm.State("a"), "succeeded");
}

TEST(StopRecord, BecomesRowsOnceAndSendsNothing) {
  Farm farm;
  AddEveryKind(farm);
  const std::string request = Farm::Make(1, "print.stop", R"({"printers":["idle","printing"]})");
  const auto plan = PlanStop(farm.world, farm.rules(), farm.operator_, request, farm.now);
  ASSERT_TRUE(plan);
  EXPECT_EQ(At(plan->response_json, "event"), "\"done\"");
  EXPECT_EQ(At(plan->response_json, "sent_unconfirmed"), "2");
  for (int i = 0; i < 2; ++i) {
    Output output;
    HandleStopRecord(farm.world, farm.rules(), plan->record_json, farm.now, output);
    farm.Absorb(std::move(output));
  }
  EXPECT_TRUE(farm.all.outgoing.empty());
  EXPECT_TRUE(farm.all.responses.empty());
  EXPECT_EQ(farm.world.commands.size(), 1U);
  EXPECT_EQ(farm.State("printing"), "sent_unconfirmed");
  EXPECT_EQ(farm.Find("printing")->task_id, "41");
  EXPECT_EQ(farm.all.audit.size(), 1U);
  farm.Send(request);  // known: answered, not sent
  EXPECT_TRUE(farm.all.outgoing.empty());
  EXPECT_EQ(farm.Events("done").size(), 1U);
}

TEST(StopRecord, AnswersTheSameStopAfterARestart) {
  Farm farm;
  AddEveryKind(farm);
  const std::string request = Farm::Make(1, "print.stop", R"({"printers":["idle","printing"]})");
  const auto plan = PlanStop(farm.world, farm.rules(), farm.operator_, request, farm.now);
  ASSERT_TRUE(plan);
  const auto recorded = RecordedStop(farm.rules(), plan->record_json);
  ASSERT_TRUE(recorded);
  EXPECT_EQ(recorded->reply_to.author, "anna");
  EXPECT_EQ(recorded->request_id, plan->request_id);
  EXPECT_EQ(recorded->body, plan->body);
  EXPECT_EQ(recorded->response_json, plan->response_json);
  EXPECT_FALSE(RecordedStop(farm.rules(), "{}"));
}

TEST(StopRecord, IgnoresNonsense) {
  Farm farm;
  for (const char* record : {"", "{}", "[1]", R"({"payload_b64":"***","printers":[{}]})"}) {
    Output output;
    HandleStopRecord(farm.world, farm.rules(), record, farm.now, output);
    EXPECT_EQ(farm.world.commands.size(), 0U) << record;
  }
}

TEST(Refuse, SaysUnavailableOrWhatIsWrong) {
  Farm farm;
  const auto reason = [&](const std::string& payload, const char* why) {
    const Output output = Refuse(farm.rules(), farm.operator_, payload, farm.now, why);
    EXPECT_EQ(output.audit.size(), 1U);
    return At(output.responses.at(0).json, "reason");
  };
  EXPECT_EQ(reason(Farm::Make(1, "print.resume", kAll), "unavailable"), "\"unavailable\"");
  EXPECT_EQ(reason(Farm::Make(1, "print.resume", kAll), "unknown"), "\"unknown\"");
  EXPECT_EQ(reason("{", "unavailable"), "\"malformed\"");
}

// -- After a restart --

struct Restart {
  const char* command;
  const char* args;
  ExecutionState state;
  int attempts;
  const char* after;    // at once
  const char* sent_to;  // at once
  const char* at_the_end;
};

TEST(Adopt, GoesOnFromEachState) {
  const char* start = R"({"file":{"storage":"local","filename":"a"}})";
  const std::vector<Restart> cases = {
      {"print.stop", "{}", ExecutionState::kQueued, 0, "sent", "a", "sent_unconfirmed"},
      {"print.stop", "{}", ExecutionState::kQueued, 1, "sent", "a", "sent_unconfirmed"},
      {"print.stop", "{}", ExecutionState::kSent, 1, "sent", "", "sent_unconfirmed"},
      {"print.stop", "{}", ExecutionState::kAcknowledged, 1, "acknowledged", "", "timed_out"},
      {"print.stop", "{}", ExecutionState::kFailed, 1, "failed", "", "failed"},
      {"print.resume", "{}", ExecutionState::kQueued, 1, "queued", "", "sent_unconfirmed"},
      {"print.start", start, ExecutionState::kQueued, 1, "queued", "", "sent_unconfirmed"},
      {"print.start", start, ExecutionState::kSent, 1, "sent", "", "sent_unconfirmed"},
      {"video.start_capture", R"({"region":"***"})", ExecutionState::kQueued, 0, "failed", "",
       "failed"},
      {"video.start_capture", R"({"region":"***"})", ExecutionState::kSent, 1, "failed", "",
       "failed"},
  };
  for (const Restart& c : cases) {
    Farm farm;
    farm.settings.commands.stop_attempt = std::chrono::seconds(600);
    farm.Add("a");
    farm.world.Merge();
    Command command;
    command.id = CommandId{5};
    command.request.spec = FindCommand(c.command);
    command.request.id = Farm::Id(1);
    command.request.args_json = c.args;
    command.request.target_json = "{}";
    command.request.reply_to = {"anna", "fleet/v1/response/anna/x", "", true};
    command.created_at = farm.now.wall;
    command.deadline_wall = farm.now.wall + 1h;
    Execution execution;
    execution.key = {CommandId{5}, "a-id"};
    execution.printer_name = "a";
    execution.state = c.state;
    execution.attempts = c.attempts;
    Output output;
    AdoptCommand(farm.world, farm.rules(), command, {execution}, farm.now, output);
    farm.Absorb(std::move(output));
    const std::string what = std::string(c.command) + " " + std::string(Name(c.state));
    EXPECT_EQ(farm.State("a"), c.after) << what;
    EXPECT_EQ(farm.SentTo(), c.sent_to) << what;
    farm.Pass(50s);
    farm.Pass(80s);
    if (farm.world.commands.size() > 0) {
      EXPECT_EQ(farm.State("a"), c.at_the_end) << what;
    }
    EXPECT_EQ(farm.SentTo(), c.sent_to) << what;
    EXPECT_EQ(farm.Events("done").size(), 1U) << what;
  }
}

// A stop that had been sent when the daemon fell; what it gave out since.
size_t SentAfterRestart(const char* name, const std::string& task_id) {
  Farm farm;
  farm.Add("a");
  farm.StartPrinting("a", "41");
  farm.SetManner("a", Manner::kSilent);
  Command command;
  command.id = CommandId{5};
  command.request.spec = FindCommand(name);
  command.request.args_json = "{}";
  command.created_at = farm.now.wall;
  command.deadline_wall = farm.now.wall + 1h;
  Execution execution;
  execution.key = {CommandId{5}, "a-id"};
  execution.state = ExecutionState::kSent;
  execution.attempts = 1;
  execution.task_id = task_id;
  execution.sent_at = farm.now.wall;
  Output output;
  AdoptCommand(farm.world, farm.rules(), command, {execution}, farm.now, output);
  farm.Absorb(std::move(output));
  EXPECT_TRUE(farm.all.outgoing.empty());
  farm.Pass(4s);
  return farm.all.outgoing.size();
}

TEST(Adopt, SendsAStopOfTheOpenJobAgain) {
  EXPECT_EQ(SentAfterRestart("print.stop", "41"), 1U);
}

TEST(Adopt, DoesNotSendAgainWhatMayHitSomethingElse) {
  EXPECT_EQ(SentAfterRestart("print.stop", "40"), 0U);
  EXPECT_EQ(SentAfterRestart("print.stop", "-1"), 0U);
  EXPECT_EQ(SentAfterRestart("print.stop", ""), 0U);
  EXPECT_EQ(SentAfterRestart("print.pause", "41"), 0U);
}

TEST(Adopt, ExpiresWhatIsTooOld) {
  Farm farm;
  farm.Add("a");
  farm.world.Merge();
  Command command;
  command.id = CommandId{5};
  command.request.spec = FindCommand("file.list_local");
  command.request.args_json = "{}";
  command.created_at = farm.now.wall - 2h;
  command.deadline_wall = farm.now.wall - 1h;
  Execution execution;
  execution.key = {CommandId{5}, "a-id"};
  Output output;
  AdoptCommand(farm.world, farm.rules(), command, {execution}, farm.now, output);
  farm.Absorb(std::move(output));
  EXPECT_EQ(farm.State("a"), "expired");
  EXPECT_TRUE(farm.all.outgoing.empty());
}

TEST(Adopt, DoesNotCallUnsentWhatMayHaveLeft) {
  Farm farm;
  farm.Add("a");
  farm.world.Merge();
  Command command;
  command.id = CommandId{5};
  command.request.spec = FindCommand("print.stop");
  command.request.args_json = "{}";
  command.deadline_wall = farm.now.wall - 1h;
  Execution execution;
  execution.key = {CommandId{5}, "a-id"};
  execution.attempts = 1;
  Output output;
  AdoptCommand(farm.world, farm.rules(), command, {execution}, farm.now, output);
  farm.Absorb(std::move(output));
  EXPECT_TRUE(farm.all.outgoing.empty());
  farm.Pass(61s);
  EXPECT_EQ(farm.State("a"), "sent_unconfirmed");
}

TEST(TaskIds, AreDecimalAndNeverTheVendorsWordsForNone) {
  for (const int64_t number : {int64_t{1}, int64_t{2}, int64_t{1000000}}) {
    const std::string id = NewTaskId(number);
    EXPECT_GE(id.size(), 6U);
    EXPECT_EQ(id.find_first_not_of("0123456789"), std::string::npos);
    EXPECT_NE(id[0], '0');
  }
  EXPECT_NE(NewTaskId(1), NewTaskId(2));
}

}  // namespace
}  // namespace printfleet::fleet
