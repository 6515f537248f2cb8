#include "store/partitions.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/log.h"
#include "store/statements.h"

namespace printfleet::store {
namespace {

constexpr std::array<std::string_view, 2> kTables = {"report_log", "telemetry"};

// Year, month and day with `separator` between them.
std::string DayText(Day day, const char* separator) {
  const std::chrono::year_month_day date(day);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%04d%s%02u%s%02u", static_cast<int>(date.year()),
                separator, static_cast<unsigned>(date.month()), separator,
                static_cast<unsigned>(date.day()));
  return text.data();
}

}  // namespace

Day DayOf(WallTime time) {
  return std::chrono::floor<std::chrono::days>(time);
}

std::string PartitionName(std::string_view table, Day day) {
  return std::string(table) + "_" + DayText(day, "");
}

std::string DateText(Day day) {
  return DayText(day, "-");
}

Status Partitions::Reload(Session& session) {
  const Result<SqlRows> rows = session.Run(kPartitions);
  if (!rows) {
    return rows.error();
  }
  names_.clear();
  for (const SqlRow& row : *rows) {
    names_.insert(row.at(1).value_or(""));
  }
  return Ok{};
}

bool Partitions::Has(const std::set<Day>& days) const {
  return std::all_of(days.begin(), days.end(), [this](Day day) {
    return std::all_of(kTables.begin(), kTables.end(), [this, day](std::string_view table) {
      return names_.contains(PartitionName(table, day));
    });
  });
}

Status Partitions::Ensure(Session& session, Day first, Day last) {
  for (Day day = first; day <= last; day += std::chrono::days(1)) {
    for (const std::string_view table : kTables) {
      const Status created = Create(session, table, day);
      if (!created) {
        return created.error().Within(PartitionName(table, day));
      }
    }
  }
  return Ok{};
}

Status Partitions::Create(Session& session, std::string_view table, Day day) {
  const std::string name = PartitionName(table, day);
  if (names_.contains(name)) {
    return Ok{};
  }
  Transaction transaction(session);
  Status begun = transaction.Begin();
  if (!begun) {
    return begun;
  }
  const Result<SqlRows> created =
      session.Exec(CreatePartitionSql(table, DateText(day), kPartitionLockTimeoutMs));
  if (!created) {
    return created.error();
  }
  Status committed = transaction.Commit();
  if (!committed) {
    return committed;
  }
  names_.insert(name);
  LogDebug("store", "partition attached", {{"name", name}});
  return Ok{};
}

}  // namespace printfleet::store
