// Core as a whole: events in, effects out, batches merged and dropped.
#include "core/core.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

namespace printfleet::core {
namespace {

constexpr char kId[] = "9347a110c5423fe412ce45533bfc10e6";

class CoreTest : public testing::Test {
 protected:
  CoreTest() {
    settings_.fleet.enrolment = settings::Enrolment::kAuto;
    settings_.inbound.dead_letters_per_printer_per_minute = 60;
    settings::Model model;
    model.id = "20021";
    model.name = "K2Pro";
    models_.Add(model);
    core_ = std::make_unique<Core>(settings_, models_, error_codes_, users_, 1);
  }

  [[nodiscard]] Instant Now() const {
    return {FromEpochMs(1700000000000 + now_ms_), MonoTime(milliseconds(now_ms_))};
  }

  Message Said(Session session, std::string topic, std::string payload) {
    Message message;
    message.session = session;
    message.topic = std::move(topic);
    message.payload = std::move(payload);
    message.received = Now();
    message.digest = MessageDigest(message.topic, message.payload);
    EXPECT_FALSE(core_->Receive(message));
    return message;
  }

  Message Report(const std::string& type, const std::string& payload,
                 const std::string& model = "20021", const std::string& id = kId) {
    return Said(
        Session::kReports,
        "anycubic/anycubicCloud/v1/printer/public/" + model + "/" + id + "/" + type + "/report",
        payload);
  }

  Message Free(const std::string& msgid) {
    return Report("status", R"({"type":"status","action":"workReport","state":"free","msgid":")" +
                                msgid + R"("})");
  }

  // Both sessions hear a heartbeat: what follows is of now.
  void BecomeLive() {
    for (const Session session : {Session::kReports, Session::kCommands}) {
      core_->links().OnUp(session, Now());
    }
    const auto heartbeat = core_->Heartbeat(Now());
    ASSERT_TRUE(heartbeat.has_value());
    for (const Session session : {Session::kReports, Session::kCommands}) {
      Message message;
      message.session = session;
      message.topic = heartbeat->topic;
      message.payload = heartbeat->payload;
      message.received = Now();
      EXPECT_TRUE(core_->Receive(message));
    }
    Commit({Tick{}});
  }

  Effects Commit(const std::vector<Event>& events) {
    for (const Event& event : events) {
      core_->Step(event, Now());
    }
    Effects effects = core_->Seal(Now());
    core_->Merge(Now());
    return effects;
  }

  // Lets time pass in small steps; returns everything that was published.
  std::vector<Publish> Pass(milliseconds time) {
    std::vector<Publish> published;
    for (const int64_t end = now_ms_ + time.count(); now_ms_ < end; now_ms_ += 50) {
      const auto due = core_->NextDeadline(Now());
      if (due && *due <= Now().mono) {
        for (Publish& publish : Commit({Tick{}}).publishes) {
          published.push_back(std::move(publish));
        }
      }
    }
    return published;
  }

  static int CountTopics(const std::vector<Publish>& publishes, std::string_view part) {
    return static_cast<int>(std::count_if(
        publishes.begin(), publishes.end(),
        [part](const Publish& publish) { return publish.topic.find(part) != std::string::npos; }));
  }

  const printer::Printer& Known() { return *core_->world().printers.Find(kId); }

  settings::Settings settings_;
  settings::ModelRegistry models_;
  settings::ErrorCodes error_codes_;
  settings::Users users_;
  std::unique_ptr<Core> core_;
  int64_t now_ms_ = 1000000;
};

TEST_F(CoreTest, AFirstReportMakesAPrinterAndAsksIt) {
  BecomeLive();
  const Effects effects = Commit({Free("m1")});
  ASSERT_EQ(effects.rows.registrations.size(), 1U);
  EXPECT_EQ(effects.rows.registrations[0].registration.model, "K2Pro");
  ASSERT_EQ(effects.rows.reports.size(), 1U);
  EXPECT_EQ(effects.rows.reports[0].msgid, "m1");
  ASSERT_EQ(effects.rows.statuses.size(), 1U);
  EXPECT_EQ(effects.rows.statuses[0].state, "idle");
  EXPECT_EQ(CountTopics(effects.publishes, "/printers/"), 1);
  const auto asked = Pass(milliseconds(500));
  // The firmware is not known, so each question goes out in both forms.
  EXPECT_EQ(CountTopics(asked, "/20021/" + std::string(kId) + "/ota"), 2);
  EXPECT_EQ(CountTopics(asked, "/20021/" + std::string(kId) + "/status"), 2);
  for (const Publish& publish : asked) {
    if (publish.topic.starts_with("anycubic/")) {
      EXPECT_GT(publish.expiry_s.value_or(0), 0U) << publish.topic;
    }
  }
}

TEST_F(CoreTest, ADroppedBatchLeavesNoTraceAndStepsAgainTheSame) {
  BecomeLive();
  const Message message = Free("m1");
  core_->Step(message, Now());
  const Effects first = core_->Seal(Now());
  core_->Drop(Now());
  EXPECT_EQ(core_->world().printers.Find(kId), nullptr);
  EXPECT_EQ(core_->counters().inbound_messages.count("report"), 0U);
  const Effects second = Commit({message});
  ASSERT_EQ(second.rows.reports.size(), first.rows.reports.size());
  EXPECT_EQ(second.rows.reports[0].seq, first.rows.reports[0].seq);
  EXPECT_EQ(second.rows.events.size(), first.rows.events.size());
  EXPECT_EQ(second.publishes.size(), first.publishes.size());
}

TEST_F(CoreTest, TheSameBytesAreStoredOnce) {
  BecomeLive();
  EXPECT_EQ(Commit({Free("m1"), Free("m1")}).rows.reports.size(), 1U);
  EXPECT_EQ(Commit({Free("m1")}).rows.reports.size(), 0U);
  EXPECT_EQ(core_->counters().duplicates, 2U);
  EXPECT_EQ(Commit({Free("m2")}).rows.reports.size(), 1U);
}

TEST_F(CoreTest, WillsAndReportsWithoutNameAreNeverDuplicates) {
  BecomeLive();
  const std::string will = R"({"type":"lastWill","action":"onlineReport","state":"offline",)"
                           R"("msgid":"w1","timestamp":1700000000000})";
  EXPECT_EQ(Commit({Report("lastWill", will)}).rows.reports.size(), 1U);
  EXPECT_EQ(Commit({Report("lastWill", will)}).rows.reports.size(), 1U);
  const std::string nameless = R"({"type":"status","action":"workReport","state":"free"})";
  EXPECT_EQ(Commit({Report("status", nameless)}).rows.reports.size(), 1U);
  EXPECT_EQ(Commit({Report("status", nameless)}).rows.reports.size(), 1U);
}

TEST_F(CoreTest, ARedeliveredBacklogIsKnownFromTheStoresDigests) {
  core_->links().OnUp(Session::kReports, Now());
  const Message message = Free("m1");
  ASSERT_TRUE(message.backlog);
  Commit({RecentDigests{{message.digest}}});
  EXPECT_EQ(Commit({message}).rows.reports.size(), 0U);
  EXPECT_EQ(Commit({Free("m2")}).rows.reports.size(), 1U);
}

TEST_F(CoreTest, BacklogProvesNoPresence) {
  core_->links().OnUp(Session::kReports, Now());
  Commit({Free("m1")});
  EXPECT_EQ(Known().presence, printer::Presence::kUnknown);
  EXPECT_EQ(printer::EffectiveState(Known()), printer::State::kUnknown);
}

TEST_F(CoreTest, DeafnessMakesPrintersUnknownNotOffline) {
  BecomeLive();
  Commit({Free("m1")});
  EXPECT_EQ(printer::EffectiveState(Known()), printer::State::kIdle);
  core_->links().OnDown(Session::kReports);
  const auto published = Pass(settings_.inbound.deaf_after + milliseconds(1000));
  EXPECT_EQ(printer::EffectiveState(Known()), printer::State::kUnknown);
  EXPECT_GE(CountTopics(published, "/printers/"), 1);
  const bool offline_said =
      std::any_of(published.begin(), published.end(), [](const Publish& publish) {
        return publish.payload.find("printer_offline") != std::string::npos;
      });
  EXPECT_FALSE(offline_said);
}

TEST_F(CoreTest, RubbishBecomesALimitedNumberOfDeadLetters) {
  BecomeLive();
  std::vector<Event> events;
  for (int i = 0; i < 200; ++i) {
    events.emplace_back(Report("print", "rubbish " + std::to_string(i)));
  }
  const Effects effects = Commit(events);
  EXPECT_EQ(effects.rows.dead_letters.size(),
            static_cast<size_t>(settings_.inbound.dead_letters_per_printer_per_minute));
  EXPECT_EQ(core_->counters().dead_letters.at("not_json"), 200U);
  EXPECT_EQ(core_->counters().dead_letters.at("over_limit"), 140U);
}

TEST_F(CoreTest, AnotherModelUnderAnEnrolledIdIsADeadLetter) {
  BecomeLive();
  Commit({Free("m1")});
  const Effects effects = Commit({Report("status", R"({"state":"busy","msgid":"m2"})", "20022")});
  ASSERT_EQ(effects.rows.dead_letters.size(), 1U);
  EXPECT_EQ(effects.rows.dead_letters[0].reason, "model_mismatch");
  EXPECT_EQ(Known().work_state, printer::State::kIdle);
}

TEST_F(CoreTest, ReadingsArePublishedAtMostOnceAnIntervalAndTheLastOneAlways) {
  BecomeLive();
  Commit({Free("m1")});
  int published = 0;
  std::string last;
  for (int i = 0; i < 100; ++i) {
    const std::string payload = R"({"type":"tempature","action":"auto","msgid":"t)" +
                                std::to_string(i) + R"(","data":{"curr_nozzle_temp":)" +
                                std::to_string(100 + i) + "}}";
    for (const Publish& publish : Commit({Report("tempature", payload)}).publishes) {
      published += publish.topic.find("/printers/") != std::string::npos ? 1 : 0;
    }
    for (const Publish& publish : Pass(milliseconds(50))) {
      if (publish.topic.find("/printers/") != std::string::npos) {
        ++published;
        last = publish.payload;
      }
    }
  }
  for (const Publish& publish : Pass(milliseconds(2000))) {
    if (publish.topic.find("/printers/") != std::string::npos) {
      ++published;
      last = publish.payload;
    }
  }
  EXPECT_LE(published, 8);
  EXPECT_GE(published, 5);
  EXPECT_NE(last.find("\"nozzle_temp_c\":199"), std::string::npos) << last;
}

TEST_F(CoreTest, ARetainedRequestIsRefusedAndCleared) {
  BecomeLive();
  Message request = Said(Session::kCommands, "fleet/v1/command",
                         R"({"id":"7b2c3d60-1111-4222-8333-944455556666","command":"print.stop",)"
                         R"("target":{"all":true}})");
  request.retained = true;
  const Effects effects = Commit({request});
  const auto cleared =
      std::find_if(effects.publishes.begin(), effects.publishes.end(), [](const Publish& publish) {
        return publish.topic == "fleet/v1/command" && publish.retain && publish.payload.empty();
      });
  EXPECT_NE(cleared, effects.publishes.end());
  EXPECT_EQ(CountTopics(effects.publishes, "anycubic/"), 0);
  EXPECT_NE(effects.publishes.back().payload.find("retained"), std::string::npos);
  EXPECT_EQ(core_->PlanStop(request, Now()), std::nullopt);
}

TEST_F(CoreTest, AStopIsPlannedWithoutTheStoreAndRecordedAsSent) {
  BecomeLive();
  Commit({Free("m1")});
  Message request = Said(Session::kCommands, "fleet/v1/command",
                         R"({"id":"7b2c3d60-1111-4222-8333-944455556666","command":"print.stop",)"
                         R"("target":{"all":true}})");
  const auto plan = core_->PlanStop(request, Now());
  ASSERT_TRUE(plan.has_value());
  const auto publishes = core_->StopPublishes(*plan, Now());
  ASSERT_EQ(publishes.size(), 2U);  // both forms: its firmware is not known
  EXPECT_NE(publishes[0].payload.find(R"("taskid":"-1")"), std::string::npos);
  request.stop_sent = std::make_shared<const fleet::StopPlan>(*plan);
  const Effects effects = Commit({request});
  EXPECT_EQ(CountTopics(effects.publishes, "anycubic/"), 0) << "it was sent ahead";
  ASSERT_EQ(effects.rows.commands.size(), 1U);
  ASSERT_EQ(effects.rows.executions.size(), 1U);
  EXPECT_EQ(effects.rows.executions[0].attempts, 1);
}

TEST_F(CoreTest, StopRecordsWriteTheirRowsAndSendNothing) {
  BecomeLive();
  Commit({Free("m1")});
  const Message request = Said(
      Session::kCommands, "fleet/v1/command",
      R"({"id":"7b2c3d60-1111-4222-8333-944455556666","command":"print.stop","target":{"all":true}})");
  const auto plan = core_->PlanStop(request, Now());
  ASSERT_TRUE(plan.has_value());
  const Effects effects = Commit({StopRecord{plan->record_json}});
  EXPECT_EQ(CountTopics(effects.publishes, "anycubic/"), 0);
  ASSERT_EQ(effects.rows.executions.size(), 1U);
  EXPECT_EQ(effects.rows.executions[0].state, fleet::ExecutionState::kSentUnconfirmed);
  ASSERT_EQ(effects.rows.commands.size(), 1U);
  EXPECT_EQ(effects.rows.commands[0].state, "done");
}

TEST_F(CoreTest, OpenCommandsOfTheStoreAreAdoptedAgainAfterADroppedBatch) {
  Loaded loaded;
  LoadedPrinter stored;
  stored.registration.id = kId;
  stored.registration.model_id = "20021";
  stored.registration.name = "a";
  stored.registration.enrolment = printer::Enrolment::kEnrolled;
  loaded.printers.push_back(stored);
  LoadedCommand command;
  command.row.id = CommandId{5};
  command.row.author = "local";
  command.row.request_id = "7b2c3d60-1111-4222-8333-944455556666";
  command.row.command = "print.pause";
  command.row.state = "accepted";
  command.row.args_json = "{}";
  command.row.options_json = R"({"max_in_flight":100,"on_offline":"skip","timeout_s":7})";
  command.row.reply_topic = "fleet/v1/response/local/x";
  command.row.created_at = Now().wall;
  command.row.deadline_at = Now().wall + seconds(60);
  fleet::Execution execution;
  execution.key = {CommandId{5}, kId};
  execution.state = fleet::ExecutionState::kSent;
  execution.attempts = 1;
  command.executions.push_back(execution);
  loaded.commands.push_back(command);
  core_->Rebuild(loaded, Now());
  (void)core_->Seal(Now());
  core_->Drop(Now());
  ASSERT_TRUE(core_->stepped());
  (void)core_->Seal(Now());
  core_->Merge(Now());
  ASSERT_NE(core_->world().commands.Find(CommandId{5}), nullptr);
  BecomeLive();
  const auto published = Pass(seconds(9));  // its own time-out, not the command's usual one
  const fleet::Command* done = core_->world().commands.Find(CommandId{5});
  EXPECT_TRUE(done == nullptr || done->state == fleet::CommandState::kDone);
  EXPECT_GE(CountTopics(published, "fleet/v1/response/local/x"), 1);
}

// -- Presence: the broker's word, the farm, printer.diagnose --

class PresenceTest : public CoreTest {
 protected:
  // Time in which we hear ourselves.
  std::vector<Publish> Live(seconds time) {
    std::vector<Publish> published;
    for (int i = 0; i < time.count(); ++i) {
      Message message;
      message.topic = "fleet/v1/heartbeat/printfleet";
      message.payload = std::to_string(now_ms_);
      message.received = Now();
      EXPECT_TRUE(core_->Receive(message));
      std::ranges::move(Pass(seconds(1)), std::back_inserter(published));
    }
    return published;
  }

  Effects Note(const BrokerNote& note) {
    return core_->Receive(note, Now()) ? Commit({note}) : Effects{};
  }

  static int CountEvents(const std::vector<Publish>& publishes, const std::string& kind) {
    return static_cast<int>(std::ranges::count_if(publishes, [&](const Publish& publish) {
      return publish.payload.find("\"kind\":\"" + kind + "\"") != std::string::npos;
    }));
  }

  const BrokerNote connected_{
      .kind = BrokerNote::Kind::kConnected, .client_id = kId, .address = "192.0.2.7"};
  const BrokerNote ended_{.kind = BrokerNote::Kind::kEnded,
                          .client_id = kId,
                          .reason = printer::OfflineReason::kTimeout};
};

TEST_F(PresenceTest, TheBrokersWordIsEvidence) {
  BecomeLive();
  Note(connected_);
  Commit({Free("m1")});
  EXPECT_EQ(Known().address, "192.0.2.7") << "seen before its first report";
  EXPECT_TRUE(core_->Receive(ended_, Now()));
  core_->Step(ended_, Now());
  (void)core_->Seal(Now());
  core_->Drop(Now());
  EXPECT_EQ(Known().presence, printer::Presence::kOnline) << "what was dropped did not happen";
  EXPECT_EQ(CountEvents(Commit({ended_}).publishes, "printer_suspect"), 1);
  EXPECT_EQ(CountEvents(Live(seconds(12)), "printer_offline"), 1);
  EXPECT_EQ(Known().offline_reason, printer::OfflineReason::kTimeout);
  const Effects refused = Note({.kind = BrokerNote::Kind::kRefused,
                                .address = "192.0.2.7",
                                .reason = printer::OfflineReason::kLogin});
  ASSERT_EQ(refused.rows.statuses.size(), 1U);
  EXPECT_EQ(refused.rows.statuses[0].offline_reason, "login");
  EXPECT_EQ(refused.rows.statuses[0].address, "192.0.2.7");
}

TEST_F(PresenceTest, ARestartOfTheBrokerEndsNoSession) {
  BecomeLive();
  Note(connected_);
  Commit({Free("m1")});
  EXPECT_EQ(Known().session, printer::SessionState::kAlive);
  const Effects effects = Commit({SessionDown{Session::kReports, "gone"}, OutboundDown{}});
  EXPECT_EQ(CountTopics(effects.publishes, "fleet/v1/events"), 0);
  EXPECT_EQ(Known().session, printer::SessionState::kUnknown);
  EXPECT_EQ(Known().presence, printer::Presence::kOnline);
}

TEST_F(PresenceTest, ManyLostAtOnceAreOneOutage) {
  BecomeLive();
  constexpr int kPrinters = 6;
  const auto id = [](int i) { return "p" + std::to_string(i); };
  for (int i = 0; i < kPrinters; ++i) {
    Commit({Report("status", R"({"type":"status","action":"workReport","state":"free"})", "20021",
                   id(i))});
  }
  for (int i = 0; i < kPrinters - 1; ++i) {
    BrokerNote ended = ended_;
    ended.client_id = id(i);
    Note(ended);
  }
  const auto published = Live(seconds(15));
  EXPECT_EQ(CountEvents(published, "printer_offline"), kPrinters - 1);
  EXPECT_EQ(CountEvents(published, "farm_outage"), 1);
  EXPECT_TRUE(core_->outage().on());
  EXPECT_EQ(core_->outage().of, kPrinters);
  EXPECT_EQ(core_->counters().farm_outages, 1U);
  for (int i = 0; i < kPrinters - 1; ++i) {
    Commit({Report("status", R"({"type":"status","action":"workReport","state":"busy"})", "20021",
                   id(i))});
  }
  EXPECT_EQ(CountEvents(Live(seconds(2)), "farm_outage_over"), 1);
  EXPECT_FALSE(core_->outage().on());
}

TEST_F(PresenceTest, DiagnoseListensThenAnswersOnce) {
  BecomeLive();
  Note(connected_);
  Commit({Free("m1")});
  const Message request =
      Said(Session::kCommands, "fleet/v1/command",
           R"({"id":"7b2c3d60-1111-4222-8333-944455556666","command":"printer.diagnose",)"
           R"("target":{"all":true},"args":{"seconds":3}})");
  const Effects effects = Commit({request});
  EXPECT_EQ(CountTopics(effects.publishes, "fleet/v1/response/local"), 1) << "accepted";
  EXPECT_TRUE(core_->diagnosing());
  const auto asked = Live(seconds(2));
  EXPECT_GE(CountTopics(asked, "/status"), 1);
  EXPECT_EQ(CountTopics(asked, "fleet/v1/response/local"), 0);
  const auto answered = Live(seconds(3));
  EXPECT_EQ(CountTopics(answered, "fleet/v1/response/local"), 1);
  EXPECT_FALSE(core_->diagnosing());
  const auto done = std::ranges::find_if(answered, [](const Publish& publish) {
    return publish.topic.find("/response/") != std::string::npos;
  });
  ASSERT_NE(done, answered.end());
  EXPECT_NE(done->payload.find(R"("address":"192.0.2.7")"), std::string::npos);
  EXPECT_NE(done->payload.find("does not answer questions"), std::string::npos) << done->payload;
}

}  // namespace
}  // namespace printfleet::core
