// File: the spool's SQLite file, its tables and all statements on them. It remembers nothing that
// is not in the file, and decides nothing; spool/keeper.h does. One thread at a time. Errors as in
// spool/database.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "spool/database.h"
#include "spool/row.h"
#include "spool/spool.h"

namespace printfleet::spool {

// Entries, by what is counted apart.
struct Tally {
  int64_t reports = 0;
  int64_t records = 0;  // of stops and refusals
};

class File {
 public:
  // Opens it; makes it when it is missing or empty. `boot`: BootName(); `log_bytes`: how long its
  // log may grow before it is brought into the file.
  // Errors, besides: kUnsupported: a newer version of this program has written it.
  static Result<std::unique_ptr<File>> Open(const std::string& path, const std::string& boot,
                                            int64_t log_bytes);

  // 32 hex digits, made with the file.
  [[nodiscard]] const std::string& identity() const { return identity_; }

  // All of them or none, durable. Their ids are given here.
  Status Append(const std::vector<Row>& rows);

  // Entries with ids above `after`, up to the first in doubt.
  Result<Entries> Read(int64_t after, size_t entries_max, size_t bytes_max);

  // How many there are with ids above `after` and up to `last`.
  Result<Tally> Count(int64_t after, int64_t last);
  // Removes those, at most `entries_max` of them, the oldest first; how many went.
  Result<Tally> Remove(int64_t last, int64_t entries_max);
  // Entries in doubt: removes them, or makes them like others. How many went.
  Result<Tally> Settle(int64_t batch_seq, bool committed);
  // No id up to this one is given from now on.
  Status SkipIds(int64_t last);

  // Everything in it.
  Result<Tally> Total();
  Result<int64_t> LastId();
  Result<std::optional<WallTime>> OldestAfter(int64_t id);
  Result<std::optional<int64_t>> FirstInDoubt();
  // The records of stops, and the batches in doubt, in order.
  Result<Opened> Describe();

  // Bytes of the file that hold something; its log's are not among them.
  [[nodiscard]] int64_t used_bytes() const { return (pages_ - free_pages_) * page_bytes_; }

  // Brings the log into the file when it has grown long, or at once: then the log's blocks are used
  // again, and the disk need not give more.
  Status Tend(bool at_once);
  // Gives back what the file does not need, where that is much, and cheap: it holds little.
  Status Shrink();

  // Closing leaves everything as it is.
  void KeepLogOnClose() { database_->KeepLogOnClose(); }

 private:
  File(std::unique_ptr<Database> database, std::string boot, int64_t log_bytes)
      : database_(std::move(database)), boot_(std::move(boot)), log_bytes_(log_bytes) {}

  Status Prepare();
  Status PrepareStatements();
  Status ReadIdentity();
  Result<int64_t> WriteBoot();
  Status AddToTotal(Tally more);
  void Measure();
  Result<Tally> Change(Statement& change, Statement& count_records);
  Status RemoveDamaged(const std::vector<int64_t>& ids);

  std::unique_ptr<Database> database_;
  std::string boot_;
  int64_t log_bytes_;
  std::string identity_;
  std::optional<int64_t> boot_number_;  // of this boot; written with the first entry of it
  int64_t page_bytes_ = 0;
  int64_t pages_ = 0;
  int64_t free_pages_ = 0;
  // After database_: they go first.
  Statement insert_;
  Statement read_;
  Statement count_;
  Statement count_records_;
  Statement remove_;
  Statement oldest_;
  Statement first_in_doubt_;
  Statement remove_doubt_;
  Statement count_doubt_records_;
  Statement clear_doubt_;
  Statement add_;
  Statement page_count_;
  Statement free_count_;
};

}  // namespace printfleet::spool
