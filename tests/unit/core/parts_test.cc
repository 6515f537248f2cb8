// Duplicates, deadlines, questions, snapshot lines: the parts of core that stand alone.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <unordered_set>

#include "core/asks.h"
#include "core/counters.h"
#include "core/deadlines.h"
#include "core/duplicates.h"
#include "core/remembered.h"
#include "core/snapshot.h"

namespace printfleet::core {
namespace {

Digest DigestOf(uint64_t number) {
  Digest digest;
  digest.words = {number * 0x9E3779B97F4A7C15ULL, number};
  return digest;
}

MonoTime Ms(int64_t ms) {
  return MonoTime(milliseconds(ms));
}

TEST(Duplicates, RemembersTheLastOnesAndOnlyThem) {
  Duplicates duplicates(100);
  for (uint64_t i = 1; i <= 250; ++i) {
    duplicates.Add(DigestOf(i));
    duplicates.Merge();
  }
  for (uint64_t i = 1; i <= 150; ++i) {
    EXPECT_FALSE(duplicates.Seen(DigestOf(i), false)) << i;
  }
  for (uint64_t i = 151; i <= 250; ++i) {
    EXPECT_TRUE(duplicates.Seen(DigestOf(i), false)) << i;
  }
}

TEST(Remembered, KeepsTheNewestAndNoneTooOld) {
  fleet::RememberedRequests requests;
  Remembered remembered(3, seconds(60));
  const auto batch = [&](std::initializer_list<int> ids, int64_t at_s) {
    for (const int id : ids) {
      requests.Put({"anna", std::to_string(id)},
                   {CommandId{id}, DigestOf(1), WallTime(seconds(at_s))});
    }
    remembered.Follow(requests, WallTime(seconds(at_s)));
    requests.Merge();
  };
  const auto known = [&] {
    std::set<std::string> ids;
    requests.ForEach([&ids](const fleet::RequestKey& key, const fleet::RememberedRequest&) {
      ids.insert(key.request_id);
    });
    return ids;
  };
  batch({1, 2}, 0);
  EXPECT_EQ(known(), (std::set<std::string>{"1", "2"}));
  batch({3, 4}, 10);
  EXPECT_EQ(known().size(), 3U);
  EXPECT_TRUE(known().contains("3") && known().contains("4"));
  batch({}, 61);
  EXPECT_EQ(known(), (std::set<std::string>{"3", "4"}));
  // What a dropped batch would have remembered is not.
  requests.Put({"anna", "5"}, {CommandId{5}, DigestOf(1), WallTime(seconds(62))});
  requests.Drop();
  batch({}, 69);
  EXPECT_EQ(known().size(), 2U);
  batch({}, 71);
  EXPECT_TRUE(known().empty());
}

TEST(Duplicates, ForgetsADroppedBatch) {
  Duplicates duplicates(10);
  duplicates.Add(DigestOf(1));
  EXPECT_TRUE(duplicates.Seen(DigestOf(1), false));
  duplicates.Drop();
  EXPECT_FALSE(duplicates.Seen(DigestOf(1), false));
}

TEST(Duplicates, RecentOnesCountForBacklogOnly) {
  Duplicates duplicates(10);
  duplicates.SetRecent({DigestOf(7), DigestOf(3)});
  EXPECT_TRUE(duplicates.Seen(DigestOf(3), true));
  EXPECT_FALSE(duplicates.Seen(DigestOf(3), false));
  EXPECT_FALSE(duplicates.Seen(DigestOf(4), true));
}

TEST(Duplicates, RecentOnesGoWithTheBatchThatIsOfNow) {
  Duplicates duplicates(10);
  duplicates.OnCaughtUp();  // before the connection went
  duplicates.SetRecent({DigestOf(3)});
  duplicates.Merge();
  EXPECT_TRUE(duplicates.Seen(DigestOf(3), true)) << "nothing was said of this session yet";
  duplicates.OnCaughtUp();
  duplicates.Drop();
  duplicates.Merge();
  EXPECT_TRUE(duplicates.Seen(DigestOf(3), true)) << "a batch that failed comes again";
  duplicates.OnCaughtUp();
  EXPECT_TRUE(duplicates.Seen(DigestOf(3), true));
  duplicates.Merge();
  EXPECT_FALSE(duplicates.Seen(DigestOf(3), true));
}

// Against a model: a set with a queue.
TEST(Duplicates, BehavesAsItsModelUnderCollisions) {
  constexpr size_t kWindow = 64;
  Duplicates duplicates(kWindow);
  std::vector<Digest> order;
  std::mt19937_64 random(7);
  for (int step = 0; step < 20000; ++step) {
    Digest digest;
    digest.words = {random() % 40, random() % 8};  // few homes: long runs
    const auto first = order.size() > kWindow ? order.end() - kWindow : order.begin();
    const bool known = std::find(first, order.end(), digest) != order.end();
    ASSERT_EQ(duplicates.Seen(digest, false), known) << step;
    if (!known) {
      duplicates.Add(digest);
      duplicates.Merge();
      order.push_back(digest);
    }
  }
}

TEST(Deadlines, TakesWhatIsDueOnceAndInOrder) {
  Deadlines deadlines;
  const DueKey a{CommandId{}, "a"};
  const DueKey b{CommandId{1}, ""};
  deadlines.Schedule(a, Ms(50));
  deadlines.Schedule(b, Ms(20));
  deadlines.Schedule(a, Ms(90));  // later: asked at 50 anyway
  deadlines.Schedule(b, Ms(10));  // earlier counts
  EXPECT_EQ(deadlines.Next(), Ms(10));
  EXPECT_EQ(deadlines.TakeDue(Ms(10), 10), std::vector<DueKey>{b});
  EXPECT_TRUE(deadlines.TakeDue(Ms(49), 10).empty());
  EXPECT_EQ(deadlines.TakeDue(Ms(100), 10), std::vector<DueKey>{a});
  EXPECT_TRUE(deadlines.TakeDue(Ms(1000), 10).empty());
}

TEST(Deadlines, AnOvertakenMomentIsForgotten) {
  Deadlines deadlines;
  const DueKey a{CommandId{}, "a"};
  for (int64_t second = 0; second < 1000; ++second) {
    deadlines.Schedule(a, Ms(second * 1000 + 120000));
    deadlines.Schedule(a, Ms(second * 1000 + 1000));
    EXPECT_EQ(deadlines.TakeDue(Ms(second * 1000 + 1000), 10), std::vector<DueKey>{a});
  }
  EXPECT_EQ(deadlines.Next(), std::nullopt);
}

TEST(Asks, ArePacedAndOneOfAKind) {
  Asks asks(10);
  asks.Add("a", printer::Questions{true, false, false}, false);
  asks.Add("b", printer::Questions{false, true, false}, false);
  asks.Add("a", printer::Questions{false, true, false}, false);
  const MonoTime start = Ms(100000);
  const auto first = asks.Take(start);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->printer, "a");
  EXPECT_TRUE(first->questions.version && first->questions.status);
  // A burst of a tenth of a second is allowed, then one in 100 ms.
  MonoTime now = start;
  while (!asks.Take(now)) {
    now += milliseconds(1);
    ASSERT_LT(now, start + milliseconds(200));
  }
  EXPECT_EQ(asks.Take(now + seconds(10)), std::nullopt);
  EXPECT_EQ(asks.Next(), std::nullopt);
}

TEST(Asks, AnUrgentOneGoesFirst) {
  Asks asks(1000);
  asks.Add("a", printer::Questions{true, false, false}, false);
  asks.Add("b", printer::Questions{true, false, false}, false);
  asks.Add("b", printer::Questions{false, true, false}, true);
  EXPECT_EQ(asks.Take(Ms(5000))->printer, "b");
}

TEST(Counters, FieldErrorsAreBoundedAndNoneIsLost) {
  constexpr size_t kFields = kFieldErrorLabelsMax + 10;
  Counters batch;
  for (size_t i = 0; i < kFields; ++i) {
    batch.AddFieldErrors("print", "data.field" + std::to_string(i), 2);
  }
  EXPECT_EQ((batch.field_errors[{"other", "other"}]), 20U);
  Counters total;
  total.AddFieldErrors("file", "data.records", 1);
  total.Add(batch);
  EXPECT_EQ((total.field_errors[{"file", "data.records"}]), 1U);
  for (const Counters* counters : {&batch, &total}) {
    EXPECT_LE(counters->field_errors.size(), kFieldErrorLabelsMax + 1);
  }
  uint64_t sum = 0;
  for (const auto& [labels, count] : total.field_errors) {
    sum += count;
  }
  EXPECT_EQ(sum, 1 + 2 * kFields);
}

TEST(Snapshot, GivesBackWhatAStopNeeds) {
  printer::Registration registration;
  registration.id = "9347a110c5423fe412ce45533bfc10e6";
  registration.model_id = "20021";
  registration.model = "K2Pro";
  registration.name = "a \"quoted\" name";
  registration.groups = {"rack-a", "rack-b"};
  registration.labels = {{"k", "v"}};
  registration.enrolment = printer::Enrolment::kEnrolled;
  registration.firmware = "3.1.0";
  registration.topic_form = protocol::TopicForm::kLong;
  registration.last_task_id = "482913";
  const std::string text = SnapshotLine(registration) + "torn li";
  const auto read = ReadSnapshot(text);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].id, registration.id);
  EXPECT_EQ(read[0].name, registration.name);
  EXPECT_EQ(read[0].groups, registration.groups);
  EXPECT_EQ(read[0].labels, registration.labels);
  EXPECT_EQ(read[0].topic_form, protocol::TopicForm::kLong);
  EXPECT_EQ(read[0].last_task_id, "482913");
  EXPECT_EQ(read[0].enrolment, printer::Enrolment::kEnrolled);
}

}  // namespace
}  // namespace printfleet::core
