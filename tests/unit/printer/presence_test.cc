// Presence, freshness, and what our own deafness does to both.
#include <gtest/gtest.h>

#include "bench.h"

namespace printfleet::printer::testing {
namespace {

TEST(Presence, TheFirstReportAsksForEverythingOnce) {
  Bench bench;
  bench.Run({"0 temp nozzle=20 => unknown -"});
  EXPECT_TRUE(bench.last.questions.version && bench.last.questions.status &&
              bench.last.questions.job);
  EXPECT_EQ(bench.printer.presence, Presence::kOnline);
  EXPECT_EQ(bench.Count("printer_online"), 1);
  bench.Run({"1 temp nozzle=21"});
  EXPECT_FALSE(bench.last.questions.version || bench.last.questions.status ||
               bench.last.questions.job);
  EXPECT_TRUE(bench.last.readings_changed);
  bench.Run({"2 temp nozzle=21"});
  EXPECT_FALSE(bench.last.readings_changed || bench.last.state_changed);
}

TEST(Presence, SilenceMakesSuspectThenOfflineThenBack) {
  Bench bench;
  bench.Run({
      "0 free => idle -",
      "119 wait => idle -",
      "120 wait => idle -",
  });
  EXPECT_EQ(bench.printer.presence, Presence::kSuspect);
  EXPECT_TRUE(bench.last.questions.status);
  EXPECT_EQ(bench.Count("printer_offline"), 0);
  bench.Run({"130 wait => offline -"});
  EXPECT_EQ(bench.printer.offline_reason, OfflineReason::kSilent);
  EXPECT_TRUE(bench.last.state_changed);
  EXPECT_EQ(EpochMs(bench.printer.state_since), kStartMs + 130000);
  EXPECT_FALSE(NextDeadline(bench.printer, bench.policy, true));
  bench.Run({"500 temp nozzle=20 => idle -"});
  EXPECT_EQ(bench.printer.offline_reason, OfflineReason::kNone);
  EXPECT_TRUE(bench.last.questions.version && bench.last.questions.status &&
              bench.last.questions.job);
  EXPECT_EQ(bench.Count("printer_online"), 2);
}

TEST(Presence, AnAnsweredSuspicionIsNoNews) {
  Bench bench;
  bench.Run({"0 free", "120 asked", "121 free => idle -", "200 wait => idle -"});
  EXPECT_EQ(bench.printer.presence, Presence::kOnline);
  EXPECT_EQ(bench.Count("printer_online"), 1);
  EXPECT_EQ(bench.Count("printer_offline"), 0);
}

TEST(Presence, AWillIsEvidenceNoVerdict) {
  Bench bench;
  bench.Run({"0 free", "5 will => idle -"});
  EXPECT_EQ(bench.printer.presence, Presence::kSuspect);
  EXPECT_TRUE(bench.last.questions.status);
  bench.Run({"6 will", "7 free => idle -"});
  EXPECT_EQ(bench.printer.presence, Presence::kOnline);
  bench.Run({"10 will", "19 will => idle -", "20 wait => offline -", "21 will => offline -"});
  EXPECT_EQ(bench.printer.offline_reason, OfflineReason::kWill);
}

TEST(Presence, TheWillOfAnOldSessionComesAfterTheNewOne) {
  Bench bench;
  bench.Run({"0 free", "5 hello => idle -", "5 will => idle -", "6 free", "100 wait => idle -"});
  EXPECT_EQ(bench.printer.presence, Presence::kOnline);
}

TEST(Presence, ReconnectingAsksForTheStatusOnce) {
  Bench bench;
  bench.Run({"0 free", "5 hello"});
  EXPECT_TRUE(bench.last.questions.status);
  bench.Run({"6 asked", "6 hello", "6 hello"});
  EXPECT_FALSE(bench.last.questions.status);
}

TEST(Presence, RetainedMessagesProveNothing) {
  Bench bench;
  bench.Run({
      "0 retained will => unknown -",
      "0 retained hello => unknown -",
      "0 retained print start printing task=7 progress=4 => unknown -",
      "1 asked",
      "2 retained free => unknown -",
  });
  EXPECT_EQ(bench.printer.presence, Presence::kUnknown);
  EXPECT_TRUE(bench.printer.query_sent_at);
  EXPECT_FALSE(bench.printer.fresh_at || bench.printer.status_answered_at);
  bench.Run({"3 free => idle -", "4 retained will => idle -"});
  EXPECT_EQ(bench.printer.presence, Presence::kOnline);
}

TEST(Presence, AWorkReportAnswersTheQueryBeforeIt) {
  Bench bench;
  bench.Run({"0 free"});
  EXPECT_FALSE(bench.last.answered_status);
  EXPECT_FALSE(bench.printer.status_answered_at);
  bench.Run({"1 asked", "2 temp nozzle=20"});
  EXPECT_FALSE(bench.last.answered_status);
  bench.Run({"3 busy"});
  EXPECT_TRUE(bench.last.answered_status);
  EXPECT_EQ(bench.printer.status_answered_at, MonoTime(seconds(3)));
  EXPECT_FALSE(bench.printer.query_sent_at);
  bench.Run({"4 busy"});
  EXPECT_FALSE(bench.last.answered_status);
}

TEST(Presence, DeafnessMakesUnknownAndKeepsJobs) {
  Bench bench;
  bench.Run({
      "0 print start printing task=7 file=a.gcode progress=10 => printing 1:printing",
      "5 deaf => unknown 1:printing",
  });
  EXPECT_TRUE(bench.last.state_changed);
  EXPECT_FALSE(bench.printer.fresh_at);
  bench.Run({"4000 wait => unknown 1:printing", "4001 live => unknown 1:printing"});
  EXPECT_TRUE(bench.last.questions.status && bench.last.questions.job);
  bench.Run({"4002 print start printing task=7 progress=90 => printing 1:printing"});
  EXPECT_EQ(bench.rows.size(), 1U);
}

TEST(Presence, AnOfflinePrinterIsUnknownWhileWeAreDeaf) {
  Bench bench;
  bench.Run({"0 free", "1 will", "11 wait => offline -", "12 deaf => unknown -"});
  EXPECT_EQ(bench.printer.offline_reason, OfflineReason::kNone);
}

TEST(Presence, SettlingWaitsUntilWeHearAgain) {
  Bench bench;
  bench.Run({
      "0 print start printing task=7 progress=99",
      "1 free => idle 1:settling",
      "2 deaf => unknown 1:settling",
      "500 live => unknown 1:settling",
      "510 print start finished task=7 progress=100 => idle 1:finished",
  });
}

TEST(Presence, ABacklogProvesNothingAboutNow) {
  Bench bench;
  bench.Run({
      "0 backlog",
      "1 print start printing task=7 file=a.gcode progress=10 => unknown 1:printing",
      "2 will => unknown 1:printing",
      "3 asked",
      "4 free => unknown 1:settling",
  });
  EXPECT_EQ(bench.printer.presence, Presence::kUnknown);
  EXPECT_FALSE(bench.printer.fresh_at || bench.printer.last_sign_of_life ||
               bench.printer.status_answered_at);
  bench.Run({"5 live", "6 temp nozzle=20 => idle 1:settling", "25 wait => idle 1:ended_unknown"});
}

TEST(Presence, AnUnknownPrinterThatNeverAnswersIsOffline) {
  Bench bench;
  bench.Run({"0 live", "119 wait => unknown -", "120 wait"});
  EXPECT_EQ(bench.printer.presence, Presence::kSuspect);
  bench.Run({"130 wait => offline -"});
  Bench asked;
  asked.Run({"0 live", "1 asked", "11 wait", "20 wait => unknown -", "21 wait => offline -"});
  EXPECT_EQ(asked.printer.offline_reason, OfflineReason::kSilent);
}

TEST(Presence, TheJobOfAnOfflinePrinterStaysOpen) {
  Bench bench;
  bench.Run({
      "0 print start printing task=7 file=a.gcode progress=10",
      "5 will",
      "15 wait => offline 1:printing",
      "9000 print start printing task=7 file=a.gcode progress=70 => printing 1:printing",
  });
  EXPECT_EQ(bench.rows.size(), 1U);
}

TEST(Presence, DeadlinesStandStillWhileNotLive) {
  Bench bench;
  bench.Run({"0 free"});
  EXPECT_FALSE(NextDeadline(bench.printer, bench.policy, false));
  EXPECT_EQ(NextDeadline(bench.printer, bench.policy, true), MonoTime(seconds(120)));
  bench.live = false;
  bench.now.mono = MonoTime(seconds(1000));
  bench.Absorb(ApplyTime(bench.printer, bench.Now()));
  EXPECT_EQ(bench.printer.presence, Presence::kOnline);
}

// -- The broker's word --

class SessionTest : public ::testing::Test {
 protected:
  using Kind = SessionNews::Kind;

  void Hear(Kind kind, OfflineReason reason = OfflineReason::kNone) {
    bench_.Absorb(ApplySession(bench_.printer, {kind, reason, "192.0.2.7"}, bench_.Now()));
  }

  Bench bench_;
};

TEST_F(SessionTest, AnEndMakesSuspectAtOnceAndOfflineWithItsReason) {
  bench_.Run({"0 free"});
  Hear(Kind::kBegan);
  EXPECT_EQ(bench_.printer.address, "192.0.2.7");
  bench_.AdvanceTo(seconds(5));
  Hear(Kind::kEnded, OfflineReason::kTimeout);
  EXPECT_EQ(bench_.printer.presence, Presence::kSuspect);
  EXPECT_TRUE(bench_.last.questions.status);
  bench_.Run({"14 wait => idle -", "15 wait => offline -"});
  EXPECT_EQ(bench_.printer.offline_reason, OfflineReason::kTimeout);
  EXPECT_TRUE(bench_.last.went_offline);
}

TEST_F(SessionTest, ALivingSessionDisprovesAWill) {
  bench_.Run({"0 free"});
  Hear(Kind::kBegan);
  bench_.Run({"1 will => idle -"});
  EXPECT_EQ(bench_.printer.presence, Presence::kOnline);
  EXPECT_TRUE(bench_.last.questions.status) << "it is asked all the same";
  bench_.Run({"100 wait => idle -"});
  EXPECT_EQ(bench_.Count("printer_suspect"), 0);
}

TEST_F(SessionTest, ALivingSessionProvesNoPrinter) {
  Hear(Kind::kBegan);
  bench_.Run({"0 free", "120 wait", "129 wait => idle -", "130 wait => offline -"});
  EXPECT_EQ(bench_.printer.offline_reason, OfflineReason::kSilent);
}

TEST_F(SessionTest, TheLastWordsOfAnEndedSessionProveNothing) {
  bench_.Run({"0 free"});
  Hear(Kind::kBegan);
  Hear(Kind::kEnded, OfflineReason::kConnectionLost);
  bench_.read_until = bench_.now.mono;
  bench_.Run({"1 temp nozzle=20 => idle -"});
  EXPECT_EQ(bench_.printer.presence, Presence::kSuspect);
  bench_.Run({"2 asked", "3 free => idle -"});
  EXPECT_EQ(bench_.printer.presence, Presence::kSuspect) << "it may have been said before the end";
  EXPECT_FALSE(bench_.last.answered_status);
  bench_.read_until = bench_.now.mono;
  bench_.Run({"4 temp nozzle=20 => idle -"});
  EXPECT_EQ(bench_.printer.presence, Presence::kOnline) << "what came before the end has been read";
  bench_.Run({"50 will"});
  EXPECT_EQ(bench_.printer.presence, Presence::kSuspect) << "no session is known to live";
}

TEST_F(SessionTest, AnAnswerFromBeforeTheEndIsALastWordToo) {
  bench_.Run({"0 free", "1 asked"});
  Hear(Kind::kEnded, OfflineReason::kConnectionLost);
  EXPECT_TRUE(bench_.last.questions.status);
  bench_.read_until = bench_.now.mono;
  bench_.Run({"1 asked", "1 free => idle -"});
  EXPECT_EQ(bench_.printer.presence, Presence::kSuspect);
  bench_.Run({"11 wait => offline -"});
}

TEST_F(SessionTest, ANewSessionHasItsOwnTimeToAnswer) {
  bench_.Run({"0 free"});
  Hear(Kind::kEnded, OfflineReason::kConnectionLost);
  bench_.AdvanceTo(seconds(9));
  Hear(Kind::kBegan);
  EXPECT_TRUE(bench_.last.questions.status);
  bench_.Run({"18 wait => idle -", "18 temp nozzle=20", "60 wait => idle -"});
  EXPECT_EQ(bench_.printer.presence, Presence::kOnline);
}

TEST_F(SessionTest, TheBrokerKnowsBetterThanAWill) {
  bench_.Run({"0 free", "1 will"});
  Hear(Kind::kEnded, OfflineReason::kDisconnected);
  bench_.Run({"11 wait => offline -"});
  EXPECT_EQ(bench_.printer.offline_reason, OfflineReason::kDisconnected);
  Hear(Kind::kRefused, OfflineReason::kLogin);
  EXPECT_EQ(bench_.printer.offline_reason, OfflineReason::kLogin);
  EXPECT_TRUE(bench_.last.state_changed);
}

TEST_F(SessionTest, ARefusalSaysNothingOfAPrinterThatIsThere) {
  bench_.Run({"0 free"});
  Hear(Kind::kRefused, OfflineReason::kLogin);
  EXPECT_EQ(bench_.printer.presence, Presence::kOnline);
  EXPECT_EQ(bench_.printer.offline_reason, OfflineReason::kNone);
}

TEST_F(SessionTest, WhileWeAreDeafTheBrokersWordIsOnlyKept) {
  bench_.Run({"0 free", "5 deaf => unknown -"});
  Hear(Kind::kEnded, OfflineReason::kDisconnected);
  EXPECT_EQ(bench_.printer.presence, Presence::kUnknown);
  EXPECT_EQ(bench_.printer.session, SessionState::kEnded);
  Hear(Kind::kForgotten);
  EXPECT_EQ(bench_.printer.session, SessionState::kUnknown);
}

TEST_F(SessionTest, ALostLinkGivesASuspectTime) {
  bench_.Run({"0 free", "1 will"});
  bench_.Absorb(ApplyPatience(bench_.printer, seconds(20), bench_.Now()));
  EXPECT_TRUE(bench_.last.questions.status);
  bench_.Run({"20 wait => idle -", "21 wait => offline -"});
}

// -- Flapping --

TEST(Flapping, IsToldOnceAndSoIsItsEnd) {
  Bench bench;
  bench.Run({"0 free"});
  for (int i = 1; i <= 30; ++i) {
    bench.Run({std::to_string(i * 20) + " will", std::to_string(i * 20 + 15) + " free => idle -"});
  }
  EXPECT_TRUE(bench.printer.flapping.on());
  EXPECT_EQ(bench.Count("printer_flapping"), 1);
  EXPECT_EQ(bench.Count("printer_suspect"), 5) << "until it was known to flap";
  EXPECT_EQ(bench.Count("printer_offline"), 4);
  EXPECT_EQ(bench.Count("printer_settled"), 0);
  for (int at = 700; at < 1200; at += 100) {
    bench.Run({std::to_string(at) + " free => idle -"});
  }
  bench.Run({"1199 wait", "1200 wait"});
  EXPECT_FALSE(bench.printer.flapping.on());
  EXPECT_EQ(bench.Count("printer_settled"), 1);
  EXPECT_EQ(bench.notices.back().kind, "printer_settled");
  EXPECT_EQ(bench.notices.back().counts.front(),
            (std::pair<std::string_view, int64_t>{"losses", 30}));
}

TEST(Flapping, FewLossesInALongTimeAreNone) {
  Bench bench;
  bench.Run({"0 free"});
  for (int i = 1; i <= 20; ++i) {
    bench.Run({std::to_string(i * 200) + " will", std::to_string(i * 200 + 5) + " free"});
    bench.Run({std::to_string(i * 200 + 100) + " free"});
  }
  EXPECT_EQ(bench.Count("printer_flapping"), 0);
  EXPECT_EQ(bench.Count("printer_suspect"), 20);
}

TEST(TopicForm, IsTheOperatorsElseTheFirmwares) {
  Printer printer;
  EXPECT_EQ(EffectiveTopicForm(printer, "3.1.0"), protocol::TopicForm::kBoth);
  printer.registration.firmware = "3.0.10";
  EXPECT_EQ(EffectiveTopicForm(printer, "3.1.0"), protocol::TopicForm::kLong);
  printer.registration.topic_form = protocol::TopicForm::kShort;
  EXPECT_EQ(EffectiveTopicForm(printer, "3.1.0"), protocol::TopicForm::kShort);
}

}  // namespace
}  // namespace printfleet::printer::testing
