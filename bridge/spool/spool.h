// The spool: raw messages on the local disk (SQLite) while the store is away, and records of what
// was done without it. A second queue behind the broker's: what is in it is acknowledged, and goes
// into the store later, in order, by the same road as everything else.
//
// A thread of its own owns the file. The loop posts requests and takes events; SQLite stays inside
// spool/*.cc. All methods are the loop's.
//
// What the loop may rely on:
// - Every Append that was taken (true) is answered by exactly one Appended or AppendFailed, every
//   Read by one Entries or ReadFailed, every Settle by one Settled or SettleFailed; in the order
//   they were asked. After Appended the entries are on the disk (synchronous=FULL), all of one
//   Append or none. After AppendFailed they are not; only a disk that fails itself (kInternal) may
//   have them all the same.
// - Ids grow and are never used again, also over restarts and after the spool was empty.
// - What was forgotten does not come back while the process lives. After its death it may: the
//   store knows how far it got (its Mark), and Forget is called with that before anything is read.
// - `identity()` names this file; a spool that was lost or set aside has another one after it, so
//   that the store's mark of the old one is not taken for the new one's. What could be saved of a
//   damaged one has new ids, and may hold entries that the store had taken shortly before the
//   process died.
// - Ids mean the file that the events taken so far have told of: a Read or Forget that was asked of
//   another one does nothing (ReadFailed, kConflict).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/event.h"

namespace printfleet::spool {

struct Config {
  std::string directory;  // made (0700) when it is missing; nothing else may be in it
  // Bytes of the file that hold something, with its log, that reports may fill. Beyond it Appends
  // of reports fail.
  int64_t bytes_max = int64_t{8} << 30;
  // Bytes on top of bytes_max for records of stops alone, and of the disk: kept in a file of
  // ballast that makes room when the disk is full.
  int64_t reserve_bytes = int64_t{16} << 20;
  // Names this boot of the machine.
  std::string boot_id_file = "/proc/sys/kernel/random/boot_id";
};

// One thing that is kept. Of the messages those of the reports session; their mono times hold
// within one boot of the machine, and are made anew from the wall clock's after another.
using Item = std::variant<core::Message, core::StopRecord, core::RefusedRecord>;

struct Entry {
  int64_t id = 0;
  WallTime kept_at;  // when it came, by the wall clock
  Item item;
};

enum class Condition : uint8_t {
  kGood,
  kFull,        // bytes_max is reached: reports are refused, records are kept in the reserve
  kDiskFull,    // the disk is: stops alone are kept, as long as the ballast lasts
  kUnwritable,  // the directory or the file cannot be used; tried again with back-off
};

std::string_view Name(Condition condition);  // "good", "full", "disk_full", "unwritable"

// What there is; of the last event that was taken.
struct Contents {
  Condition condition = Condition::kGood;
  std::string trouble;  // what to do about it, for /readyz and the log; "" when good
  int64_t reports = 0;  // entries that are not forgotten, of reports
  int64_t records = 0;  // and of stops and refusals
  int64_t bytes = 0;    // of the file and its log on the disk; not of the ballast
  std::optional<WallTime> oldest_at;
  uint64_t appended_total = 0;   // entries, of this process
  uint64_t forgotten_total = 0;  // entries that the store has taken, also by Settle
  // A file that could not be read was set aside under this path, with its log; "" for none. The
  // last one of this process; the eight newest are kept.
  std::string set_aside;
};

// -- What the spool says --

struct Appended {
  uint64_t ticket = 0;
};

struct AppendFailed {
  uint64_t ticket = 0;
  Error error;  // kUnavailable: full, or the disk is; kInternal: the file is of no use
};

struct Entries {
  std::vector<Entry> entries;  // ascending ids
  bool last = false;           // nothing is behind them
};

struct ReadFailed {
  Error error;
};

struct Settled {
  int64_t batch_seq = 0;
};

struct SettleFailed {
  int64_t batch_seq = 0;
  Error error;
};

// What a file held when it was opened. Of Open(), and an event whenever a file is opened later: the
// first could not be, or the one in use had to be set aside or opened anew. Then it says what is
// there now, also of this process, and identity() may be another one: entries are read from 0 on.
struct Opened {
  std::vector<std::string> stops;  // the records of stops, in order
  std::vector<int64_t> doubts;     // batches in doubt that have entries
};

// The contents changed otherwise: the condition did, or something was forgotten.
struct Changed {};

using Event = std::variant<Appended, AppendFailed, Entries, ReadFailed, Settled, SettleFailed,
                           Opened, Changed>;

class Spool {
 public:
  explicit Spool(Config config);
  // Ends what is under way, closes the file, joins.
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Opens (or makes) the file, sets one that cannot be read aside, counts what it holds; then
  // starts the thread. Never an error: a spool that cannot be opened is kUnwritable and tried again
  // (and an event Opened says what it holds, once it could be). Once.
  Opened Open();

  // Keeps these. Refusals, and reports even more so, are refused sooner than stops, and an Append
  // is as its most modest item: append stops by themselves. `doubt_seq`: they are of a batch whose
  // COMMIT is in doubt; Settle tells.
  // False: the mailbox is full (kMailboxCapacity).
  [[nodiscard]] bool Append(uint64_t ticket, std::vector<Item> items,
                            std::optional<int64_t> doubt_seq = std::nullopt);

  // The entries with ids above `after`, at most so many messages and (roughly) bytes, but at least
  // one. Entries in doubt are never read: they end the answer, with `last` false. Damaged ones are
  // left out and removed, with a line in the log.
  [[nodiscard]] bool Read(int64_t after, size_t entries_max, size_t bytes_max);

  // The store has everything up to and with `id`, except what is in doubt and behind that. What it
  // takes on the disk is given back in time.
  [[nodiscard]] bool Forget(int64_t id);

  // What became of a batch in doubt: committed, its entries go; not committed, they are entries
  // like others. Durable before Settled.
  [[nodiscard]] bool Settle(int64_t batch_seq, bool committed);

  // Of this file: 32 hex digits; "" while it is unwritable.
  [[nodiscard]] const std::string& identity() const;

  [[nodiscard]] const Contents& contents() const;

  [[nodiscard]] int event_fd() const;
  [[nodiscard]] std::vector<Event> TakeEvents();

  static constexpr size_t kMailboxCapacity = 1024;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace printfleet::spool
