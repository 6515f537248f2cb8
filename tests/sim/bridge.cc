#include "tests/sim/bridge.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"

namespace printfleet::sim {
namespace {

constexpr std::array kSessions{core::Session::kReports, core::Session::kCommands};
constexpr milliseconds kAwayInterval{200};
constexpr size_t kDigestsMax = 20000;

settings::Model ModelOf(std::string id, std::string name) {
  settings::Model model;
  model.id = std::move(id);
  model.name = std::move(name);
  return model;
}

// Came from the spool, and will come from it again.
bool IsSpooled(const core::Event& event) {
  if (const auto* message = std::get_if<core::Message>(&event)) {
    return message->spool_id != 0;
  }
  return std::holds_alternative<core::StopRecord>(event) ||
         std::holds_alternative<core::RefusedRecord>(event);
}

}  // namespace

Bridge::Bridge(const settings::Settings& settings, const settings::Users& users, Clock& clock,
               uint64_t seed, Hooks hooks)
    : settings_(settings), users_(users), clock_(clock), seed_(seed), hooks_(std::move(hooks)) {
  models_.Add(ModelOf("20021", "K2Pro"));
  models_.Add(ModelOf("20022", "K2Plus"));
  models_.Add(ModelOf("20023", "K2Max"));
  alive_at_ = clock_.now().mono;
  Start();
}

void Bridge::Start() {
  alive_ = true;
  core_ = std::make_unique<core::Core>(settings_, models_, error_codes_, users_, ++seed_);
  core_->links().SetDeafBeforeStart(std::chrono::ceil<seconds>(clock_.now().mono - alive_at_),
                                    clock_.now());
  loaded_ = !away_;
  taken_ = stored_through_;
  if (loaded_) {
    SettleSpool();
    core_->Rebuild(store_.Load(), RebuildAt());
    Resume();
  } else {
    core_->AdoptSnapshot(snapshot_);
    away_since_ = clock_.now().mono;
  }
}

void Bridge::Kill() {
  SessionsDown();
  alive_ = false;
  events_.clear();
  batch_.clear();
  effects_ = {};
  committing_ = false;
  doubt_.reset();
  doubt_kept_ = false;
  draining_ = false;
  batch_through_ = 0;
  questions_.clear();
  hooks_.dropped();
}

// -- The broker --

void Bridge::Publish(Inbound inbound) {
  inbound.published = clock_.now().mono;
  inbound.number = ++published_;
  if (inbound.session == core::Session::kReports && !inbound.topic.starts_with("fleet/")) {
    unstored_.insert(inbound.number);
  }
  Of(inbound.session).queue.push_back(std::move(inbound));
}

void Bridge::SessionsUp() {
  up_ = true;
  for (const core::Session session : kSessions) {
    if (session == core::Session::kReports && draining_) {
      continue;
    }
    core_->links().OnUp(session, clock_.now());
    events_.emplace_back(core::SessionUp{session});
  }
  events_.emplace_back(core::RecentDigests{std::vector<Digest>(digests_.begin(), digests_.end())});
  events_.emplace_back(core::OutboundUp{});
}

// The connections take the acknowledgements with them: the broker delivers again.
void Bridge::SessionsDown() {
  if (!up_) {
    return;
  }
  up_ = false;
  for (const core::Session session : kSessions) {
    core_->links().OnDown(session);
    events_.emplace_back(core::SessionDown{session, "lost"});
    Of(session).waiting.clear();
    Of(session).read = 0;
  }
  events_.emplace_back(core::OutboundDown{});
}

void Bridge::Confirm(const core::Publish& publish, core::Published::Result result) {
  core::Published published;
  published.execution = publish.execution;
  published.token = publish.token;
  published.result = result;
  published.ok =
      result == core::Published::Result::kTaken || result == core::Published::Result::kNoSubscriber;
  events_.emplace_back(published);
}

// The heartbeat that is due comes back through both sessions, behind what they hold.
void Bridge::Beat() {
  if (const auto heartbeat = core_->Heartbeat(clock_.now()); heartbeat && up_) {
    for (const core::Session session : kSessions) {
      Publish({.session = session, .topic = heartbeat->topic, .payload = heartbeat->payload});
    }
  }
}

void Bridge::Read() {
  if (!up_) {
    return;
  }
  for (const core::Session session : kSessions) {
    if (session == core::Session::kReports && draining_) {
      continue;
    }
    Link& link = Of(session);
    while (link.read < link.queue.size()) {
      const Inbound& inbound = link.queue[link.read];
      std::optional<uint32_t> left = inbound.expiry_s;
      if (left) {
        const auto waited =
            std::chrono::floor<seconds>(clock_.now().mono - inbound.published).count();
        if (waited >= static_cast<int64_t>(*left)) {
          link.queue.erase(link.queue.begin() + static_cast<std::ptrdiff_t>(link.read));
          continue;  // the broker lets it go
        }
        left = *left - static_cast<uint32_t>(waited);
      }
      ++link.read;
      core::Message message;
      message.session = session;
      message.topic = inbound.topic;
      message.ingest_seq = inbound.number;
      message.payload = inbound.payload;
      message.retained = inbound.retained;
      message.received = clock_.now();
      message.message_expiry_s = left;
      message.response_topic = inbound.response_topic;
      message.correlation_data = inbound.correlation_data;
      message.digest = MessageDigest(message.topic, message.payload);
      if (core_->Receive(message)) {
        continue;  // a heartbeat
      }
      if (session == core::Session::kCommands) {
        SendStopAhead(message);
      }
      link.waiting.push_back(std::move(message));
    }
  }
}

void Bridge::SendStopAhead(core::Message& message) {
  const std::vector<core::Publish> publishes = core_->PlanAhead(message, clock_.now());
  if (!message.stop_sent) {
    return;
  }
  for (const fleet::Outgoing& outgoing : message.stop_sent->outgoing) {
    stops_.insert(outgoing.msgid);
  }
  for (const core::Publish& publish : publishes) {
    hooks_.publish(publish);
  }
  if (committing_) {
    WithdrawOvertaken(*message.stop_sent);
  }
}

// What the batch would publish behind this stop, to set its printers going, is not published.
void Bridge::WithdrawOvertaken(const fleet::StopPlan& stop) {
  for (const fleet::ExecutionKey& key : core::TakeOvertaken(effects_.publishes, stop)) {
    events_.emplace_back(core::Published{key, 0, false, core::Published::Result::kOvertaken});
  }
}

// -- The store --

void Bridge::StoreAway() {
  if (away_) {
    return;
  }
  away_ = true;
  if (!alive_) {
    return;
  }
  away_since_ = clock_.now().mono;
  doubt_answered_ = false;
  doubt_kept_ = false;
  committing_ = false;
  if (!doubt_) {
    Requeue();
  }
  LeaveDrain();
}

void Bridge::StoreBack() {
  if (!away_) {
    return;
  }
  away_ = false;
  if (!alive_) {
    return;
  }
  SettleSpool();
  if (!loaded_) {
    core_->Rebuild(store_.Load(), RebuildAt());
    loaded_ = true;
  }
  const auto doubt = std::exchange(doubt_, std::nullopt);
  if (doubt == Fate::kDoubtStored) {
    if (doubt_answered_) {
      core::CancelUnsent cancel{batch_commands_};
      std::erase_if(effects_.publishes, [&cancel](const core::Publish& publish) {
        return std::ranges::find(cancel.commands, publish.execution.command_id) !=
               cancel.commands.end();
      });
      events_.emplace_back(std::move(cancel));
    }
    Release();
  } else {
    if (doubt && doubt_answered_) {
      std::erase_if(batch_, [](const core::Event& event) {
        const auto* message = std::get_if<core::Message>(&event);
        return message != nullptr && message->session == core::Session::kCommands;
      });
    }
    if (doubt && doubt_kept_) {
      std::erase_if(batch_, [](const core::Event& event) {
        const auto* message = std::get_if<core::Message>(&event);
        return message != nullptr && message->session == core::Session::kReports;
      });
    }
    Requeue();
  }
  Resume();
}

std::vector<fleet::Question> Bridge::TakeQuestions() {
  return std::exchange(questions_, {});
}

// The overlay is forgotten; what was in the batch waits again, first in its order.
void Bridge::Requeue() {
  if (loaded_) {
    core_->Drop(clock_.now());
  }
  for (auto event = batch_.rbegin(); event != batch_.rend(); ++event) {
    if (IsSpooled(*event)) {
      continue;
    }
    if (auto* message = std::get_if<core::Message>(&*event)) {
      Of(message->session).waiting.push_front(std::move(*message));
    } else if (!std::holds_alternative<core::Tick>(*event)) {
      events_.push_front(std::move(*event));
    }
  }
  batch_.clear();
  effects_ = {};
  batch_through_ = 0;
  taken_ = stored_through_;
  hooks_.dropped();
}

// -- The batch --

bool Bridge::Turn() {
  if (!alive_) {
    return false;
  }
  alive_at_ = core_->links().settled_at(core::Session::kCommands).value_or(alive_at_);
  Beat();
  Read();
  if (away_) {
    RefuseWaiting();
    if (!doubt_ || doubt_answered_) {
      ReleaseAcks(core::Session::kCommands);
    }
    SpoolReports();
    return false;
  }
  if (committing_) {
    return false;
  }
  if (draining_ && batch_.empty() && !HasMoreSpooled()) {
    EndDrain();
  }
  Fill();
  if (!core_->stepped()) {
    for (const core::Session session : kSessions) {
      ReleaseAcks(session);
    }
    return false;
  }
  effects_ = core_->Seal(clock_.now());
  decided_at_ = batch_.empty() ? clock_.now().mono : std::min(clock_.now().mono, oldest_);
  for (const core::Message& waiting : Of(core::Session::kCommands).waiting) {
    if (waiting.stop_sent) {
      WithdrawOvertaken(*waiting.stop_sent);
    }
  }
  core::testing::CheckEffects(effects_);
  batch_commands_.clear();
  for (const core::CommandRow& row : effects_.rows.commands) {
    batch_commands_.push_back(row.id);
  }
  seq_ = stored_seq_ + 1;
  committing_ = true;
  hooks_.sealed(effects_);
  return true;
}

void Bridge::Fill() {
  if (!draining_) {
    TakeSpooled(false);  // what was done without the store, before somebody repeats it
  }
  auto& commands = Of(core::Session::kCommands).waiting;
  while (!commands.empty() && batch_.size() < batch_max_) {
    core::Message message = std::move(commands.front());
    commands.pop_front();
    Step(std::move(message));
  }
  while (!events_.empty() && batch_.size() < batch_max_) {
    core::Event event = std::move(events_.front());
    events_.pop_front();
    Step(std::move(event));
  }
  if (draining_) {
    TakeSpooled(true);
    return;
  }
  auto& reports = Of(core::Session::kReports).waiting;
  while (!reports.empty() && batch_.size() < batch_max_) {
    core::Message message = std::move(reports.front());
    reports.pop_front();
    Step(std::move(message));
  }
  const auto due = core_->NextDeadline(clock_.now());
  if (due && *due <= clock_.now().mono) {
    Step(core::Tick{});
  }
}

void Bridge::Step(core::Event event) {
  const auto* message = std::get_if<core::Message>(&event);
  const Instant at = message != nullptr ? message->received : clock_.now();
  core_->Step(event, at);
  oldest_ = batch_.empty() ? at.mono : std::min(oldest_, at.mono);
  batch_.push_back(std::move(event));
  hooks_.stepped();
}

void Bridge::Finish(Fate fate) {
  CHECK(committing_);
  committing_ = false;
  const bool stored =
      fate == Fate::kStored || fate == Fate::kDiesStored || fate == Fate::kDoubtStored;
  const bool has_rows = !effects_.rows.empty() || batch_through_ != 0;
  if (stored && has_rows) {
    stored_seq_ = seq_;
    stored_through_ = std::max(stored_through_, batch_through_);
    store_.Write(effects_.rows);
    hooks_.stored(effects_.rows);
    for (const core::Event& event : batch_) {
      if (const auto* message = std::get_if<core::Message>(&event)) {
        digests_.push_back(message->digest);
      }
    }
    while (digests_.size() > kDigestsMax) {
      digests_.pop_front();
    }
  }
  if (fate == Fate::kDiesUnstored || fate == Fate::kDiesStored) {
    Kill();
  } else if (!has_rows || fate == Fate::kStored) {
    Release();
  } else {
    if (fate != Fate::kAway) {
      doubt_ = fate;
    }
    StoreAway();
  }
}

// COMMIT has returned: merge, publish, acknowledge.
void Bridge::Release() {
  core_->Merge(clock_.now());
  hooks_.merged();
  if (effects_.snapshot_changed) {
    snapshot_.clear();
    for (const auto& [id, stored] : store_.printers()) {
      snapshot_.push_back(stored.registration);
    }
  }
  for (const core::Event& event : batch_) {
    if (const auto* message = std::get_if<core::Message>(&event)) {
      unstored_.erase(message->ingest_seq);  // also of a repetition, which has no row
    }
  }
  ForgetSpooled();
  core::Effects effects = std::exchange(effects_, {});
  batch_.clear();
  for (core::Publish& publish : effects.publishes) {
    if (core::TakeWaiting(publish, clock_.now().mono - decided_at_)) {
      hooks_.publish(publish);
    } else if (publish.token != 0) {
      events_.emplace_back(core::Published{publish.execution, publish.token, false,
                                           core::Published::Result::kNotSent});
    }
  }
  for (const core::Notify& attempt : effects.notifies) {
    core::Notified notified = hooks_.notify(attempt);
    notified.id = attempt.message.id;
    events_.emplace_back(std::move(notified));
  }
  std::ranges::move(effects.questions, std::back_inserter(questions_));
  for (const core::Session session : kSessions) {
    ReleaseAcks(session);
  }
}

// All at once: a session's wait until none of its messages is left.
void Bridge::ReleaseAcks(core::Session session) {
  Link& link = Of(session);
  if (link.waiting.empty()) {
    core_->links().OnReleased(session);
    link.queue.erase(link.queue.begin(),
                     link.queue.begin() + static_cast<std::ptrdiff_t>(link.read));
    link.read = 0;
  }
}

std::optional<MonoTime> Bridge::NextDeadline() const {
  const Instant now = clock_.now();
  if (alive_ && away_) {
    return now.mono + kAwayInterval;
  }
  if (!alive_ || committing_) {
    return std::nullopt;
  }
  const bool unread = std::ranges::any_of(links_, [this](const Link& link) {
    const bool reads = up_ && !(draining_ && &link == links_.data());
    return (reads && link.read < link.queue.size()) || !link.waiting.empty();
  });
  if (draining_ || HasMoreSpooled() || unread || !events_.empty() || core_->stepped()) {
    return now.mono;
  }
  const MonoTime beat = core_->links().next_heartbeat();
  return std::max(now.mono, std::min(core_->NextDeadline(now).value_or(beat), beat));
}

}  // namespace printfleet::sim
