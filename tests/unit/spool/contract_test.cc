// What spool.h promises while nothing is wrong.
#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "base/digest.h"
#include "rig.h"

namespace printfleet::spool {
namespace {

std::vector<int> Numbers(int from, int to) {
  std::vector<int> numbers(static_cast<size_t>(to - from));
  std::iota(numbers.begin(), numbers.end(), from);
  return numbers;
}

class SpoolContract : public testing::Test {
 protected:
  SpoolContract() : rig_(config()) {}

  [[nodiscard]] Config config() const {
    Config config;
    config.directory = folder_.path() + "/spool";
    config.reserve_bytes = int64_t{1} << 20;
    return config;
  }

  Folder folder_;
  Rig rig_;
};

core::Message FullMessage() {
  core::Message message = Report("a/b", std::string("\0\x01\xff{}\0", 6));
  message.retained = true;
  message.backlog = true;
  message.ingest_seq = 4711;
  message.received = {.wall = FromEpochMs(1'800'000'000'123), .mono = MonoTime(milliseconds(77))};
  message.read_until = MonoTime(milliseconds(55));
  message.deaf_for = seconds(9);
  message.message_expiry_s = 0;
  message.response_topic = "answer/here";
  message.correlation_data = std::string("\0\0", 2);
  return message;
}

TEST_F(SpoolContract, NewlyMadeItIsEmptyAndGood) {
  const Opened opened = rig_.Open();

  EXPECT_TRUE(opened.stops.empty());
  EXPECT_TRUE(opened.doubts.empty());
  EXPECT_EQ(rig_.spool().identity().size(), 32U);
  EXPECT_EQ(rig_.spool().contents().condition, Condition::kGood);
  EXPECT_EQ(rig_.spool().contents().trouble, "");
  EXPECT_EQ(rig_.spool().contents().reports, 0);
  EXPECT_EQ(rig_.spool().contents().oldest_at, std::nullopt);
  const Result<Entries> nothing = rig_.Read(0);
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(nothing->entries.empty());
  EXPECT_TRUE(nothing->last);
}

TEST_F(SpoolContract, GivesBackAMessageAsItWas) {
  const core::Message kept = FullMessage();
  rig_.Open();
  ASSERT_TRUE(rig_.Keep({kept}));
  rig_.Reopen();

  const std::vector<Entry> entries = rig_.ReadAll();

  ASSERT_EQ(entries.size(), 1U);
  const auto& message = std::get<core::Message>(entries[0].item);
  EXPECT_EQ(message.session, core::Session::kReports);
  EXPECT_EQ(message.topic, kept.topic);
  EXPECT_EQ(message.payload, kept.payload);
  EXPECT_EQ(message.digest, MessageDigest(kept.topic, kept.payload));
  EXPECT_EQ(message.retained, kept.retained);
  EXPECT_EQ(message.backlog, kept.backlog);
  EXPECT_EQ(message.ingest_seq, kept.ingest_seq);
  EXPECT_EQ(message.received.wall, kept.received.wall);
  EXPECT_EQ(message.received.mono, kept.received.mono);
  EXPECT_EQ(message.read_until, kept.read_until);
  EXPECT_EQ(message.deaf_for, kept.deaf_for);
  EXPECT_EQ(message.message_expiry_s, kept.message_expiry_s);
  EXPECT_EQ(message.response_topic, kept.response_topic);
  EXPECT_EQ(message.correlation_data, kept.correlation_data);
}

TEST_F(SpoolContract, KeepsRecordsBesideReportsInOrder) {
  rig_.Open();
  ASSERT_TRUE(rig_.Keep({Report("t", ""), core::StopRecord{"{\"stop\":1}"}}));
  ASSERT_TRUE(rig_.Keep({core::RefusedRecord{std::string("a\0b", 3)}}));

  const std::vector<Entry> entries = rig_.ReadAll();

  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(std::get<core::Message>(entries[0].item).payload, "");
  EXPECT_EQ(std::get<core::Message>(entries[0].item).message_expiry_s, std::nullopt);
  EXPECT_EQ(std::get<core::StopRecord>(entries[1].item).json, "{\"stop\":1}");
  EXPECT_EQ(std::get<core::RefusedRecord>(entries[2].item).json, std::string("a\0b", 3));
  EXPECT_EQ(rig_.spool().contents().reports, 1);
  EXPECT_EQ(rig_.spool().contents().records, 2);
  EXPECT_EQ(rig_.spool().contents().appended_total, 3U);
  EXPECT_EQ(rig_.spool().contents().oldest_at, entries[0].kept_at);
}

TEST_F(SpoolContract, AnEmptyAppendIsAnswered) {
  rig_.Open();

  EXPECT_TRUE(rig_.Keep({}));
  EXPECT_EQ(rig_.spool().contents().appended_total, 0U);
}

TEST_F(SpoolContract, AnswersComeInTheOrderOfTheQuestions) {
  rig_.Open();
  Spool& spool = rig_.spool();
  ASSERT_TRUE(spool.Append(1, Reports(0, 3)));
  ASSERT_TRUE(spool.Read(0, 10, 1 << 20));
  ASSERT_TRUE(spool.Append(2, Reports(3, 4)));
  ASSERT_TRUE(spool.Settle(8, true));
  ASSERT_TRUE(spool.Read(0, 10, 1 << 20));

  rig_.Close();  // ends what is under way
  rig_.Open();

  EXPECT_EQ(NumbersOf(rig_.ReadAll()), Numbers(0, 4));
}

TEST_F(SpoolContract, ReadsAreBoundedByEntriesAndBytes) {
  rig_.Open();
  ASSERT_TRUE(rig_.Keep(Reports(0, 10, 1000)));

  const Result<Entries> three = rig_.Read(0, 3);
  const Result<Entries> by_bytes = rig_.Read(0, 100, 2500);
  const Result<Entries> one_at_least = rig_.Read(0, 100, 1);
  const Result<Entries> to_the_end = rig_.Read(three->entries[2].id, 7);

  EXPECT_EQ(NumbersOf(three->entries), Numbers(0, 3));
  EXPECT_FALSE(three->last);
  EXPECT_EQ(by_bytes->entries.size(), 3U);
  EXPECT_FALSE(by_bytes->last);
  EXPECT_EQ(one_at_least->entries.size(), 1U);
  EXPECT_EQ(NumbersOf(to_the_end->entries), Numbers(3, 10));
  EXPECT_TRUE(to_the_end->last);
}

TEST_F(SpoolContract, WhatIsForgottenIsNotReadAgain) {
  rig_.Open();
  ASSERT_TRUE(rig_.Keep(Reports(0, 10)));
  const std::vector<Entry> entries = rig_.ReadAll();

  rig_.Forget(entries[5].id);

  EXPECT_EQ(NumbersOf(rig_.ReadAll()), Numbers(6, 10));
  EXPECT_EQ(rig_.spool().contents().reports, 4);
  EXPECT_EQ(rig_.spool().contents().forgotten_total, 6U);
  EXPECT_EQ(rig_.spool().contents().oldest_at, entries[6].kept_at);
  rig_.Reopen();
  EXPECT_EQ(NumbersOf(rig_.ReadAll()), Numbers(6, 10));
  EXPECT_EQ(rig_.spool().contents().reports, 4);
}

TEST_F(SpoolContract, ForgettingTwiceOrLessCountsNothing) {
  rig_.Open();
  ASSERT_TRUE(rig_.Keep(Reports(0, 10)));
  rig_.Forget(5);
  rig_.Forget(5);
  rig_.Forget(2);

  EXPECT_EQ(rig_.spool().contents().reports, 5);
  EXPECT_EQ(rig_.spool().contents().forgotten_total, 5U);
}

TEST_F(SpoolContract, IdsGrowOverRestartsAndEmptiness) {
  rig_.Open();
  const std::string identity = rig_.spool().identity();
  ASSERT_TRUE(rig_.Keep(Reports(0, 5)));
  const int64_t last = rig_.ReadAll().back().id;
  rig_.Forget(last);
  rig_.Reopen();
  ASSERT_TRUE(rig_.Keep(Reports(5, 6)));

  const std::vector<Entry> entries = rig_.ReadAll();

  EXPECT_EQ(rig_.spool().identity(), identity);
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_GT(entries[0].id, last);
}

TEST_F(SpoolContract, IdsThatTheStoreHasSeenAreNotGivenToOthers) {
  rig_.Open();
  ASSERT_TRUE(rig_.Keep(Reports(0, 5)));

  rig_.Forget(1000);
  ASSERT_TRUE(rig_.Keep(Reports(5, 6)));
  const std::vector<Entry> before = rig_.ReadAll();
  rig_.Reopen();
  const std::vector<Entry> after = rig_.ReadAll();

  ASSERT_EQ(before.size(), 1U);
  EXPECT_GT(before[0].id, 1000);
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].id, before[0].id);
}

TEST_F(SpoolContract, TheFileShrinksWhenAllIsForgotten) {
  rig_.Open();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(rig_.Keep(Reports(i * 1000, (i + 1) * 1000, 500)));
  }
  const int64_t full = rig_.spool().contents().bytes;
  const int64_t last = rig_.ReadAll().back().id;

  rig_.Forget(last);

  EXPECT_GT(full, 10'000'000);
  EXPECT_TRUE(rig_.WaitUntil([](const Contents& now) { return now.bytes < 200'000; }))
      << rig_.spool().contents().bytes;
  ASSERT_TRUE(rig_.Keep(Reports(0, 1)));
  EXPECT_GT(rig_.ReadAll().back().id, last);
}

TEST_F(SpoolContract, TheLogStaysShortWhateverIsAppended) {
  rig_.Open();
  int64_t longest = 0;
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(rig_.Keep(Reports(i * 2000, (i + 1) * 2000, 500)));
    longest = std::max(longest, SizeOf(config().directory + "/spool.db-wal"));
  }

  EXPECT_LT(longest, int64_t{12} << 20);
  EXPECT_EQ(rig_.spool().contents().reports, 80'000);
}

TEST_F(SpoolContract, OpenReturnsTheStopsAndDoubtsOfBefore) {
  rig_.Open();
  ASSERT_TRUE(rig_.Keep({core::StopRecord{"first"}, Report("t", "x")}));
  ASSERT_TRUE(rig_.Keep({core::RefusedRecord{"no stop"}, core::StopRecord{"second"}}));
  ASSERT_TRUE(rig_.Keep(Reports(0, 2), 42));
  ASSERT_TRUE(rig_.Keep(Reports(2, 3), 41));

  const Opened opened = rig_.Reopen();

  EXPECT_EQ(opened.stops, (std::vector<std::string>{"first", "second"}));
  EXPECT_EQ(opened.doubts, (std::vector<int64_t>{41, 42}));
  EXPECT_EQ(rig_.spool().contents().records, 3);
  EXPECT_EQ(rig_.spool().contents().reports, 4);
}

TEST_F(SpoolContract, ReadingEndsBeforeADoubt) {
  rig_.Open();
  ASSERT_TRUE(rig_.Keep(Reports(0, 3)));
  ASSERT_TRUE(rig_.Keep(Reports(3, 6), 7));
  ASSERT_TRUE(rig_.Keep(Reports(6, 9)));

  const Result<Entries> before = rig_.Read(0);
  const Result<Entries> none = rig_.Read(before->entries.back().id);

  EXPECT_EQ(NumbersOf(before->entries), Numbers(0, 3));
  EXPECT_FALSE(before->last);
  EXPECT_TRUE(none->entries.empty());
  EXPECT_FALSE(none->last);
}

TEST_F(SpoolContract, ADoubtThatWasCommittedGoes) {
  rig_.Open();
  ASSERT_TRUE(rig_.Keep(Reports(0, 3)));
  ASSERT_TRUE(rig_.Keep({Report("t", "x"), core::StopRecord{"s"}}, 7));
  ASSERT_TRUE(rig_.Keep(Reports(3, 6)));

  ASSERT_TRUE(rig_.Settle(7, true));

  EXPECT_EQ(NumbersOf(rig_.ReadAll()), Numbers(0, 6));
  EXPECT_EQ(rig_.spool().contents().reports, 6);
  EXPECT_EQ(rig_.spool().contents().records, 0);
  const Opened opened = rig_.Reopen();
  EXPECT_TRUE(opened.doubts.empty());
  EXPECT_EQ(NumbersOf(rig_.ReadAll()), Numbers(0, 6));
}

TEST_F(SpoolContract, ADoubtThatWasNotCommittedIsReadInItsPlace) {
  rig_.Open();
  ASSERT_TRUE(rig_.Keep(Reports(0, 3), 7));
  ASSERT_TRUE(rig_.Keep(Reports(3, 6)));

  ASSERT_TRUE(rig_.Settle(7, false));

  EXPECT_EQ(NumbersOf(rig_.ReadAll()), Numbers(0, 6));
  const Opened opened = rig_.Reopen();
  EXPECT_TRUE(opened.doubts.empty());
  EXPECT_EQ(NumbersOf(rig_.ReadAll()), Numbers(0, 6));
}

TEST_F(SpoolContract, SettlingWhatIsNotThereIsAnswered) {
  rig_.Open();

  EXPECT_TRUE(rig_.Settle(99, true));
  EXPECT_TRUE(rig_.Settle(99, false));
}

TEST_F(SpoolContract, ForgettingDoesNotReachBehindADoubt) {
  rig_.Open();
  ASSERT_TRUE(rig_.Keep(Reports(0, 3)));
  ASSERT_TRUE(rig_.Keep(Reports(3, 6), 7));

  rig_.Forget(6);
  ASSERT_TRUE(rig_.Settle(7, false));

  EXPECT_EQ(NumbersOf(rig_.ReadAll()), Numbers(3, 6));
}

TEST_F(SpoolContract, AppendIsRefusedWhenTheMailboxIsFull) {
  rig_.Open();
  size_t taken = 0;
  for (int i = 0; i < 100'000; ++i) {
    if (!rig_.spool().Append(static_cast<uint64_t>(i), Reports(i, i + 1))) {
      break;
    }
    ++taken;
  }

  EXPECT_GE(taken, Spool::kMailboxCapacity);
  rig_.Close();
  rig_.Open();
  EXPECT_EQ(rig_.ReadAll().size(), taken);
}

TEST_F(SpoolContract, FullItRefusesReportsAndKeepsRecords) {
  Config small = config();
  small.bytes_max = int64_t{2} << 20;
  Rig rig(small);
  rig.Open();
  Status kept = Ok{};
  int batches = 0;
  for (; kept.ok() && batches < 1000; ++batches) {
    kept = rig.Keep(Reports(batches * 100, (batches + 1) * 100));
  }

  ASSERT_FALSE(kept.ok());
  EXPECT_EQ(kept.error().code, Errc::kUnavailable);
  EXPECT_EQ(rig.spool().contents().condition, Condition::kFull);
  EXPECT_NE(rig.spool().contents().trouble, "");
  EXPECT_LE(rig.spool().contents().bytes, small.bytes_max + (int64_t{64} << 10));
  EXPECT_GT(rig.spool().contents().reports, 3000);
  EXPECT_TRUE(rig.Keep({core::StopRecord{"s"}}));
  EXPECT_TRUE(rig.Keep({core::RefusedRecord{"r"}}));
  EXPECT_FALSE(rig.Keep({core::StopRecord{"s"}, Report("t", "x")}));

  // Forgetting makes room.
  rig.Forget(rig.ReadAll()[2000].id);
  EXPECT_TRUE(rig.WaitUntil([](const Contents& now) { return now.condition == Condition::kGood; }))
      << rig.spool().contents().bytes << " log " << SizeOf(small.directory + "/spool.db-wal");
  EXPECT_TRUE(rig.Keep(Reports(0, 100)));
}

TEST_F(SpoolContract, RefusalsLeaveHalfOfTheReserveToStops) {
  Config small = config();
  small.bytes_max = int64_t{1} << 20;
  Rig rig(small);
  rig.Open();
  const std::string record(10'000, 'r');
  const auto fill = [&rig, &record](auto make) {
    for (int i = 0; i < 10'000; ++i) {
      if (!rig.Keep({make(record)})) {
        return;
      }
    }
  };
  const auto refusal = [](const std::string& json) { return core::RefusedRecord{json}; };
  const auto stop = [](const std::string& json) { return core::StopRecord{json}; };

  fill(refusal);
  const int64_t refusals = rig.spool().contents().bytes;
  EXPECT_TRUE(rig.Keep({stop(record)}));
  fill(stop);
  const int64_t all = rig.spool().contents().bytes;

  EXPECT_LE(refusals, small.bytes_max + small.reserve_bytes / 2 + (int64_t{64} << 10));
  EXPECT_GT(all, refusals + small.reserve_bytes / 4);
  EXPECT_LE(all, small.bytes_max + small.reserve_bytes + (int64_t{64} << 10));
}

TEST_F(SpoolContract, MonotonicTimesOfAnotherBootAreMadeAnew) {
  Config first = config();
  first.boot_id_file = folder_.path() + "/boot";
  WriteBytes(first.boot_id_file, 0, "boot one\n");
  Rig rig(first);
  rig.Open();
  core::Message message = Report("t", "x");
  const WallTime now = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  message.received = {.wall = now - seconds(3600), .mono = MonoTime(seconds(1'000'000))};
  message.read_until = message.received.mono - seconds(5);
  core::Message future = Report("t", "y");
  future.received = {.wall = now + seconds(3600), .mono = MonoTime(seconds(1'000'000))};
  ASSERT_TRUE(rig.Keep({message, future}));

  rig.Reopen();
  const std::vector<Entry> same = rig.ReadAll();
  WriteBytes(first.boot_id_file, 0, "boot two\n");
  rig.Reopen();
  const std::vector<Entry> other = rig.ReadAll();

  ASSERT_EQ(same.size(), 2U);
  EXPECT_EQ(std::get<core::Message>(same[0].item).received.mono, message.received.mono);
  ASSERT_EQ(other.size(), 2U);
  const MonoTime mono(std::chrono::duration_cast<milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch()));
  const auto& anew = std::get<core::Message>(other[0].item);
  EXPECT_EQ(anew.received.wall, message.received.wall);
  EXPECT_LE(anew.received.mono, mono - seconds(3600));
  EXPECT_GE(anew.received.mono, mono - seconds(3660));
  EXPECT_EQ(anew.received.mono - anew.read_until, milliseconds(5000));
  const auto& clamped = std::get<core::Message>(other[1].item);
  EXPECT_LE(clamped.received.mono, mono);
  EXPECT_EQ(clamped.read_until, MonoTime());
}

}  // namespace
}  // namespace printfleet::spool
