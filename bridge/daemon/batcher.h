// Batcher: the road of every event. Reads what both sessions hold, steps it on core's overlay,
// commits it, and only then releases: effects to outbound, acknowledgements to the broker.
//
//            batch closed           COMMIT returned            acks written
//   reading ------------> committing --------------> releasing ------------> reading
//      ^                       |  refused: bisect, poison (reading)
//      |   store back, or the  |  connection lost
//      +--- doubt resolved --- away (with or without a batch in doubt)
//
// One batch and one transaction at a time. While committing nothing is stepped, but where the
// acknowledgements allow it the next batch's reports are read; a stop is planned
// against the committed core, sent at once, and recorded by the next batch. While the store is
// away, requests are refused at once, stops go out and are kept in the spool, reports are held for
// inbound.hold_time and then go into the spool, or, where that takes none, are left to the broker.
// When the store is back, the spool is drained before reports are read from the broker again.
//
// Owns no socket: the daemon gives it what was read and asks what may be read. Loop thread only.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/histogram.h"
#include "base/time.h"
#include "core/core.h"
#include "daemon/crash_guard.h"
#include "daemon/spool_desk.h"
#include "settings/settings.h"
#include "store/worker.h"

namespace printfleet::daemon {

class Batcher {
 public:
  // What the batcher wants done outside; the daemon wires these.
  struct Hooks {
    std::function<void(core::Publish)> publish;
    // Write the held acknowledgements up to this ingest number (Inbound::Release).
    std::function<void(core::Session, uint64_t)> release;
    std::function<void()> drop_reports;  // shut the reports socket, reconnect later
    std::function<void()> snapshot_changed;
    std::function<void(core::Notify)> notify;                 // answered by a core::Notified
    std::function<void(core::Effects&)> library;              // its part of a committed batch
    std::function<void()> loaded;                             // core is filled from the store
    std::function<void(const core::Message&)> broker_status;  // of the broker's own $SYS tree
  };

  Batcher(const settings::Settings& settings, core::Core& core, store::Worker& worker,
          CrashGuard& guard, SpoolDesk& spool, Hooks hooks);

  // Stops that an earlier process sent without the store: they are only answered if they come
  // again.
  void AdoptStops(const std::vector<std::string>& records);

  // -- What arrived --
  void OnMessages(std::vector<core::Message> messages, const Instant& now);
  void OnEvent(core::Event event);
  void OnSessionConnected(core::Session session);  // CONNACK
  void OnSessionDown(core::Session session);
  void OnStoreEvent(store::Event event, const Instant& now);

  // From now on nothing more is read: what is under way comes to its end.
  void StopReading() { reading_ = false; }

  // Moves on as far as it goes without waiting. Call once a turn of the loop.
  void Turn(const Instant& now);

  // -- What may be read, and when to come again --
  // `ahead`: can what is held be released in parts? Then the next batch's reports are read while
  // this one is committed.
  [[nodiscard]] bool MayRead(core::Session session, bool ahead, const Instant& now) const;
  [[nodiscard]] std::optional<MonoTime> NextDeadline(const Instant& now) const;

  [[nodiscard]] bool store_available() const { return state_ != State::kAway; }

  // Reports are wanted from the broker; else its session is left, and its queue holds them.
  [[nodiscard]] bool TakesReports() const;

  // Reports go into the spool: the store is away for long.
  [[nodiscard]] bool spooling() const { return spooling_; }

  // Reports come from the spool.
  [[nodiscard]] bool draining() const { return draining_; }

  [[nodiscard]] bool loaded() const { return loaded_; }

  [[nodiscard]] size_t waiting_events() const { return events_.size(); }

  // Nothing waits for the store: a good moment to stop.
  [[nodiscard]] bool idle() const;

  [[nodiscard]] const LatencyHistogram& commit_duration() const { return commit_duration_; }

 private:
  enum class State { kReading, kCommitting, kReleasing, kAway };

  // The message in an event, nullptr when there is none.
  static const core::Message* MessageOf(const core::Event& event);

  void Fill(const Instant& now);
  void StepOne(core::Event event, const Instant& now);
  [[nodiscard]] bool Full(const Instant& now) const;
  void CountArrivals(const Instant& now);
  [[nodiscard]] milliseconds Linger() const;
  [[nodiscard]] bool Gathering(const Instant& now) const;
  [[nodiscard]] bool MayStepReport() const;
  [[nodiscard]] bool MayStepMore() const;
  [[nodiscard]] bool IsPiece() const;
  [[nodiscard]] bool WriteAhead(const Instant& now);
  void CloseBatch(const Instant& now);
  void ReleaseBatch(const Instant& now);
  void ReleaseAcks();
  void Requeue();
  void ClearBatch();
  void OnRefused(const store::CommitFailed& failed, const Instant& now);
  [[nodiscard]] bool AnswersBatch();
  void OnConnected(store::Connected connected, const Instant& now);
  void OnAway(const Instant& now);
  void OnDoubtResolved(bool committed, const Instant& now);
  void SendStopAhead(core::Message& message, const Instant& now);
  void WithdrawOvertaken(const fleet::StopPlan& stop);
  void RefuseWaiting(const Instant& now);
  void RefuseBatchInDoubt(const Instant& now);
  void RefuseOne(const core::Message& message, std::string_view reason, const Instant& now);
  void KeepStop(const fleet::StopPlan& stop);
  void HoldBudget(const Instant& now);
  [[nodiscard]] bool MaySpool(const Instant& now);

  // batcher_spool.cc
  void SpoolReports();
  void SpoolDoubt();
  void TakeReportsKept();
  void AdoptSpool(const core::Loaded& loaded);
  [[nodiscard]] Instant RebuildAt(const Instant& now) const;
  void Resume(const Instant& now);
  void TryResume(const Instant& now);
  void WatchSpool(const Instant& now);
  void BeginDrain(const Instant& now);
  void EndDrain(const Instant& now);
  void LeaveDrain();
  void ReplayRecords(const Instant& now);
  [[nodiscard]] bool MayDrain() const;
  void Drain(const Instant& now);
  void StepSpooled(spool::Item item, const Instant& now);
  [[nodiscard]] bool WantsDigests(const core::Message& message);
  void ForgetSpooled();
  bool LeaveOutSpooled(const core::Event& event, size_t messages, const Error& error);

  const settings::Settings& settings_;
  core::Core& core_;
  store::Worker& worker_;
  CrashGuard& guard_;
  SpoolDesk& spool_;
  Hooks hooks_;

  State state_ = State::kAway;
  bool reading_ = true;
  bool loaded_ = false;
  bool digests_asked_ = false;
  bool digests_ready_ = false;  // recent digests since the reports session's CONNACK
  std::optional<MonoTime> away_since_;
  int64_t next_seq_ = 1;

  // Waiting, in order. Reports wait only while the store or the digests are not there.
  std::deque<core::Message> commands_;
  std::deque<core::Message> reports_;
  std::deque<core::Event> events_;

  // How much comes: a batch waits for company only where some is expected.
  MonoTime counted_since_;
  size_t counted_ = 0;         // messages since then
  double messages_per_s_ = 0;  // smoothed over about a second

  // The batch.
  std::vector<core::Event> batch_;
  std::optional<MonoTime> batch_since_;
  size_t batch_messages_ = 0;
  size_t batch_bytes_ = 0;
  size_t ahead_bytes_ = 0;  // of reports read since the batch was closed
  bool batch_urgent_ = false;
  bool written_ahead_ = false;             // the store has reports of it already
  size_t messages_max_;                    // less while a poison message is looked for
  core::Effects effects_;                  // without their rows once those are with the store
  std::vector<CommandId> batch_commands_;  // that the batch's rows accept or end
  bool batch_has_rows_ = false;
  MonoTime oldest_;      // of the batch's events
  MonoTime decided_at_;  // what the sealed batch sends was decided then, at the earliest
  MonoTime commit_since_;
  int commits_open_ = 0;  // asked of the worker and not answered yet
  bool in_doubt_ = false;
  bool doubt_answered_ = false;  // its requests were answered `unknown`
  bool held_[core::kSessions] = {false, false};

  // The spool.
  bool spooling_ = false;
  bool resuming_ = false;    // the store is there; what is under way with the spool comes first
  bool doubt_kept_ = false;  // the reports of the batch in doubt are in the spool
  bool draining_ = false;
  int64_t spool_through_ = 0;   // the last entry that the batch holds; 0: none
  size_t spool_entries_ = 0;    // of the batch
  std::string spool_identity_;  // which spool they are of
  std::unordered_map<int64_t, std::string_view> spool_poison_;  // entries the store refuses
  size_t drained_since_digests_ = 0;
  uint64_t drained_ = 0;  // of this draining
  MonoTime drain_since_;
  int64_t loaded_seq_ = 0;  // the last batch of earlier processes

  LatencyHistogram commit_duration_;
};

}  // namespace printfleet::daemon
