// What is old enough to be deleted. Pure.
//
// Days are those on which the daemon ran (table retention_days), not those of a calendar: a clock
// that jumps ahead by years is one day more, and a machine that was off for a season comes back to
// what it had. And no more recent than by the clock, so that nothing of the future goes either.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "settings/settings.h"
#include "store/partitions.h"
#include "store/statements.h"

namespace printfleet::store {

// What is before this day may go: `days` whole days before `today` stay, and as many of `ran` (from
// the newest; those after `today` do not count). nullopt: nothing may, also for 0 days.
std::optional<Day> CutoffOf(int days, const std::vector<Day>& ran, Day today);

// Rows of one table that go by age. `stages` delete at most so many rows each, given a cutoff and
// that limit; each is repeated until it finds no more, then the next, then all again until the last
// finds none.
struct RowRule {
  std::string_view table;  // for metrics and logs
  int days = 0;
  std::vector<const Statement*> stages;
};

// The order is that of what refers to what.
std::vector<RowRule> RowRules(const settings::Retention& retention, seconds remember);

// A table that is partitioned.
struct PartitionRule {
  std::string_view table;
  int days = 0;
};

// The order in which they are dropped before their time, too.
std::vector<PartitionRule> PartitionRules(const settings::Retention& retention);

// "report_log_20260101" of `table` -> its day; nullopt: another name.
std::optional<Day> PartitionDay(std::string_view name, std::string_view table);

}  // namespace printfleet::store
