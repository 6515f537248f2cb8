// Who is told what, and when: gathering, quiet hours, outages, back-off, limits.
#include "core/notify.h"

#include <gtest/gtest.h>

#include "core/bridge_notices.h"

namespace printfleet::core {
namespace {

using settings::NotifyKind;
using settings::NotifyTarget;

constexpr int64_t kMidnightMs = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

Notified Taken() {
  Notified notified;
  notified.ok = true;
  return notified;
}

Notified Refused(std::string error) {
  Notified notified;
  notified.error = std::move(error);
  return notified;
}

class NotifyTest : public testing::Test {
 protected:
  NotifyTest() {
    NotifyTarget target;
    target.name = "shift";
    target.url = "https://h/x";
    settings_.targets.push_back(target);
    next_id_ = [this] { return NotificationId{++last_id_}; };
  }

  NotifyTarget& target() { return settings_.targets.front(); }

  [[nodiscard]] NotifyContext context() const {
    return {settings_,
            {FromEpochMs(kMidnightMs + now_ms_), MonoTime(milliseconds(now_ms_))},
            offset_,
            next_id_};
  }

  static printer::Registration Printer(int number) {
    printer::Registration printer;
    printer.id = "id-" + std::to_string(number);
    printer.name = "a-" + std::to_string(number);
    printer.model = "K2Pro";
    printer.groups = {"rack-a"};
    return printer;
  }

  Telling Of(NotifyKind kind, const printer::Registration& printer) {
    Telling telling;
    telling.item.kind = kind;
    telling.item.at = context().now.wall;
    telling.item.printer_id = printer.id;
    telling.item.printer = printer.name;
    telling.printer = &printer;
    return telling;
  }

  void Tell(NotifyKind kind, int number = 1) {
    const printer::Registration printer = Printer(number);
    core::Tell(book_, context(), Of(kind, printer), output_);
  }

  // Lets time pass, with every deadline on its way served.
  void Pass(seconds time) {
    const int64_t end = now_ms_ + milliseconds(time).count();
    for (int turns = 0; turns < 10'000; ++turns) {
      const auto due = NextNotification(book_);
      const int64_t due_ms = due ? due->time_since_epoch().count() : end + 1;
      now_ms_ = std::min(end, std::max(now_ms_, due_ms));
      if (due_ms > end) {
        return;
      }
      TurnNotifications(book_, context(), output_);
    }
    FAIL() << "time does not go on";
  }

  void Answer(const Notify& send, Notified notified) {
    notified.id = send.message.id;
    SettleNotification(book_, context(), notified, output_);
  }

  std::vector<Notify> TakeSends() { return std::exchange(output_.sends, {}); }

  settings::Notify settings_;
  std::function<NotificationId()> next_id_;
  int64_t last_id_ = 0;
  int64_t now_ms_ = int64_t{12} * 3600 * 1000;
  seconds offset_{0};
  NotifyBook book_;
  NotifyOutput output_;
};

TEST_F(NotifyTest, GathersWhatHappensTogether) {
  Tell(NotifyKind::kPrintFailed, 1);
  Pass(seconds(19));
  Tell(NotifyKind::kPrintFailed, 2);
  Pass(seconds(19));
  EXPECT_TRUE(TakeSends().empty());
  Pass(seconds(1));
  const auto sends = TakeSends();
  ASSERT_EQ(sends.size(), 1U);
  EXPECT_EQ(sends[0].message.items.size(), 2U);
  EXPECT_EQ(TitleOf(sends[0].message), "2 prints failed");
  Tell(NotifyKind::kPrintFailed, 3);
  EXPECT_EQ(book_.pending.size(), 2U) << "the closed one is not joined";
}

TEST_F(NotifyTest, IsClosedInTheEndHoweverMuchJoins) {
  for (int i = 0; i < 20; ++i) {
    Tell(NotifyKind::kPrintFailed, i);
    Pass(seconds(10));
  }
  const auto sends = TakeSends();
  ASSERT_EQ(sends.size(), 1U);
  EXPECT_EQ(sends[0].message.items.size(), 18U) << "group_max_s is 180";
}

TEST_F(NotifyTest, TellsWhoWantsToKnow) {
  target().events = {NotifyKind::kPrintFailed, NotifyKind::kBridgeDegraded};
  target().groups = {"rack-b"};
  Tell(NotifyKind::kPrintFailed);
  EXPECT_TRUE(book_.pending.empty());
  target().groups = {"rack-b", "rack-a"};
  target().printers = {"a-1", "id-7"};
  Tell(NotifyKind::kPrintFinished, 1);
  Tell(NotifyKind::kPrintFailed, 2);
  EXPECT_TRUE(book_.pending.empty());
  Tell(NotifyKind::kPrintFailed, 1);
  Tell(NotifyKind::kPrintFailed, 7);
  ASSERT_EQ(book_.pending.size(), 1U);
  EXPECT_EQ(book_.pending.begin()->second.row.message.items.size(), 2U);
  Telling telling;
  telling.item.kind = NotifyKind::kBridgeDegraded;
  core::Tell(book_, context(), telling, output_);
  EXPECT_EQ(book_.pending.begin()->second.row.message.items.size(), 3U) << "is of no printer";
}

TEST_F(NotifyTest, ALargeMessageCountsTheRest) {
  settings_.printers_per_message_max = 3;
  for (int i = 0; i < 5; ++i) {
    Tell(NotifyKind::kPrintFailed, i);
  }
  const Notification& message = book_.pending.begin()->second.row.message;
  EXPECT_EQ(message.items.size(), 3U);
  EXPECT_EQ(message.more, 2);
  EXPECT_EQ(TitleOf(message), "5 events: 3 prints failed");
}

// -- Outages --

TEST_F(NotifyTest, AnOutageIsOneMessageWithItsList) {
  std::vector<printer::Registration> printers;
  for (int i = 0; i < 37; ++i) {
    printers.push_back(Printer(i));
  }
  for (int i = 0; i < 30; ++i) {
    core::Tell(book_, context(),
               Of(NotifyKind::kPrinterOfflineMidPrint, printers[static_cast<size_t>(i)]), output_);
  }
  const NotifyOutage outage{context().now.wall, 30, 60};
  std::vector<Telling> lost;
  for (int i = 0; i < 30; ++i) {
    lost.push_back(Of(NotifyKind::kPrinterOfflineMidPrint, printers[static_cast<size_t>(i)]));
    lost.back().in_outage = true;
    lost.back().outage = outage;
  }
  TellOutage(book_, context(), lost, output_);
  for (int i = 30; i < 37; ++i) {
    Pass(seconds(5));
    Telling telling = Of(NotifyKind::kPrinterOfflineMidPrint, printers[static_cast<size_t>(i)]);
    telling.in_outage = true;
    telling.outage = NotifyOutage{outage.since, i + 1, 60};
    core::Tell(book_, context(), telling, output_);
  }
  Pass(seconds(600));
  // The prints are given up an hour later: that was told.
  for (const printer::Registration& printer : printers) {
    Telling telling = Of(NotifyKind::kPrintInterrupted, printer);
    telling.after_loss = true;
    core::Tell(book_, context(), telling, output_);
  }
  Pass(seconds(600));
  const auto sends = TakeSends();
  ASSERT_EQ(sends.size(), 1U);
  EXPECT_EQ(sends[0].message.items.size(), 37U);
  EXPECT_EQ(TitleOf(sends[0].message), "Outage: 37 of 60 printers lost, 37 of them mid-print");
}

TEST_F(NotifyTest, WhoOnlyWantsOutagesIsToldOfNoSingleLoss) {
  target().events = {NotifyKind::kFarmOutage, NotifyKind::kPrintInterrupted};
  Tell(NotifyKind::kPrinterOfflineMidPrint);
  EXPECT_TRUE(book_.pending.empty());
  const printer::Registration printer = Printer(1);
  Telling telling = Of(NotifyKind::kPrintInterrupted, printer);
  telling.after_loss = true;
  core::Tell(book_, context(), telling, output_);
  EXPECT_EQ(book_.pending.size(), 1U) << "but of what became of its print";
}

// -- Quiet hours --

TEST(QuietHours, OverMidnightAndWithinADay) {
  const settings::QuietHours night{22 * 60, 7 * 60, {}};
  const auto at = [](int hour, int minute) {
    return FromEpochMs(kMidnightMs + (hour * 60 + minute) * 60'000);
  };
  EXPECT_FALSE(IsQuiet(night, at(21, 59), seconds(0)));
  EXPECT_TRUE(IsQuiet(night, at(22, 0), seconds(0)));
  EXPECT_TRUE(IsQuiet(night, at(6, 59), seconds(0)));
  EXPECT_FALSE(IsQuiet(night, at(7, 0), seconds(0)));
  EXPECT_EQ(QuietUntil(night, at(23, 0), seconds(0)), at(24 + 7, 0));
  EXPECT_EQ(QuietUntil(night, at(6, 0), seconds(0)), at(7, 0));
  const settings::QuietHours noon{12 * 60, 13 * 60, {}};
  EXPECT_TRUE(IsQuiet(noon, at(12, 30), seconds(0)));
  EXPECT_FALSE(IsQuiet(noon, at(13, 0), seconds(0)));
}

TEST(QuietHours, AreOfLocalTime) {
  const settings::QuietHours night{22 * 60, 7 * 60, {}};
  const WallTime at = FromEpochMs(kMidnightMs + int64_t{20} * 3'600'000);  // 20:00 UTC
  EXPECT_FALSE(IsQuiet(night, at, seconds(3600)));
  EXPECT_TRUE(IsQuiet(night, at, seconds(2 * 3600)));
  EXPECT_EQ(QuietUntil(night, at, seconds(2 * 3600)), at + std::chrono::hours(9));
  EXPECT_TRUE(IsQuiet(night, at, seconds(-14 * 3600))) << "06:00";
}

TEST_F(NotifyTest, QuietHoursBecomeOneDigest) {
  target().quiet_hours = settings::QuietHours{22 * 60, 7 * 60, {NotifyKind::kFarmOutage}};
  Pass(std::chrono::hours(11));  // 23:00
  Tell(NotifyKind::kPrintFailed, 1);
  Pass(std::chrono::hours(3));
  Tell(NotifyKind::kPrintPausedByItself, 2);
  Pass(std::chrono::minutes(5 * 60 - 1));  // 06:59
  EXPECT_TRUE(TakeSends().empty());
  Pass(seconds(60));
  const auto sends = TakeSends();
  ASSERT_EQ(sends.size(), 1U);
  EXPECT_TRUE(sends[0].message.digest);
  EXPECT_EQ(TitleOf(sends[0].message),
            "Quiet hours: 2 events: 1 print failed, 1 print paused by itself");
  EXPECT_EQ(LineOf(sends[0].message, sends[0].message.items[1], false),
            "02:00 a-2: print paused by itself");
}

TEST_F(NotifyTest, SomethingBreaksThrough) {
  target().quiet_hours = settings::QuietHours{22 * 60, 7 * 60, {NotifyKind::kPrintFailed}};
  Pass(std::chrono::hours(11));
  Tell(NotifyKind::kPrintPausedByItself, 1);
  Tell(NotifyKind::kPrintFailed, 2);
  Pass(seconds(60));
  const auto sends = TakeSends();
  ASSERT_EQ(sends.size(), 1U);
  EXPECT_EQ(TitleOf(sends[0].message), "a-2: print failed");
  EXPECT_FALSE(sends[0].message.digest);
}

// -- Attempts --

TEST_F(NotifyTest, TriesAgainWithBackOffAndGivesUp) {
  settings_.give_up_after = seconds(1000);
  Tell(NotifyKind::kPrintFailed);
  Pass(seconds(20));
  std::vector<int64_t> pauses;
  int64_t last = now_ms_;
  for (int attempt = 1; attempt < 100 && !book_.pending.empty(); ++attempt) {
    const auto sends = TakeSends();
    ASSERT_EQ(sends.size(), 1U) << attempt;
    EXPECT_EQ(sends[0].attempt, attempt);
    pauses.push_back((now_ms_ - last) / 1000);
    last = now_ms_;
    Answer(sends[0], Refused("HTTP 500"));
    if (const auto due = NextNotification(book_)) {
      Pass(std::chrono::ceil<seconds>(*due - context().now.mono));
    }
  }
  ASSERT_EQ(output_.ended.size(), 1U);
  EXPECT_EQ(output_.ended[0].state, NotificationState::kFailed);
  EXPECT_EQ(output_.ended[0].last_error, "HTTP 500");
  ASSERT_GE(pauses.size(), 7U);
  for (size_t i = 1; i < 7; ++i) {
    const int64_t plain = int64_t{5} << (i - 1);
    EXPECT_GE(pauses[i], plain) << i;
    EXPECT_LE(pauses[i], plain + plain / 4 + 1) << i;
  }
}

TEST_F(NotifyTest, ObeysATargetThatAsksToWait) {
  Tell(NotifyKind::kPrintFailed);
  Pass(seconds(20));
  Notified wait = Refused("HTTP 429");
  wait.retry_after = seconds(120);
  Answer(TakeSends().at(0), wait);
  Pass(seconds(119));
  EXPECT_TRUE(TakeSends().empty());
  Pass(seconds(1));
  EXPECT_EQ(TakeSends().size(), 1U);
}

TEST_F(NotifyTest, WhatATargetNeverTakesIsNotTriedAgain) {
  Tell(NotifyKind::kPrintFailed);
  Pass(seconds(20));
  Notified never = Refused("HTTP 404");
  never.permanent = true;
  Answer(TakeSends().at(0), never);
  EXPECT_TRUE(book_.pending.empty());
  EXPECT_EQ(output_.counts.back(), (std::pair<std::string, std::string_view>("shift", "failed")));
}

TEST_F(NotifyTest, OneAtATimeATargetAndNoneForAnother) {
  NotifyTarget other = target();
  other.name = "other";
  settings_.targets.push_back(other);
  Tell(NotifyKind::kPrintFailed, 1);
  Pass(seconds(20));
  const auto first = TakeSends();
  ASSERT_EQ(first.size(), 2U);
  Tell(NotifyKind::kPrintFailed, 2);
  Answer(first[1], Taken());
  Pass(seconds(60));
  const auto second = TakeSends();
  ASSERT_EQ(second.size(), 1U) << "the first target hangs";
  EXPECT_EQ(second[0].message.target, "other");
  Answer(first[0], Taken());
  Pass(seconds(0));
  EXPECT_EQ(TakeSends().size(), 1U);
}

TEST_F(NotifyTest, AFullQueueGivesUpItsOldest) {
  settings_.queue_max = 3;
  for (int i = 0; i < 5; ++i) {
    Tell(NotifyKind::kPrintFailed, i);
    Pass(seconds(20));
  }
  // The first is under way for ever; of the others the oldest went.
  EXPECT_EQ(book_.pending.size(), 3U);
  ASSERT_EQ(output_.ended.size(), 2U);
  EXPECT_EQ(output_.ended[0].message.items[0].printer, "a-1");
  EXPECT_EQ(output_.counts.back().second, "dropped");
}

TEST_F(NotifyTest, ARestartTakesUpWhatWasStored) {
  Tell(NotifyKind::kPrintFailed, 1);
  Pass(seconds(20));
  (void)TakeSends();  // under way when the process died
  Tell(NotifyKind::kPrintFailed, 2);
  std::vector<NotificationRow> rows;
  for (const auto& [id, pending] : book_.pending) {
    NotificationRow row = pending.row;
    row.message = ReadBody(BodyJson(row.message)).value();
    EXPECT_EQ(row, pending.row) << BodyJson(row.message);
    rows.push_back(row);
  }
  NotificationRow gone = rows[0];
  gone.message.id = NotificationId{100};
  gone.message.target = "gone";
  rows.push_back(gone);
  book_ = {};
  AdoptNotifications(book_, context(), rows, output_);
  ASSERT_EQ(output_.ended.size(), 1U);
  EXPECT_EQ(output_.ended[0].message.target, "gone");
  Pass(seconds(1));
  const auto again = TakeSends();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].attempt, 2);
  Answer(again[0], Taken());
  Pass(seconds(30));
  EXPECT_EQ(TakeSends().size(), 1U) << "and the open one was closed";
}

// -- The bridge itself --

class BridgeNoticesTest : public NotifyTest {
 protected:
  void Watch(const std::string& trouble, seconds time) {
    for (seconds gone(0); gone < time; gone += seconds(1)) {
      now_ms_ += 1000;
      notices_.Watch(trouble, context().now, offset_);
      for (Notify& send : notices_.TakeSends()) {
        sends_.push_back(std::move(send));
      }
      for (Event& event : notices_.TakeEvents()) {
        events_.push_back(std::move(event));
      }
    }
  }

  BridgeNotices notices_{settings_};
  std::vector<Notify> sends_;
  std::vector<Event> events_;
};

TEST_F(BridgeNoticesTest, AShortTroubleIsNoNews) {
  Watch("the database is away", seconds(29));
  Watch("", seconds(100));
  EXPECT_TRUE(sends_.empty());
  EXPECT_TRUE(events_.empty());
}

TEST_F(BridgeNoticesTest, IsToldPastTheStoreAndRecordedLater) {
  target().events = {NotifyKind::kBridgeDegraded, NotifyKind::kBridgeRecovered};
  Watch("the database is away", seconds(60));
  ASSERT_EQ(sends_.size(), 1U);
  EXPECT_TRUE(sends_[0].direct);
  EXPECT_EQ(TitleOf(sends_[0].message), "bridge degraded");
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_TRUE(std::get<BridgeNews>(events_[0]).degraded);
  Notified taken = Taken();
  taken.id = sends_[0].message.id;
  notices_.Settle(taken, context().now, offset_);
  Watch("the database is away", seconds(60));
  EXPECT_EQ(sends_.size(), 1U) << "once";
  ASSERT_EQ(events_.size(), 2U);
  EXPECT_EQ(std::get<ToldDirectly>(events_[1]).row.state, NotificationState::kSent);
  Watch("", seconds(60));
  ASSERT_EQ(sends_.size(), 2U);
  EXPECT_EQ(TitleOf(sends_[1].message), "bridge recovered");
}

}  // namespace
}  // namespace printfleet::core
