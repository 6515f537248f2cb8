// What is old: by the days on which the daemon ran.
#include "store/retention.h"

#include <gtest/gtest.h>

namespace printfleet::store {
namespace {

using std::chrono::days;

const Day kToday = std::chrono::sys_days(std::chrono::year(2026) / 7 / 1);

// Every day from `first` to yesterday and today.
std::vector<Day> Ran(int count) {
  std::vector<Day> ran;
  for (int back = 0; back < count; ++back) {
    ran.push_back(kToday - days(back));
  }
  return ran;
}

TEST(Retention, AFarmThatAlwaysRunsCountsDaysAsACalendarDoes) {
  EXPECT_EQ(CutoffOf(30, Ran(100), kToday), kToday - days(30));
  EXPECT_EQ(CutoffOf(1, Ran(100), kToday), kToday - days(1));
}

TEST(Retention, NothingWithoutAsManyDays) {
  EXPECT_EQ(CutoffOf(30, Ran(30), kToday), std::nullopt);
  EXPECT_EQ(CutoffOf(30, {}, kToday), std::nullopt);
  EXPECT_EQ(CutoffOf(0, Ran(100), kToday), std::nullopt);
}

TEST(Retention, AMachineThatWasOffKeepsAsManyDaysOfItsOwn) {
  std::vector<Day> ran = Ran(5);
  for (int back = 200; back < 300; ++back) {
    ran.push_back(kToday - days(back));
  }
  // Four of the days before today are of this week: 26 are of last year.
  EXPECT_EQ(CutoffOf(30, ran, kToday), kToday - days(225));
}

TEST(Retention, AClockThatJumpsAheadIsOneDayMore) {
  const Day far = kToday + days(3650);
  std::vector<Day> ran = Ran(100);
  ran.push_back(far);
  EXPECT_EQ(CutoffOf(30, ran, far), kToday - days(29));
  ran.push_back(far - days(1));
  EXPECT_EQ(CutoffOf(30, ran, far), kToday - days(28));
  // And when it is right again, what it said does not count.
  EXPECT_EQ(CutoffOf(30, ran, kToday), kToday - days(30));
}

TEST(Retention, AClockThatFallsBackDeletesNothingThatIsYoung) {
  EXPECT_EQ(CutoffOf(30, Ran(100), kToday - days(80)), std::nullopt);
}

TEST(Retention, CommandsStayAsLongAsTheirIdsProtect) {
  settings::Retention retention;
  retention.commands_days = 1;
  const auto days_of = [&](seconds remember) {
    for (const RowRule& rule : RowRules(retention, remember)) {
      if (rule.table == "commands") {
        return rule.days;
      }
    }
    return -1;
  };
  EXPECT_EQ(days_of(seconds(30 * 86400)), 31);
  EXPECT_EQ(days_of(seconds(60)), 2);
  retention.commands_days = 0;
  EXPECT_EQ(days_of(seconds(60)), 0);
}

TEST(Retention, NamesOfPartitions) {
  EXPECT_EQ(PartitionDay("report_log_20260701", "report_log"), kToday);
  EXPECT_EQ(PartitionDay(PartitionName("telemetry", kToday), "telemetry"), kToday);
  for (const char* name : {"report_log_20260701", "telemetry_2026070", "telemetry_20260732",
                           "telemetry_20261301", "telemetry_2026070x", "telemetry_-2026070",
                           "telemetry20260701", "telemetry_20260701_old", ""}) {
    EXPECT_EQ(PartitionDay(name, "telemetry"), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace printfleet::store
