#include "spool/file.h"

#include <algorithm>
#include <utility>

#include "base/failpoint.h"
#include "base/log.h"
#include "spool/clock.h"
#include "spool/statements.h"

namespace printfleet::spool {
namespace {

// Shrinking copies what is left: only so much of it.
constexpr int64_t kShrinkCopyMax = int64_t{16} << 20;
constexpr int64_t kShrinkFreeMin = int64_t{4} << 20;
// When nothing is left at all.
constexpr int64_t kEmptyBytes = int64_t{128} << 10;
constexpr int64_t kEmptyFreeMin = int64_t{256} << 10;

// The one number that `statement` gives; `none` where there is no row, or NULL.
Result<int64_t> NumberOf(Statement& statement, int64_t none = 0) {
  const Use use(statement);
  const Result<bool> row = statement.Step();
  if (!row) {
    return row.error();
  }
  return *row && !statement.IsNull(0) ? statement.Integer(0) : none;
}

Status Run(Statement& statement) {
  const Use use(statement);
  const Result<bool> row = statement.Step();
  return row ? Status(Ok{}) : row.error();
}

void BindRange(Statement& statement, int64_t after, int64_t last) {
  statement.Bind(1, after);
  statement.Bind(2, last);
}

}  // namespace

Status File::Append(const std::vector<Row>& rows) {
  Transaction transaction(*database_);
  Status status = transaction.Begin();
  std::optional<int64_t> boot = boot_number_;
  if (status && !boot) {
    const Result<int64_t> written = WriteBoot();
    if (written) {
      boot = *written;
    } else {
      status = written.error();
    }
  }
  Tally more;
  for (size_t i = 0; status && i < rows.size(); ++i) {
    BindRow(insert_, rows[i].entry, rows[i].doubt, *boot);
    status = Run(insert_);
    ++(IsRecord(rows[i].entry.item) ? more.records : more.reports);
  }
  if (status) {
    status = AddToTotal(more);
  }
  if (status) {
    FAILPOINT("spooling.written");
    status = transaction.Commit();
    FAILPOINT("spooling.committed");
  }
  if (status) {
    boot_number_ = boot;
    Measure();
  }
  return status;
}

Result<int64_t> File::WriteBoot() {
  Status forgotten =
      database_->Execute("DELETE FROM boots WHERE NOT EXISTS (SELECT 1 FROM entries)");
  if (!forgotten) {
    return forgotten.error();
  }
  Result<Statement> insert = database_->Prepare("INSERT INTO boots(name) VALUES (?)");
  if (!insert) {
    return insert.error();
  }
  insert->BindText(1, boot_);
  const Status inserted = Run(*insert);
  return inserted ? database_->Number("SELECT last_insert_rowid()") : inserted.error();
}

Result<Entries> File::Read(int64_t after, size_t entries_max, size_t bytes_max) {
  Entries answer;
  std::vector<int64_t> damaged;
  {
    const Boots boots{.current = boot_number_.value_or(0), .now = Now()};
    const Use use(read_);
    read_.Bind(1, after);
    size_t bytes = 0;
    while (true) {
      const Result<bool> more = read_.Step();
      if (!more) {
        return more.error();
      }
      answer.last = !*more;
      if (answer.last || answer.entries.size() >= entries_max || bytes >= bytes_max) {
        break;
      }
      Result<Row> row = ReadRow(read_, boots);
      if (!row) {
        LogError("spool", "an entry is damaged and is left out",
                 {{"file", database_->path()}, {"error", row.error().message}});
        damaged.push_back(read_.Integer(0));
        continue;
      }
      if (row->doubt) {
        break;
      }
      bytes += static_cast<size_t>(BytesOf(row->entry.item));
      answer.entries.push_back(std::move(row->entry));
    }
  }
  const Status removed = RemoveDamaged(damaged);
  if (!removed) {
    return removed.error();
  }
  return answer;
}

Status File::RemoveDamaged(const std::vector<int64_t>& ids) {
  for (const int64_t id : ids) {
    BindRange(remove_, id - 1, id);
    BindRange(count_records_, id - 1, id);
    const Result<Tally> gone = Change(remove_, count_records_);
    if (!gone) {
      return gone.error();
    }
  }
  return Ok{};
}

Result<Tally> File::Count(int64_t after, int64_t last) {
  BindRange(count_, after, last);
  const Result<int64_t> all = NumberOf(count_);
  BindRange(count_records_, after, last);
  const Result<int64_t> records = NumberOf(count_records_);
  if (!all || !records) {
    return all ? records.error() : all.error();
  }
  return Tally{.reports = *all - *records, .records = *records};
}

// Runs `change`, which removes entries, and takes them off the total.
Result<Tally> File::Change(Statement& change, Statement& count_records) {
  Transaction transaction(*database_);
  Status status = transaction.Begin();
  if (!status) {
    return status.error();
  }
  const Result<int64_t> records = NumberOf(count_records);
  if (!records) {
    return records.error();
  }
  status = Run(change);
  Tally gone;
  if (status) {
    gone = {.reports = database_->changed() - *records, .records = *records};
    status = AddToTotal({.reports = -gone.reports, .records = -gone.records});
  }
  if (status) {
    status = transaction.Commit();
  }
  if (!status) {
    return status.error();
  }
  Measure();
  return gone;
}

Result<Tally> File::Remove(int64_t last, int64_t entries_max) {
  const Result<int64_t> first = database_->Number(kFirst);
  if (!first) {
    return first.error();
  }
  if (*first == 0 || *first > last) {
    return Tally{};
  }
  const int64_t until = std::min(last, *first - 1 + entries_max);
  BindRange(remove_, *first - 1, until);
  BindRange(count_records_, *first - 1, until);
  return Change(remove_, count_records_);
}

Result<Tally> File::Settle(int64_t batch_seq, bool committed) {
  if (!committed) {
    clear_doubt_.Bind(1, batch_seq);
    Status cleared = Run(clear_doubt_);
    if (!cleared) {
      return cleared.error();
    }
    return Tally{};
  }
  remove_doubt_.Bind(1, batch_seq);
  count_doubt_records_.Bind(1, batch_seq);
  return Change(remove_doubt_, count_doubt_records_);
}

Status File::SkipIds(int64_t last) {
  Result<Statement> update =
      database_->Prepare("INSERT INTO sqlite_sequence(name, seq) VALUES ('entries', ?)");
  if (!update) {
    return update.error();
  }
  Transaction transaction(*database_);
  Status status = transaction.Begin();
  if (status) {
    status = database_->Execute("DELETE FROM sqlite_sequence WHERE name = 'entries'");
  }
  if (status) {
    update->Bind(1, last);
    status = Run(*update);
  }
  return status ? transaction.Commit() : status;
}

Result<Tally> File::Total() {
  Result<Statement> total = database_->Prepare(kTotal);
  if (!total) {
    return total.error();
  }
  const Result<bool> row = total->Step();
  if (!row) {
    return row.error();
  }
  const Tally tally{.reports = total->Integer(0), .records = total->Integer(1)};
  if (!*row || tally.reports < 0 || tally.records < 0) {
    return Error{Errc::kMalformed, database_->path() + ": no count of its entries"};
  }
  return tally;
}

Status File::AddToTotal(Tally more) {
  if (more.reports == 0 && more.records == 0) {
    return Ok{};
  }
  BindRange(add_, more.reports, more.records);
  return Run(add_);
}

Result<int64_t> File::LastId() {
  return database_->Number(kLastId);
}

Result<std::optional<WallTime>> File::OldestAfter(int64_t id) {
  const Use use(oldest_);
  oldest_.Bind(1, id);
  const Result<bool> row = oldest_.Step();
  if (!row) {
    return row.error();
  }
  return *row ? std::optional(FromEpochMs(oldest_.Integer(0))) : std::nullopt;
}

Result<std::optional<int64_t>> File::FirstInDoubt() {
  constexpr int64_t kNone = -1;
  const Result<int64_t> first = NumberOf(first_in_doubt_, kNone);
  if (!first) {
    return first.error();
  }
  return *first == kNone ? std::nullopt : std::optional(*first);
}

Result<Opened> File::Describe() {
  Opened opened;
  Result<Statement> stops = database_->Prepare(kReadStops);
  Result<Statement> doubts = database_->Prepare(kDoubts);
  if (!stops || !doubts) {
    return stops ? doubts.error() : stops.error();
  }
  Result<bool> row = stops->Step();
  for (; row && *row; row = stops->Step()) {
    Result<Row> stop = ReadRow(*stops, {});
    if (stop) {
      opened.stops.push_back(std::move(std::get<core::StopRecord>(stop->entry.item).json));
    }
  }
  if (!row) {
    return row.error();
  }
  for (row = doubts->Step(); row && *row; row = doubts->Step()) {
    opened.doubts.push_back(doubts->Integer(0));
  }
  if (!row) {
    return row.error();
  }
  return opened;
}

// After a commit, which an error here must not make undone: the next access will meet it again.
void File::Measure() {
  const Result<int64_t> pages = NumberOf(page_count_);
  const Result<int64_t> free = NumberOf(free_count_);
  if (pages && free) {
    pages_ = *pages;
    free_pages_ = *free;
  }
}

Status File::Tend(bool at_once) {
  const int64_t bytes = database_->log_pages() * page_bytes_;
  const bool wanted = at_once ? bytes > 0 : bytes >= log_bytes_;
  // One great change may have made it longer than it should stay; on a full disk its blocks are
  // kept.
  const bool truncate = !at_once && bytes >= 2 * log_bytes_;
  return wanted ? database_->Checkpoint(truncate) : Status(Ok{});
}

Status File::Shrink() {
  const int64_t free = free_pages_ * page_bytes_;
  const int64_t held = used_bytes();
  const bool empty = held <= kEmptyBytes && free >= kEmptyFreeMin;
  const bool little = held <= kShrinkCopyMax && free >= std::max(4 * held, kShrinkFreeMin);
  if (!empty && !little) {
    return Ok{};
  }
  Status status = database_->Execute("VACUUM");
  if (status) {
    status = database_->Checkpoint(true);
  }
  Measure();
  return status;
}

}  // namespace printfleet::spool
