// What the broker's log tells core, and what many lost printers at once mean.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/core.h"
#include "core/diagnose.h"
#include "core/outage.h"

namespace printfleet::core {
namespace {

using Kind = BrokerNote::Kind;
using printer::OfflineReason;

Instant At(int64_t s) {
  return {FromEpochMs(1'700'000'000'000 + s * 1000), MonoTime(seconds(s))};
}

std::string IdOf(int number) {
  return "printer-" + std::to_string(number);
}

// -- Outage --

class OutageTest : public testing::Test {
 protected:
  void Lose(int from, int to, int64_t at_s) {
    for (int i = from; i < to; ++i) {
      LosePrinter(outage_, IdOf(i), At(at_s));
    }
  }

  bool Begins(int64_t online, int64_t at_s) {
    return MayBegin(outage_, rules_, At(at_s)) && Begin(outage_, online, rules_, At(at_s));
  }

  settings::Fleet rules_;
  Outage outage_;
};

TEST_F(OutageTest, ShareAndMinimumAndWindow) {
  Lose(0, 4, 0);
  EXPECT_FALSE(Begins(0, 1)) << "all of four are too few";
  Lose(4, 5, 1);
  EXPECT_FALSE(Begins(6, 1)) << "5 of 11";
  EXPECT_TRUE(Begins(5, 1)) << "5 of 10";
  EXPECT_EQ(outage_.of, 10);
  EXPECT_EQ(outage_.since, At(0).wall);
}

TEST_F(OutageTest, OneByOneIsNone) {
  for (int i = 0; i < 60; ++i) {
    Lose(i, i + 1, i * 60);
    EXPECT_FALSE(Begins(60 - i, i * 60)) << i;
  }
}

TEST_F(OutageTest, WhoComesBackWasNotLost) {
  Lose(0, 5, 0);
  ReturnPrinter(outage_, IdOf(0), At(1));
  EXPECT_FALSE(Begins(1, 2));
}

TEST_F(OutageTest, IsOverWhenAllAreBackOrMostAndNoMore) {
  Lose(0, 10, 0);
  ASSERT_TRUE(Begins(0, 1));
  Lose(10, 12, 3);
  EXPECT_EQ(outage_.lost.size(), 12U);
  for (int i = 0; i < 5; ++i) {
    ReturnPrinter(outage_, IdOf(i), At(10));
  }
  EXPECT_FALSE(OverAt(outage_, rules_)) << "5 of 12";
  ReturnPrinter(outage_, IdOf(5), At(20));
  EXPECT_EQ(OverAt(outage_, rules_), At(140).mono);
  for (int i = 6; i < 12; ++i) {
    ReturnPrinter(outage_, IdOf(i), At(30));
  }
  EXPECT_EQ(OverAt(outage_, rules_), At(30).mono);
}

// -- Sessions --

TEST(Sessions, StrangersMakeRoomPrintersStay) {
  Sessions sessions;
  sessions.Record({.kind = Kind::kConnected, .client_id = "mine", .address = "192.0.2.1"}, true,
                  At(0));
  for (int i = 0; i < 3000; ++i) {
    sessions.Record({.kind = Kind::kConnected, .client_id = IdOf(i), .address = "192.0.2.9"}, false,
                    At(i));
  }
  EXPECT_EQ(sessions.strangers(), Sessions::kStrangersMax);
  EXPECT_EQ(sessions.Find(IdOf(0)), nullptr);
  ASSERT_NE(sessions.Find(IdOf(2999)), nullptr);
  ASSERT_NE(sessions.Find("mine"), nullptr);
  EXPECT_EQ(sessions.SoleClientAt("192.0.2.1"), "mine");
  EXPECT_EQ(sessions.SoleClientAt("192.0.2.9"), "") << "several came from there";
}

TEST(Sessions, AStrangerThatBecomesAPrinterKeepsItsStory) {
  Sessions sessions;
  sessions.Record({.kind = Kind::kConnected, .client_id = "a", .address = "192.0.2.1"}, false,
                  At(0));
  sessions.Record({.kind = Kind::kEnded, .client_id = "a", .reason = OfflineReason::kTimeout}, true,
                  At(1));
  EXPECT_EQ(sessions.strangers(), 0U);
  ASSERT_EQ(sessions.Find("a")->attempts.size(), 1U);
  EXPECT_EQ(sessions.Find("a")->attempts[0].ended, OfflineReason::kTimeout);
}

TEST(Sessions, EverythingIsBounded) {
  Sessions sessions;
  for (int i = 0; i < 500; ++i) {
    sessions.Record({.kind = Kind::kConnected, .client_id = "a", .address = "192.0.2.1"}, true,
                    At(i));
    sessions.Record({.kind = Kind::kDenied, .client_id = "a", .detail = "t/" + std::to_string(i)},
                    true, At(i));
    sessions.Record({.kind = Kind::kRefused, .reason = OfflineReason::kLogin}, false, At(i));
  }
  EXPECT_EQ(sessions.Find("a")->attempts.size(), Sessions::kAttemptsMax);
  EXPECT_EQ(sessions.Find("a")->attempts.back().at, At(499).wall);
  EXPECT_EQ(sessions.Find("a")->denied.size(), Sessions::kDeniedTopicsMax);
  EXPECT_EQ(sessions.refusals().size(), Sessions::kRefusalsMax);
  EXPECT_EQ(sessions.denied_total(), 500U);
  EXPECT_EQ(sessions.refused_total().at("login"), 500U);
}

// -- Findings --

class DiagnosisTest : public testing::Test {
 protected:
  bool Says(std::string_view part) {
    const DiagnosisInput input{world_, sessions_, LogView::kAll, At(100), seconds(10)};
    const std::string text = DiagnosisJson(input, "a");
    EXPECT_NE(text.find("\"findings\":[\""), std::string::npos) << "always one";
    return text.find(part) != std::string::npos;
  }

  printer::Printer& Known() {
    world_.live = true;
    if (world_.printers.Find("a") == nullptr) {
      printer::Printer printer;
      printer.registration.id = "a";
      printer.registration.enrolment = printer::Enrolment::kEnrolled;
      printer.presence = printer::Presence::kOffline;
      world_.printers.Put("a", printer);
    }
    return world_.printers.Mutable("a");
  }

  fleet::World world_;
  Sessions sessions_;
};

TEST_F(DiagnosisTest, ADeafBridgeSaysNothingOfPrinters) {
  Known();
  world_.live = false;
  EXPECT_TRUE(Says("bridge itself is deaf"));
}

TEST_F(DiagnosisTest, OneThatNeverGotThrough) {
  world_.live = true;
  EXPECT_TRUE(Says("No client of this id has connected"));
  EXPECT_TRUE(Says("\"presence\":\"never_heard\""));
  sessions_.Record({.kind = Kind::kRefused,
                    .address = "192.0.2.7",
                    .reason = OfflineReason::kCertificate,
                    .detail = "error:0A0000C7:SSL routines::peer did not return a certificate"},
                   false, At(50));
  EXPECT_TRUE(Says("from 192.0.2.7 was refused"));
  EXPECT_TRUE(Says("it shows no client certificate"));
}

TEST_F(DiagnosisTest, OneThatPublishesForeignTopics) {
  world_.live = true;
  sessions_.Record({.kind = Kind::kConnected, .client_id = "a", .address = "192.0.2.7"}, false,
                   At(50));
  sessions_.Record({.kind = Kind::kDenied, .client_id = "a", .detail = "x/y/report"}, false,
                   At(51));
  EXPECT_TRUE(Says("The broker refuses what it publishes, for example on x/y/report"));
  EXPECT_TRUE(Says(R"("denied_topics":[{"topic":"x/y/report","count":1}])"));
}

TEST_F(DiagnosisTest, OneThatAnswers) {
  Known().presence = printer::Presence::kOnline;
  Known().status_answered_at = At(99).mono;
  EXPECT_TRUE(Says("does not answer questions")) << "an answer to an earlier question";
  Known().status_answered_at = At(101).mono;
  EXPECT_TRUE(Says("It is connected and answers."));
}

TEST_F(DiagnosisTest, TheReasonsOfOneThatIsAway) {
  Known().session = printer::SessionState::kAlive;
  EXPECT_TRUE(Says("Switch it off and on"));
  Known().session = printer::SessionState::kEnded;
  Known().offline_reason = OfflineReason::kConnectionLost;
  EXPECT_TRUE(Says("cut without a goodbye"));
  Known().registration.enrolment = printer::Enrolment::kPending;
  EXPECT_TRUE(Says("printer.enroll"));
}

TEST_F(DiagnosisTest, RefusalsFromAnotherPrintersAddressAreNotItsOwn) {
  Known();
  sessions_.Learn("b", "192.0.2.8");
  sessions_.Record(
      {.kind = Kind::kRefused, .address = "192.0.2.8", .reason = OfflineReason::kLogin}, false,
      At(50));
  EXPECT_FALSE(Says("was refused"));
  Known().address = "192.0.2.8";
  EXPECT_TRUE(Says("wrong user name or password"));
}

}  // namespace
}  // namespace printfleet::core
