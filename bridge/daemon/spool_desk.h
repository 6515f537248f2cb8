// SpoolDesk: the loop's side of the spool. Keeps records of what is done without the store (a stop
// always, in memory where the disk takes no more), keeps reports, and reads all of it back in
// order.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/event.h"
#include "core/rows.h"
#include "spool/spool.h"

namespace printfleet::daemon {

class SpoolDesk {
 public:
  // Bytes of records of stops that the disk did not take and that are kept in memory instead.
  static constexpr size_t kUnwrittenBytesMax = size_t{16} << 20;

  // `spool` outlives it.
  explicit SpoolDesk(spool::Spool& spool) : spool_(spool) {}

  // What an earlier process left; before anything else.
  void Adopt(const spool::Opened& opened);

  // -- Keeping --

  // `kept` is called once: with Ok when the record is on the disk, with an Error when it is not. A
  // stop is then kept in memory and tried again as long as the process lives.
  void KeepRecord(spool::Item record, std::function<void(const Status&)> kept);
  // The answer is taken by TakeReportsKept. False: it cannot be asked for now. Requires: none is in
  // flight.
  [[nodiscard]] bool KeepReports(std::vector<core::Message> reports,
                                 std::optional<int64_t> doubt_seq);

  [[nodiscard]] bool reports_in_flight() const { return reports_ticket_ != 0; }

  [[nodiscard]] bool records_in_flight() const { return !records_.empty(); }

  // How KeepReports ended, once.
  [[nodiscard]] std::optional<Status> TakeReportsKept();

  // Reports can be kept, as far as is known.
  [[nodiscard]] bool good() const { return contents().condition == spool::Condition::kGood; }

  // -- Doubts --

  // Batches in doubt whose entries are kept: what became of them is asked of the store.
  [[nodiscard]] const std::vector<int64_t>& doubts() const { return doubts_; }

  // Settles all of them: those up to `last_batch_seq` were committed.
  void SettleDoubts(int64_t last_batch_seq);
  void Settle(int64_t batch_seq, bool committed);

  [[nodiscard]] bool settling() const { return !settling_.empty(); }

  // -- Reading back --

  // From the first entry that the store does not have.
  void Rewind();

  // There are, or may be, entries that were not taken by Next.
  [[nodiscard]] bool has_more() const { return more_ || !fetched_.empty(); }

  // Asks for the next entries where few are at hand.
  void Fetch(size_t entries_max, size_t bytes_max);

  // The next entry that is at hand, stamped with its spool_id; nullptr: none is (yet).
  [[nodiscard]] const spool::Item* Peek() const;
  spool::Item Take();

  // The store has everything up to it. Of another spool than this one: nothing is forgotten.
  void Forget(const core::SpoolMark& mark);

  // -- The loop --

  [[nodiscard]] int event_fd() const { return spool_.event_fd(); }

  void OnEvents();

  // Tries again what the disk did not take; once a second.
  void EverySecond();

  [[nodiscard]] const spool::Contents& contents() const { return spool_.contents(); }

  [[nodiscard]] const std::string& identity() const { return spool_.identity(); }

  // Records in memory alone.
  [[nodiscard]] size_t unwritten() const { return unwritten_.size(); }

 private:
  struct Record {
    spool::Item item;  // of stops, for another try
    std::function<void(const Status&)> kept;
  };

  void On(const spool::Appended& appended);
  void On(spool::AppendFailed& failed);
  void On(spool::Entries& entries);
  void On(const spool::ReadFailed& failed);
  void On(const spool::Settled& settled);
  void On(const spool::SettleFailed& failed);
  void On(const spool::Opened& opened);
  void On(const spool::Changed& changed);
  void FollowIdentity();
  void AskToSettle();
  void KeepInMemory(spool::Item item);
  void TellCondition();

  spool::Spool& spool_;
  uint64_t next_ticket_ = 1;
  std::unordered_map<uint64_t, Record> records_;  // asked of the spool
  std::deque<spool::Item> unwritten_;             // stops, oldest first
  size_t unwritten_bytes_ = 0;
  uint64_t reports_ticket_ = 0;
  std::optional<Status> reports_kept_;

  std::vector<int64_t> doubts_;
  std::unordered_map<int64_t, bool> settling_;  // asked: were they committed?
  bool settle_again_ = false;

  bool more_ = false;
  int64_t forgotten_ = 0;  // the store has everything up to this id
  int64_t cursor_ = 0;     // asked for up to this id
  std::deque<spool::Item> fetched_;
  bool reading_ = false;        // a Read is in flight
  bool answer_is_old_ = false;  // and what it brings is not wanted any more
  bool paused_ = false;         // the last Read failed: not before the next second
  std::string identity_;        // of the spool that the ids are of
  core::SpoolMark store_mark_;  // what the store said it has
  spool::Condition told_ = spool::Condition::kGood;
};

// Its id in the spool; 0: none.
int64_t SpoolId(const spool::Item& item);

}  // namespace printfleet::daemon
