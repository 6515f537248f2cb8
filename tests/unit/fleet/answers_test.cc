// What an author hears: responses, repetitions, dry runs; and what nobody hears: secrets.
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

TEST(Responses, FinalModeIsOneMessageWithEveryExecution) {
  Farm farm;
  farm.Add("a");
  farm.Add("b");
  farm.StartPrinting("a", "5");
  farm.SetManner("a", Manner::kObeys);
  Delivery delivery = farm.operator_;
  delivery.response_topic = "fleet/v1/response/anna/rr-7";
  delivery.correlation_data = std::string("\x00\x01", 2);
  farm.Send(Farm::Make(1, "print.stop", kAll), delivery);
  farm.Pass(61s);
  ASSERT_EQ(farm.all.responses.size(), 1U);
  const Response& response = farm.all.responses[0];
  EXPECT_EQ(response.to.topic, "fleet/v1/response/anna/rr-7");
  EXPECT_EQ(response.to.correlation_data, delivery.correlation_data);
  EXPECT_EQ(At(response.json, "event"), "\"done\"");
  EXPECT_EQ(At(response.json, "executions.0.state"), "\"succeeded\"");
  EXPECT_EQ(At(response.json, "executions.1.state"), "\"sent_unconfirmed\"");
}

TEST(Responses, StayBelowTheirSizeForAWholeFarm) {
  Farm farm;
  for (int i = 0; i < 3000; ++i) {
    farm.Add("printer-with-a-long-name-" + std::to_string(i));
  }
  farm.settings.commands.max_in_flight = 10000;
  farm.confirm = false;
  farm.Send(Farm::Make(1, "print.start", kAll, kStartArgs, R"({"max_in_flight":10000})"));
  farm.answer_status = false;
  farm.Send(Farm::Make(2, "print.start", kAll, kStartArgs));
  int executions = 0;
  for (const Response& response : farm.all.responses) {
    EXPECT_LE(response.json.size(), 128U * 1024U);
    const std::string event = At(response.json, "event");
    executions += event == "\"execution\"" ? 1 : 0;
  }
  EXPECT_GE(executions, 1);
  EXPECT_EQ(At(farm.Last("done"), "skipped"), "3000");
}

TEST(Responses, ProgressComesAtMostOnceASecond) {
  Farm farm;
  for (int i = 10; i < 30; ++i) {
    farm.Add("a-" + std::to_string(i));
  }
  farm.Send(Farm::Make(1, "status.query", kAll));
  for (int i = 10; i < 29; ++i) {
    farm.ReportStatus("a-" + std::to_string(i), protocol::WorkState::kFree);
    farm.Pass(200ms);
  }
  EXPECT_GE(farm.Events("progress").size(), 3U);
  EXPECT_LE(farm.Events("progress").size(), 5U);
}

TEST(Responses, AnEmptyMatchIsDoneAtOnce) {
  Farm farm;
  farm.Add("a");
  farm.Send(Farm::Make(1, "print.resume", R"({"groups":["nobody"]})"));
  EXPECT_EQ(At(farm.Last("accepted"), "matched"), "0");
  EXPECT_EQ(farm.Events("done").size(), 1U);
}

class Repetition : public testing::Test {
 protected:
  Repetition() {
    farm.Add("a");
    farm.StartPrinting("a", "5");
    farm.SetManner("a", Manner::kObeys);
    farm.Send(request);
  }

  Farm farm;
  const std::string request = Farm::Make(1, "print.pause", kAll);
};

TEST_F(Repetition, AtOnceIsAnsweredAndSendsNothing) {
  farm.Send(request);
  EXPECT_EQ(farm.all.outgoing.size(), 1U);
  EXPECT_EQ(farm.Events("accepted").size(), 2U);
  farm.Pass(2s);
  EXPECT_EQ(farm.Events("done").size(), 1U);
}

TEST_F(Repetition, AfterDoneReturnsTheResult) {
  farm.Pass(2s);
  farm.Clear();
  farm.Send(request);
  EXPECT_TRUE(farm.all.outgoing.empty());
  EXPECT_EQ(At(farm.Last("execution"), "executions.0.state"), "\"succeeded\"");
  EXPECT_EQ(At(farm.Last("done"), "succeeded"), "1");
}

TEST_F(Repetition, AfterItLeftTheMemoryAsksTheStore) {
  farm.Pass(120s);
  EXPECT_EQ(farm.world.commands.size(), 0U);
  EXPECT_EQ(farm.world.executions.size(), 0U);
  EXPECT_EQ(farm.world.open_commands.size(), 0U);
  farm.Clear();
  farm.Send(request);
  EXPECT_TRUE(farm.all.outgoing.empty());
  ASSERT_EQ(farm.all.questions.size(), 1U);
  const Question question = farm.all.questions[0];
  EXPECT_EQ(question.subject, "anna\n" + Farm::Id(1));
  EXPECT_EQ(question.argument, DigestHex(question.request->body));
  const auto answered = [&](const std::string& row) {
    Output output;
    HandleAnswer(farm.world, farm.rules(), question, true, {row}, "", farm.now, output);
    EXPECT_EQ(output.audit.size(), 1U);
    EXPECT_TRUE(output.outgoing.empty());
    return output;
  };
  const std::string row =
      R"("command":"print.pause","command_id":1,"target_hash":"ab","duration_ms":7,"result":null,)"
      R"("executions":[{"printer_id":"a-id","name":"a","state":"succeeded","reason":null,"code":null,)"
      R"("message":"","result":{},"task_id":"41","job_id":null,"duration_ms":5}]})";
  const Output again = answered(R"({"same":true,)" + row);
  EXPECT_EQ(again.audit[0].outcome, "repeated");
  ASSERT_EQ(again.responses.size(), 2U);
  EXPECT_EQ(At(again.responses[0].json, "matched"), "1");
  EXPECT_EQ(At(again.responses[1].json, "event"), "\"done\"");
  EXPECT_EQ(At(again.responses[1].json, "succeeded"), "1");
  EXPECT_EQ(At(again.responses[1].json, "duration_ms"), "7");
  EXPECT_EQ(At(again.responses[1].json, "executions.0.task_id"), "\"41\"");
  const Output other = answered(R"({"same":false,)" + row);
  EXPECT_EQ(At(other.responses[0].json, "reason"), "\"conflict\"");
  EXPECT_EQ(other.audit[0].outcome, "rejected(conflict)");
}

TEST_F(Repetition, OfOneThatOnlyTheStoreKnowsAsksIt) {
  farm.Clear();
  Output output;
  HandleKnownRequest(farm.world, farm.rules(), farm.operator_, Farm::Make(9, "print.pause", kAll),
                     farm.now, output);
  EXPECT_TRUE(output.outgoing.empty());
  ASSERT_EQ(output.questions.size(), 1U);
  EXPECT_EQ(output.questions[0].subject, "anna\n" + Farm::Id(9));
}

TEST_F(Repetition, WithAnotherBodyIsAConflict) {
  farm.Clear();
  farm.Send(Farm::Make(1, "print.stop", kAll));
  EXPECT_TRUE(farm.all.outgoing.empty());
  EXPECT_EQ(At(farm.Last("rejected"), "reason"), "\"conflict\"");
}

TEST_F(Repetition, OfAnotherAuthorIsHisOwn) {
  Delivery bob = farm.operator_;
  bob.author = "bob";
  farm.Clear();
  farm.Send(request, bob);
  EXPECT_EQ(farm.all.outgoing.size(), 1U);
  EXPECT_EQ(farm.all.responses[0].to.topic, "fleet/v1/response/bob/" + Farm::Id(1));
}

TEST_F(Repetition, OfARefusedRequestMayBeCorrected) {
  farm.Send(Farm::Make(2, "fan.set", kAll, R"({"fan_ratio":2})"));
  farm.Send(Farm::Make(2, "fan.set", kAll, R"({"fan_ratio":1})"));
  EXPECT_EQ(farm.Events("rejected").size(), 1U);
  EXPECT_EQ(farm.all.outgoing.size(), 2U);
}

TEST_F(Repetition, OldButKnownIsAnsweredNotExpired) {
  const std::string expiring =
      Farm::Make(3, "print.pause", kAll, "{}", R"({"expires_at":"2026-01-01T00:00:05Z"})");
  farm.Send(expiring);
  farm.Pass(20s);
  farm.Clear();
  farm.Send(expiring);
  EXPECT_TRUE(farm.Events("rejected").empty());
  EXPECT_EQ(farm.Events("done").size(), 1U);
}

TEST(DryRun, SaysWhatARunDoesAndDoesNothing) {
  Farm farm;
  farm.Add("a");
  farm.Add("b");
  farm.At("b").registration.maintenance = "belt";
  farm.world.Merge();
  farm.Send(Farm::Make(1, "print.start", kAll, kStartArgs, R"({"dry_run":true})"));
  const std::string done = farm.Last("done");
  EXPECT_EQ(At(done, "dry_run"), "true");
  EXPECT_EQ(At(done, "matched"), "2");
  EXPECT_EQ(At(done, "executions.0.state"), "\"would_send\"");
  EXPECT_EQ(At(done, "executions.1.reason"), "\"maintenance\"");
  EXPECT_TRUE(farm.all.outgoing.empty());
  EXPECT_TRUE(farm.all.ask_status.empty());
  EXPECT_EQ(farm.world.commands.size(), 0U);
  EXPECT_EQ(farm.world.requests.size(), 0U);
  EXPECT_EQ(farm.all.audit.size(), 1U);

  farm.Send(Farm::Make(2, "print.start", kAll, kStartArgs,
                       "{\"if_matched\":" + At(done, "target_hash") + "}"));
  EXPECT_EQ(At(farm.Last("accepted"), "skipped.0.reason"), "\"maintenance\"");
  farm.Pass(1s);
  EXPECT_EQ(farm.SentTo(), "a");
}

TEST(DryRun, NeedsNoId) {
  Farm farm;
  farm.Add("a");
  farm.Send(R"({"command":"print.stop","target":{"all":true},"options":{"dry_run":true}})");
  EXPECT_TRUE(farm.all.outgoing.empty());
  EXPECT_EQ(farm.Events("done").size(), 1U);
  EXPECT_EQ(farm.all.responses[0].to.topic, "fleet/v1/response/anna/-");
}

TEST(Secrets, LeaveInTheMessageAndNowhereElse) {
  Farm farm;
  farm.Add("a");
  const std::string secrets =
      R"("region":"SECRET1","tmp_secret_key":"SECRET2","tmp_secret_id":"SECRET3","session_token":"SECRET4")";
  farm.Send(Farm::Make(1, "video.start_capture", kAll, "{" + secrets + "}"));
  farm.Send(
      Farm::Make(2, "video.start_capture", kAll, "{" + secrets + R"(,"sessiontoken":"SECRET5"})"));
  farm.Send(Farm::Make(3, "video.start_capture", R"({"printers":["zz"]})", "{" + secrets + "}"));
  farm.Send(R"({"command":"command.get","args":{"command_id":1}})");
  farm.Pass(20s);
  EXPECT_EQ(std::get<protocol::StartCapture>(farm.all.outgoing[0].request).region, "SECRET1");
  std::string everything;
  for (const Response& response : farm.all.responses) {
    everything += response.json;
  }
  for (const AuditEntry& entry : farm.all.audit) {
    everything += entry.args_json + entry.target_json + entry.outcome;
  }
  for (const Happening& happening : farm.all.happenings) {
    everything += happening.body_json;
  }
  farm.world.commands.ForEach([&](const CommandId&, const Command& command) {
    everything += command.request.args_json + command.request.target_json + command.result;
  });
  farm.world.executions.ForEach([&](const ExecutionKey&, const Execution& execution) {
    everything += execution.message + execution.result + execution.task_id;
  });
  EXPECT_EQ(everything.find("SECRET"), std::string::npos);
  EXPECT_NE(everything.find("***"), std::string::npos);
}

}  // namespace
}  // namespace printfleet::fleet
