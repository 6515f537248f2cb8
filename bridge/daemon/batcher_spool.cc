// The batcher and the spool: reports go into it while the store is away, and come out of it, by the
// road of all others, before any more are read from the broker.
//
// While draining, time for core is the time of what is read: deadlines come when they came. Nothing
// counts as of now (core::Draining), and what core wants to be sent has mostly expired.
#include <algorithm>

#include "base/failpoint.h"
#include "base/log.h"
#include "daemon/batcher.h"

namespace printfleet::daemon {
namespace {

constexpr char kLeftOut[] = "";  // in spool_poison_: is not stepped at all

}  // namespace

bool Batcher::TakesReports() const {
  return state_ == State::kAway ? spooling_ && !resuming_ && spool_.good() : !draining_;
}

// -- In --

// One transaction of the spool at a time: the slower the disk, the more is in the next.
void Batcher::SpoolReports() {
  if (spool_.reports_in_flight()) {
    return;
  }
  if (in_doubt_ && !doubt_kept_) {
    SpoolDoubt();
    return;
  }
  if (reports_.empty()) {
    return;
  }
  std::vector<core::Message> reports(std::make_move_iterator(reports_.begin()),
                                     std::make_move_iterator(reports_.end()));
  reports_.clear();
  if (!spool_.KeepReports(std::move(reports), std::nullopt)) {
    hooks_.drop_reports();
  }
}

// The reports of the batch in doubt, before anything that came after them.
void Batcher::SpoolDoubt() {
  doubt_kept_ = true;
  std::vector<core::Message> reports;
  for (const core::Event& event : batch_) {
    const core::Message* message = MessageOf(event);
    if (message != nullptr && message->session == core::Session::kReports &&
        message->spool_id == 0) {
      reports.push_back(*message);
    }
  }
  if (!reports.empty() && !spool_.KeepReports(std::move(reports), next_seq_)) {
    doubt_kept_ = false;
    hooks_.drop_reports();
  }
}

void Batcher::TakeReportsKept() {
  const auto kept = spool_.TakeReportsKept();
  if (!kept) {
    return;
  }
  if (kept->ok()) {
    FAILPOINT("spooling.kept");
    ReleaseAcks();
    FAILPOINT("spooling.acknowledged");
    return;
  }
  LogWarning("inbound", "the spool did not take reports; they wait in the broker",
             {{"error", kept->error().message}});
  doubt_kept_ = false;
  hooks_.drop_reports();
}

// -- The store is back --

// What the store says it has of a spool that an earlier process left.
void Batcher::AdoptSpool(const core::Loaded& loaded) {
  spool_.Forget(loaded.spool);
  loaded_seq_ = loaded.next_batch_seq - 1;
  spool_.SettleDoubts(loaded_seq_);
}

// Core begins where the spool does, so that deadlines come in their order.
Instant Batcher::RebuildAt(const Instant& now) const {
  const auto oldest = spool_.contents().oldest_at;
  if (spool_.contents().reports == 0 || !oldest || *oldest >= now.wall) {
    return now;
  }
  return {*oldest, now.mono - (now.wall - *oldest)};
}

void Batcher::Resume(const Instant& now) {
  resuming_ = true;
  TryResume(now);
}

void Batcher::TryResume(const Instant& now) {
  if (spool_.settling() || spool_.reports_in_flight()) {
    return;
  }
  resuming_ = false;
  spooling_ = false;
  state_ = State::kReading;
  away_since_.reset();
  WatchSpool(now);
}

// Begins and ends the draining between two batches. A spool may also be opened late, and bring what
// an earlier process left.
void Batcher::WatchSpool(const Instant& now) {
  if (state_ != State::kReading || !batch_.empty()) {
    return;
  }
  if (!spool_.settling() && !spool_.doubts().empty()) {
    spool_.SettleDoubts(loaded_seq_);
  }
  if (draining_ && !spool_.has_more()) {
    EndDrain(now);
  } else if (!draining_ && spool_.has_more() && spool_.contents().reports > 0) {
    BeginDrain(now);
  }
}

void Batcher::BeginDrain(const Instant& now) {
  drain_since_ = now.mono;
  LogInfo("spool", "draining", {{"reports", spool_.contents().reports}});
  draining_ = true;
  drained_ = 0;
  digests_ready_ = false;
  digests_asked_ = false;
  // What was read and not kept comes again, behind what is in the spool.
  reports_.clear();
  hooks_.drop_reports();
  core_.links().SetDraining(true);
  events_.emplace_front(core::Draining{});
}

void Batcher::EndDrain(const Instant& now) {
  FAILPOINT("draining.ended");
  LogInfo("spool", "drained",
          {{"entries", drained_},
           {"seconds", std::chrono::duration<double>(now.mono - drain_since_).count()}});
  LeaveDrain();
}

// It has come to its end, or the store is away again.
void Batcher::LeaveDrain() {
  if (!draining_) {
    return;
  }
  draining_ = false;
  spool_poison_.clear();
  core_.links().SetDraining(false);
  if (state_ == State::kAway) {
    spooling_ = spool_.good();
  } else {
    events_.emplace_back(core::Draining{});
  }
}

// -- Out --

// Only of what was done without the store: nothing that printers said waits behind it.
void Batcher::ReplayRecords(const Instant& now) {
  while (spool_.Peek() != nullptr && batch_messages_ < messages_max_) {
    StepSpooled(spool_.Take(), now);
  }
}

// One is at hand, and its batch has room for it.
bool Batcher::MayDrain() const {
  return draining_ && reading_ && digests_ready_ && batch_messages_ < messages_max_ &&
         batch_bytes_ < static_cast<size_t>(settings_.inbound.batch_bytes_max) &&
         spool_entries_ < messages_max_ && spool_.Peek() != nullptr;
}

void Batcher::Drain(const Instant& now) {
  while (MayDrain()) {
    const auto* message = std::get_if<core::Message>(spool_.Peek());
    if (message != nullptr) {
      if (WantsDigests(*message)) {
        return;
      }
      const Instant at = message->received;
      const auto due = core_.NextDeadline(at);
      if (due && *due <= at.mono) {
        core_.Step(core::Tick{}, at);
      }
    }
    StepSpooled(spool_.Take(), now);
    if (IsPiece()) {
      (void)WriteAhead(now);
      return;
    }
  }
}

// A broker that died delivers again what it had saved, up to a minute of it. What it brought while
// the store was away may be a repetition of what stands before it in the spool, further back than
// the memory's window reaches; the store knows.
bool Batcher::WantsDigests(const core::Message& message) {
  const auto reach = static_cast<size_t>(settings_.inbound.duplicate_window_messages) / 2;
  if (!message.backlog || drained_since_digests_ <= reach) {
    return false;
  }
  digests_ready_ = false;
  return true;
}

void Batcher::StepSpooled(spool::Item item, const Instant& now) {
  FAILPOINT("draining.read");
  spool_through_ = SpoolId(item);
  spool_identity_ = spool_.identity();
  ++spool_entries_;
  const auto refused = spool_poison_.find(spool_through_);
  if (refused != spool_poison_.end() && refused->second == kLeftOut) {
    return;
  }
  std::visit([this, &now](auto& each) { StepOne(core::Event(std::move(each)), now); }, item);
}

void Batcher::ForgetSpooled() {
  if (spool_through_ == 0) {
    return;
  }
  FAILPOINT("draining.stored");
  spool_.Forget({spool_identity_, spool_through_});
  drained_ += spool_entries_;
  drained_since_digests_ += spool_entries_;
  spool_through_ = 0;
  spool_entries_ = 0;
}

// Is it an entry of the spool? Then the store's refusal is remembered for when it is read again:
// first of a message, then of what is left of it or of a record.
bool Batcher::LeaveOutSpooled(const core::Event& event, size_t messages, const Error& error) {
  int64_t id = 0;
  bool as_it_is = false;
  if (const auto* message = std::get_if<core::Message>(&event)) {
    id = message->spool_id;
  } else if (const auto* poison = std::get_if<core::PoisonMessage>(&event)) {
    id = poison->message.spool_id;
    as_it_is = true;
  } else if (const auto* stop = std::get_if<core::StopRecord>(&event)) {
    id = stop->spool_id;
    as_it_is = true;
  } else if (const auto* refusal = std::get_if<core::RefusedRecord>(&event)) {
    id = refusal->spool_id;
    as_it_is = true;
  }
  if (id == 0) {
    return false;
  }
  const bool record = as_it_is && MessageOf(event) == nullptr;
  if (!record || messages == 0) {
    LogError("database",
             as_it_is ? "an entry of the spool cannot be stored; it is left out"
                      : "a message of the spool cannot be stored; it goes to the dead letters",
             {{"entry", id}, {"error", error.message}});
    spool_poison_[id] = as_it_is ? kLeftOut : "store_refused";
  }
  return true;
}

}  // namespace printfleet::daemon
