#include "daemon/batcher.h"

#include <algorithm>

#include "base/failpoint.h"
#include "base/log.h"
#include "daemon/clock.h"

namespace printfleet::daemon {
namespace {

constexpr size_t kBatchMin = 16;  // messages, after batches that failed
constexpr size_t kPieces = 16;    // of a full batch, in which the store gets its reports
constexpr milliseconds kCountInterval{100};
constexpr double kCompanyMin = 4;       // messages in batch_time that make waiting worth it
constexpr double kCompany = 20;         // that are company enough
constexpr milliseconds kReadBefore{1};  // the end of a batch's wait

size_t BytesOf(const core::Message& message) {
  return message.topic.size() + message.payload.size();
}

}  // namespace

Batcher::Batcher(const settings::Settings& settings, core::Core& core, store::Worker& worker,
                 CrashGuard& guard, SpoolDesk& spool, Hooks hooks)
    : settings_(settings),
      core_(core),
      worker_(worker),
      guard_(guard),
      spool_(spool),
      hooks_(std::move(hooks)),
      messages_max_(static_cast<size_t>(settings.inbound.batch_messages_max)) {}

void Batcher::AdoptStops(const std::vector<std::string>& records) {
  for (const std::string& record : records) {
    core_.AdoptAhead(record);
  }
}

const core::Message* Batcher::MessageOf(const core::Event& event) {
  if (const auto* poison = std::get_if<core::PoisonMessage>(&event)) {
    return &poison->message;
  }
  return std::get_if<core::Message>(&event);
}

void Batcher::OnMessages(std::vector<core::Message> messages, const Instant& now) {
  counted_ += messages.size();
  for (core::Message& message : messages) {
    held_[static_cast<size_t>(message.session)] = true;
    if (core_.Receive(message)) {
      continue;  // a heartbeat
    }
    if (message.topic.starts_with("$SYS/")) {
      hooks_.broker_status(message);
      continue;
    }
    if (message.session == core::Session::kCommands) {
      SendStopAhead(message, now);
      commands_.push_back(std::move(message));
    } else {
      ahead_bytes_ += BytesOf(message);
      reports_.push_back(std::move(message));
    }
  }
}

// A stop never waits: it goes out before its batch, whatever the store does.
void Batcher::SendStopAhead(core::Message& message, const Instant& now) {
  if (guard_.Poison(message.digest)) {
    return;
  }
  guard_.Enter(message.digest);
  std::vector<core::Publish> publishes = core_.PlanAhead(message, now);
  guard_.Leave();
  if (!message.stop_sent) {
    return;
  }
  for (core::Publish& publish : publishes) {
    hooks_.publish(std::move(publish));
  }
  if (state_ == State::kCommitting) {
    WithdrawOvertaken(*message.stop_sent);
  }
}

// What the batch would publish behind this stop, to set its printers going, is not published.
void Batcher::WithdrawOvertaken(const fleet::StopPlan& stop) {
  for (const fleet::ExecutionKey& key : core::TakeOvertaken(effects_.publishes, stop)) {
    events_.emplace_back(core::Published{key, 0, false, core::Published::Result::kOvertaken});
  }
}

void Batcher::OnEvent(core::Event event) {
  events_.push_back(std::move(event));
}

void Batcher::OnSessionConnected(core::Session session) {
  if (session == core::Session::kReports) {
    digests_ready_ = false;
    digests_asked_ = false;
  }
}

// The connection took the acknowledgements with it: what was read and is not in a batch that is
// being committed will be delivered again.
void Batcher::OnSessionDown(core::Session session) {
  held_[static_cast<size_t>(session)] = false;
  if (session == core::Session::kReports) {
    reports_.clear();
    digests_ready_ = false;
  } else {
    commands_.clear();
  }
}

void Batcher::OnStoreEvent(store::Event event, const Instant& now) {
  if (auto* connected = std::get_if<store::Connected>(&event)) {
    OnConnected(std::move(*connected), now);
  } else if (const auto* disconnected = std::get_if<store::Disconnected>(&event)) {
    LogWarning("database", "away", {{"error", disconnected->error.message}});
    OnAway(now);
  } else if (std::holds_alternative<store::Committed>(event)) {
    if (!AnswersBatch()) {
      return;
    }
    commit_duration_.Observe(std::chrono::duration<double>(now.mono - commit_since_).count());
    ReleaseBatch(now);
  } else if (const auto* failed = std::get_if<store::CommitFailed>(&event)) {
    if (!AnswersBatch()) {
      return;
    }
    if (failed->kind == store::CommitFailed::Kind::kRefused ||
        failed->kind == store::CommitFailed::Kind::kKnownRequest) {
      OnRefused(*failed, now);
      return;
    }
    in_doubt_ = failed->kind == store::CommitFailed::Kind::kInDoubt;
    // It may have been too much for the time a request has: the next try is smaller.
    const auto usual = static_cast<size_t>(settings_.inbound.batch_messages_max);
    messages_max_ =
        std::max(std::min(usual, kBatchMin), std::min(messages_max_, batch_messages_) / 2);
    LogWarning("database", in_doubt_ ? "a COMMIT is in doubt" : "a batch was not stored",
               {{"seq", failed->seq}, {"error", failed->error.message}});
    OnAway(now);
  } else if (const auto* resolved = std::get_if<store::DoubtResolved>(&event)) {
    OnDoubtResolved(resolved->committed, now);
  } else if (auto* digests = std::get_if<store::Digests>(&event)) {
    if (digests_asked_) {
      digests_asked_ = false;
      digests_ready_ = true;
      drained_since_digests_ = 0;
      events_.push_front(core::RecentDigests{std::move(digests->digests)});
    }
  } else if (auto* answer = std::get_if<core::Answer>(&event)) {
    events_.emplace_back(std::move(*answer));
  }
}

// Is this the answer to the batch that is being committed? One that had been asked when the
// connection went is told as lost twice, the second time perhaps after the next was asked.
bool Batcher::AnswersBatch() {
  --commits_open_;
  return commits_open_ == 0 && state_ == State::kCommitting;
}

void Batcher::CountArrivals(const Instant& now) {
  const milliseconds passed = now.mono - counted_since_;
  if (passed < kCountInterval) {
    return;
  }
  const double rate = static_cast<double>(counted_) * 1000 / static_cast<double>(passed.count());
  const double weight = std::min(1.0, static_cast<double>(passed.count()) / 1000);
  messages_per_s_ += weight * (rate - messages_per_s_);
  counted_since_ = now.mono;
  counted_ = 0;
}

// A commit costs much the same for one report as for twenty: they go together, when they come in
// batch_time or before. A single one does not wait for what will not come.
milliseconds Batcher::Linger() const {
  const auto batch_ms = static_cast<double>(settings_.inbound.batch_time.count());
  if (messages_per_s_ * batch_ms / 1000 < kCompanyMin) {
    return milliseconds(0);
  }
  return milliseconds(static_cast<int64_t>(std::min(batch_ms, kCompany * 1000 / messages_per_s_)));
}

// The company of a batch that waits for it is read at once, just before the batch is closed: each
// report would wake the loop, only to lie beside the others. So is what comes while one is
// committed.
bool Batcher::Gathering(const Instant& now) const {
  return batch_since_ && now.mono + kReadBefore < *batch_since_ + Linger();
}

void Batcher::Turn(const Instant& now) {
  CountArrivals(now);
  TakeReportsKept();
  if (resuming_) {
    TryResume(now);
  }
  if (!digests_ready_ && !digests_asked_ && loaded_ && state_ != State::kAway) {
    digests_asked_ = worker_.LoadDigests();
  }
  if (state_ == State::kAway) {
    away_since_ = away_since_.value_or(now.mono);
    if (!resuming_) {
      RefuseWaiting(now);
      HoldBudget(now);
    }
    return;
  }
  WatchSpool(now);
  if (reading_) {
    spool_.Fetch(static_cast<size_t>(settings_.inbound.batch_messages_max),
                 static_cast<size_t>(settings_.inbound.batch_bytes_max));
  }
  // A batch that changes nothing in the store is released at once; then there may be more.
  for (int rounds = 0; rounds < 4 && state_ == State::kReading; ++rounds) {
    Fill(now);
    if (state_ != State::kReading) {
      return;
    }
    if (batch_.empty() && !core_.stepped()) {
      ReleaseAcks();
      return;
    }
    if (!Full(now)) {
      return;
    }
    CloseBatch(now);
  }
}

void Batcher::Fill(const Instant& now) {
  if (reading_ && !draining_ && spool_.has_more()) {
    ReplayRecords(now);
    if (spool_.has_more()) {
      return;  // what was done without the store comes before somebody repeats it
    }
  }
  while (batch_messages_ < messages_max_ && !commands_.empty()) {
    core::Message message = std::move(commands_.front());
    commands_.pop_front();
    StepOne(std::move(message), now);
  }
  while (!events_.empty()) {
    core::Event event = std::move(events_.front());
    events_.pop_front();
    StepOne(std::move(event), now);
  }
  if (draining_) {
    Drain(now);
    return;
  }
  while (MayStepReport()) {
    core::Message message = std::move(reports_.front());
    reports_.pop_front();
    StepOne(std::move(message), now);
    if (IsPiece()) {
      if (!WriteAhead(now)) {
        return;
      }
      break;  // the rest in the next turn: a stop is not to wait for thousands of reports
    }
  }
  const auto due = core_.NextDeadline(now);
  if (due && *due <= now.mono) {
    StepOne(core::Tick{}, now);
  }
}

// One waits, its batch has room for it, and nothing of the spool comes before it.
bool Batcher::MayStepReport() const {
  return !draining_ && !(reading_ && spool_.has_more()) && digests_ready_ && !reports_.empty() &&
         batch_messages_ < messages_max_ &&
         batch_bytes_ < static_cast<size_t>(settings_.inbound.batch_bytes_max);
}

bool Batcher::MayStepMore() const {
  return draining_ ? MayDrain() : MayStepReport();
}

// What was stepped is enough for the store to begin with.
bool Batcher::IsPiece() const {
  return core_.reports() >= std::max<size_t>(1, messages_max_ / kPieces);
}

// Under load the store writes a batch's reports while the rest of it is stepped.
bool Batcher::WriteAhead(const Instant& now) {
  written_ahead_ = true;
  if (worker_.WriteAhead({next_seq_, core_.TakeReports()})) {
    return true;
  }
  OnAway(now);
  return false;
}

void Batcher::StepOne(core::Event event, const Instant& now) {
  Instant at = now;
  if (auto* message = std::get_if<core::Message>(&event)) {
    at = message->received;
    ++batch_messages_;
    batch_bytes_ += BytesOf(*message);
    batch_urgent_ |= message->session == core::Session::kCommands;
    const auto refused = spool_poison_.find(message->spool_id);
    if (guard_.Poison(message->digest)) {
      event = core::PoisonMessage{std::move(*message), "crashed"};
    } else if (refused != spool_poison_.end()) {
      event = core::PoisonMessage{std::move(*message), refused->second};
    }
  } else {
    batch_urgent_ |= !std::holds_alternative<core::Tick>(event);
  }
  if (!batch_since_) {
    batch_since_ = now.mono;
  }
  const core::Message* stepped = std::get_if<core::Message>(&event);
  if (stepped != nullptr) {
    guard_.Enter(stepped->digest);
  }
  core_.Step(event, at);
  FAILPOINT("reading.stepped");
  guard_.Leave();
  oldest_ = batch_.empty() ? at.mono : std::min(oldest_, at.mono);
  batch_.push_back(std::move(event));
}

bool Batcher::Full(const Instant& now) const {
  if (!batch_urgent_ && MayStepMore()) {
    return false;
  }
  return batch_urgent_ || batch_messages_ >= messages_max_ || (draining_ && !spool_.has_more()) ||
         (!draining_ && batch_messages_ >= static_cast<size_t>(kCompany)) ||
         batch_bytes_ >= static_cast<size_t>(settings_.inbound.batch_bytes_max) || !batch_since_ ||
         now.mono - *batch_since_ >= Linger();
}

void Batcher::CloseBatch(const Instant& now) {
  FAILPOINT("reading.close");
  ahead_bytes_ = 0;
  effects_ = core_.Seal(now, batch_messages_ >= messages_max_);
  decided_at_ = batch_.empty() ? now.mono : std::min(now.mono, oldest_);
  for (const core::Message& waiting : commands_) {
    if (waiting.stop_sent) {
      WithdrawOvertaken(*waiting.stop_sent);
    }
  }
  batch_has_rows_ = !effects_.rows.empty() || written_ahead_ || spool_through_ != 0;
  if (!batch_has_rows_) {
    ReleaseBatch(now);
    return;
  }
  batch_commands_.clear();
  for (const core::CommandRow& row : effects_.rows.commands) {
    batch_commands_.push_back(row.id);
  }
  store::Batch batch;
  batch.seq = next_seq_;
  batch.committed_at = now.wall;
  for (const core::Event& event : batch_) {
    if (const core::Message* message = MessageOf(event)) {
      batch.digests[static_cast<size_t>(message->session)].push_back(message->digest);
    }
  }
  if (spool_through_ != 0) {
    batch.spool = core::SpoolMark{spool_identity_, spool_through_};
  }
  batch.rows = std::move(effects_.rows);
  commit_since_ = now.mono;
  state_ = State::kCommitting;
  if (!worker_.Commit(std::move(batch))) {
    OnAway(now);
    return;
  }
  ++commits_open_;
}

// -- What may be read --

bool Batcher::MayRead(core::Session session, bool ahead, const Instant& now) const {
  if (!reading_) {
    return false;
  }
  if (session == core::Session::kCommands) {
    return commands_.size() < static_cast<size_t>(settings_.inbound.receive_max);
  }
  if (spooling_) {
    return !spool_.reports_in_flight() &&
           reports_.size() < static_cast<size_t>(settings_.inbound.batch_messages_max);
  }
  if (state_ == State::kAway) {
    // Only to get a session at the broker, until the spool takes over or it is left.
    return reports_.empty() && !held_[static_cast<size_t>(core::Session::kReports)];
  }
  if (draining_) {
    return false;
  }
  if (state_ == State::kReading) {
    return batch_messages_ + reports_.size() < messages_max_ && !Gathering(now);
  }
  return ahead && Linger().count() == 0 && reports_.size() < messages_max_ &&
         ahead_bytes_ < static_cast<size_t>(settings_.inbound.batch_bytes_max);
}

bool Batcher::idle() const {
  return (state_ == State::kReading || state_ == State::kAway) && batch_.empty() &&
         commands_.empty() && !spool_.records_in_flight() && !spool_.reports_in_flight();
}

std::optional<MonoTime> Batcher::NextDeadline(const Instant& now) const {
  switch (state_) {
    case State::kReading: {
      if (MayStepMore()) {
        return now.mono;
      }
      auto next = draining_ ? std::nullopt : core_.NextDeadline(now);
      if (batch_since_) {
        const MonoTime close =
            *batch_since_ + Linger() - (Gathering(now) ? kReadBefore : milliseconds(0));
        next = next ? std::min(*next, close) : close;
      }
      return next;
    }
    case State::kAway:
      return now.mono + milliseconds(200);
    case State::kCommitting:
    case State::kReleasing:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace printfleet::daemon
