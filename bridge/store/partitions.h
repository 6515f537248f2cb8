// The daily partitions of report_log and telemetry: which there are, and making those a batch
// needs. Worker's thread only.
//
// fleet.add_partition (schema/) makes it as the owner of the tables, with a lock_timeout: attaching
// asks only for a lock that readers and writers of the table can live with.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "store/session.h"

namespace printfleet::store {

using Day = std::chrono::sys_days;

// With a day that is needed, how many after it are made.
constexpr std::chrono::days kPartitionDaysAhead{3};
constexpr int kPartitionLockTimeoutMs = 2000;

// The UTC day of `time`.
Day DayOf(WallTime time);
// "report_log_20260101".
std::string PartitionName(std::string_view table, Day day);
// "2026-01-01".
std::string DateText(Day day);

class Partitions {
 public:
  // Asks the database what there is.
  Status Reload(Session& session);

  // Are the partitions of all `days` known to be there?
  [[nodiscard]] bool Has(const std::set<Day>& days) const;

  // Makes what is missing from `first` to `last`. Requires: not inside a transaction. Errors:
  // kTimeout when somebody holds the table's lock.
  Status Ensure(Session& session, Day first, Day last);

 private:
  Status Create(Session& session, std::string_view table, Day day);

  std::set<std::string> names_;
};

}  // namespace printfleet::store
