// One pass of maintenance over the database: partitions ahead, partitions and rows that are old.
//
// Never the worker's connection, and nothing that makes an insert wait: partitions are detached
// CONCURRENTLY and then dropped, rows go in pieces with pauses. It may be interrupted at any
// instant; the next pass finishes what is half done. Blocking; one thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "store/retention.h"
#include "store/session.h"

namespace printfleet::store {

// How long a statement here waits for a lock at most, and so may be felt by nobody for longer.
constexpr int kMaintenanceLockTimeoutMs = 1000;
// The same where one statement does it that writers feel.
constexpr int kDropAtOnceLockTimeoutMs = 200;
// Rows in one statement. After it as long a pause as it took, and at least kChunkPauseMin.
constexpr int kChunkRows = 1000;
constexpr milliseconds kChunkPauseMin{20};

struct MaintenanceReport {
  std::map<std::string, int64_t, std::less<>> rows_deleted;        // by table
  std::map<std::string, int64_t, std::less<>> partitions_dropped;  // by table
  std::optional<WallTime> finished_at;                             // of a whole pass
  std::optional<Error> error;  // the first; what did not work is tried in the next pass
};

class Maintenance {
 public:
  // Waits for the given time; true: stop at once.
  using Pause = std::function<bool(milliseconds)>;

  Maintenance(const settings::Store& settings, seconds remember, Pause pause);

  // As the owner of the tables, or as the daemon's own role: then only partitions go. `now` is the
  // wall clock's. A report without finished_at and error was stopped.
  MaintenanceReport Run(Session& session, WallTime now);

  // Drops the oldest day of telemetry, or else of report_log, that disk.history_days_min does not
  // keep. Its name; "" when there is none left.
  Result<std::string> DropEarly(Session& session, WallTime now);

 private:
  struct Partition {
    std::string name;
    Day day;
  };

  Status Prepare(Session& session, WallTime now);
  Status FinishDetached(Session& session);
  Status DropOld(Session& session, const PartitionRule& rule, MaintenanceReport& report);
  Status Drop(Session& session, std::string_view table, const Partition& partition);
  Status DeleteOld(Session& session, const RowRule& rule, MaintenanceReport& report);
  Result<int64_t> DeleteSome(Session& session, const Statement& statement, Day cutoff);
  // In the order of their days.
  Result<std::vector<Partition>> PartitionsOf(Session& session, std::string_view table);

  const settings::Store& settings_;
  seconds remember_;
  Pause pause_;
  bool stopped_ = false;
  bool owner_ = false;
  bool told_not_owner_ = false;
  Day today_;
  std::vector<Day> ran_;
};

}  // namespace printfleet::store
