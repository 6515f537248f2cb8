#include "store/maintenance.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/log.h"
#include "store/cell_reader.h"
#include "store/connection.h"
#include "store/service.h"

namespace printfleet::store {
namespace {

constexpr int kConcurrentDetachVersion = 140000;

Status StatusOf(const Result<SqlRows>& rows) {
  return rows ? Status(Ok{}) : rows.error();
}

// "2026-01-01".
std::optional<Day> DayFromText(std::string_view text) {
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits),
               [](char c) { return c != '-'; });
  return PartitionDay("day_" + digits, "day");
}

}  // namespace

Maintenance::Maintenance(const settings::Store& settings, seconds remember, Pause pause)
    : settings_(settings), remember_(remember), pause_(std::move(pause)) {}

MaintenanceReport Maintenance::Run(Session& session, WallTime now) {
  MaintenanceReport report;
  const auto note = [&report](const Status& status) {
    if (!status && !report.error) {
      report.error = status.error();
    }
  };
  stopped_ = false;
  const Status prepared = Prepare(session, now);
  if (!prepared) {
    report.error = prepared.error();
    return report;
  }
  note(FinishDetached(session));
  Partitions partitions;
  Status ahead = partitions.Reload(session);
  if (ahead) {
    ahead = partitions.Ensure(session, today_, today_ + kPartitionDaysAhead);
  }
  note(ahead);
  for (const PartitionRule& rule : PartitionRules(settings_.retention)) {
    note(DropOld(session, rule, report));
  }
  if (owner_) {
    for (const RowRule& rule : RowRules(settings_.retention, remember_)) {
      note(DeleteOld(session, rule, report));
    }
  } else if (!told_not_owner_) {
    told_not_owner_ = true;
    LogWarning("store",
               "the daemon's role owns no table and may not delete rows: have the owner run "
               "`printfleet retain` each day (deploy/manual/storage.md); old partitions go all the "
               "same");
  }
  if (!stopped_ && session.alive() && !report.error) {
    report.finished_at = now;
  }
  return report;
}

Result<std::string> Maintenance::DropEarly(Session& session, WallTime now) {
  stopped_ = false;
  Status prepared = Prepare(session, now);
  if (prepared) {
    prepared = FinishDetached(session);
  }
  if (!prepared) {
    return prepared.error();
  }
  const std::optional<Day> cutoff = CutoffOf(settings_.disk.history_days_min, ran_, today_);
  for (const PartitionRule& rule : PartitionRules(settings_.retention)) {
    const Result<std::vector<Partition>> partitions = PartitionsOf(session, rule.table);
    if (!partitions) {
      return partitions.error();
    }
    if (!cutoff || partitions->empty() || partitions->front().day >= *cutoff) {
      continue;
    }
    const Status dropped = Drop(session, rule.table, partitions->front());
    return dropped ? Result<std::string>(partitions->front().name) : dropped.error();
  }
  return std::string();
}

Status Maintenance::Prepare(Session& session, WallTime now) {
  today_ = DayOf(now);
  Status limited = StatusOf(session.Exec(kMaintenanceLimits));
  if (!limited) {
    return limited;
  }
  const Result<SqlRows> owns = session.Run(kOwnsTables);
  if (!owns) {
    return owns.error();
  }
  owner_ = !owns->empty() && owns->front().at(0) == "t";
  Status marked = StatusOf(session.Run(kMarkDay, {DateText(today_)}));
  if (!marked) {
    return marked;
  }
  const Result<SqlRows> days = session.Run(kDaysRan);
  if (!days) {
    return days.error();
  }
  ran_.clear();
  for (const SqlRow& row : *days) {
    if (const auto day = DayFromText(row.at(0).value_or(""))) {
      ran_.push_back(*day);
    }
  }
  return Ok{};
}

// What an earlier pass, or another process, had begun.
Status Maintenance::FinishDetached(Session& session) {
  if (!owner_) {
    return Ok{};
  }
  const Result<SqlRows> pending = session.server_version() >= kConcurrentDetachVersion
                                      ? session.Run(kPendingPartitions)
                                      : SqlRows();
  if (!pending) {
    return pending.error();
  }
  for (const SqlRow& row : *pending) {
    const std::string name = row.at(1).value_or("");
    if (!PartitionDay(name, row.at(0).value_or(""))) {
      continue;  // somebody else's
    }
    Status finished = StatusOf(session.Exec(FinishDetachSql(row.at(0).value_or(""), name)));
    if (!finished) {
      return finished.error().Within(name);
    }
    LogInfo("store", "detached at last", {{"partition", name}});
  }
  const Result<SqlRows> detached = session.Run(kDetachedPartitions);
  if (!detached) {
    return detached.error();
  }
  for (const SqlRow& row : *detached) {
    Status dropped = StatusOf(session.Exec(DropPartitionSql(row.at(0).value_or(""))));
    if (!dropped) {
      return dropped.error().Within(row.at(0).value_or(""));
    }
  }
  return Ok{};
}

Result<std::vector<Maintenance::Partition>> Maintenance::PartitionsOf(Session& session,
                                                                      std::string_view table) {
  const Result<SqlRows> rows = session.Run(kPartitions);
  if (!rows) {
    return rows.error();
  }
  std::vector<Partition> partitions;
  for (const SqlRow& row : *rows) {
    const std::string name = row.at(1).value_or("");
    const std::optional<Day> day = PartitionDay(name, table);
    if (row.at(0) == table && day) {
      partitions.push_back({name, *day});
    }
  }
  std::sort(partitions.begin(), partitions.end(),
            [](const Partition& a, const Partition& b) { return a.day < b.day; });
  return partitions;
}

Status Maintenance::DropOld(Session& session, const PartitionRule& rule,
                            MaintenanceReport& report) {
  const std::optional<Day> cutoff = CutoffOf(rule.days, ran_, today_);
  if (!cutoff) {
    return Ok{};
  }
  const Result<std::vector<Partition>> partitions = PartitionsOf(session, rule.table);
  if (!partitions) {
    return partitions.error();
  }
  for (const Partition& partition : *partitions) {
    if (partition.day >= *cutoff || stopped_) {
      break;
    }
    Status dropped = Drop(session, rule.table, partition);
    if (!dropped) {
      return dropped;
    }
    ++report.partitions_dropped[std::string(rule.table)];
    stopped_ = pause_(kChunkPauseMin);
  }
  return Ok{};
}

Status Maintenance::Drop(Session& session, std::string_view table, const Partition& partition) {
  if (!owner_ || session.server_version() < kConcurrentDetachVersion) {
    Transaction transaction(session);
    Status status = transaction.Begin();
    if (status) {
      status = StatusOf(session.Exec(
          DropPartitionAtOnceSql(table, DateText(partition.day), kDropAtOnceLockTimeoutMs)));
    }
    return status ? transaction.Commit() : status.error().Within(partition.name);
  }
  for (const std::string& sql :
       {MarkPartitionSql(partition.name), DetachPartitionSql(std::string(table), partition.name),
        DropPartitionSql(partition.name)}) {
    const Status done = StatusOf(session.Exec(sql));
    if (!done) {
      return done.error().Within(partition.name);
    }
  }
  LogInfo("store", "dropped", {{"partition", partition.name}});
  return Ok{};
}

Status Maintenance::DeleteOld(Session& session, const RowRule& rule, MaintenanceReport& report) {
  const std::optional<Day> cutoff = CutoffOf(rule.days, ran_, today_);
  int64_t last = cutoff ? 1 : 0;
  while (last > 0 && !stopped_) {
    for (const Statement* stage : rule.stages) {
      const bool is_last = stage == rule.stages.back();
      int64_t deleted = 0;
      do {
        const Result<int64_t> some = DeleteSome(session, *stage, *cutoff);
        if (!some) {
          return some.error();
        }
        deleted = *some;
        report.rows_deleted[std::string(rule.table)] += deleted;
      } while (deleted > 0 && !is_last && !stopped_);
      last = deleted;
    }
  }
  return Ok{};
}

Result<int64_t> Maintenance::DeleteSome(Session& session, const Statement& statement, Day cutoff) {
  const MonoTime begun = MonotonicNow();
  const Result<SqlRows> rows =
      session.Run(statement, {DateText(cutoff) + " 00:00:00+00", std::to_string(kChunkRows)});
  if (!rows) {
    return rows.error();
  }
  const int64_t deleted = rows->empty() ? 0 : CellReader(rows->front()).Int();
  if (deleted > 0) {
    stopped_ = pause_(std::max(kChunkPauseMin, MonotonicNow() - begun));
  }
  return deleted;
}

}  // namespace printfleet::store
