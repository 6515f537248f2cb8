// The model of daemon/batcher_spool.cc: reports go into the spool while the store is away, and come
// out of it, by the road of all others, before any more are read. The spool outlives the process.
#include <algorithm>
#include <utility>

#include "tests/sim/bridge.h"

namespace printfleet::sim {
namespace {

constexpr milliseconds kDoubtPatience{2000};

bool IsReport(const core::Event& event) {
  return std::holds_alternative<core::Message>(event);
}

}  // namespace

void Bridge::RefuseWaiting() {
  if (doubt_ && !doubt_answered_ && clock_.now().mono - away_since_ >= kDoubtPatience) {
    doubt_answered_ = true;
    for (const core::Event& event : batch_) {
      const auto* message = std::get_if<core::Message>(&event);
      if (message != nullptr && message->session == core::Session::kCommands) {
        RefuseOne(*message, "unknown");
      }
    }
  }
  auto& waiting = Of(core::Session::kCommands).waiting;
  for (const core::Message& message : waiting) {
    RefuseOne(message, "unavailable");
  }
  waiting.clear();
}

void Bridge::RefuseOne(const core::Message& message, std::string_view reason) {
  if (message.stop_sent) {
    if (!message.stop_sent->record_json.empty()) {
      Keep(core::StopRecord{message.stop_sent->record_json});
    }
    hooks_.publish(core_->StopResponse(*message.stop_sent));
    return;
  }
  core::Core::Refusal refusal = core_->Refuse(message, clock_.now(), reason);
  if (!refusal.record_json.empty()) {
    Keep(core::RefusedRecord{std::move(refusal.record_json)});
  }
  for (const core::Publish& publish : refusal.publishes) {
    hooks_.publish(publish);
  }
}

void Bridge::Keep(core::Event event, int64_t doubt) {
  spooled_ += IsReport(event) ? 1U : 0U;
  spool_.push_back({spool_next_++, std::move(event), doubt});
}

// Once they were held for long enough. They are acknowledged then.
void Bridge::SpoolReports() {
  if (clock_.now().mono - away_since_ < settings_.inbound.hold_time) {
    return;
  }
  if (doubt_ && !doubt_kept_) {
    doubt_kept_ = true;
    for (const core::Event& event : batch_) {
      const auto* message = std::get_if<core::Message>(&event);
      if (message != nullptr && message->session == core::Session::kReports &&
          message->spool_id == 0) {
        Keep(*message, seq_);
      }
    }
  }
  Link& link = Of(core::Session::kReports);
  for (core::Message& message : std::exchange(link.waiting, {})) {
    Keep(std::move(message));
  }
  ReleaseAcks(core::Session::kReports);
}

// What the store says: entries that it has are forgotten, those in doubt are in it or are not.
void Bridge::SettleSpool() {
  std::erase_if(spool_, [this](const Spooled& entry) {
    const bool stored =
        entry.id <= stored_through_ || (entry.doubt != 0 && entry.doubt <= stored_seq_);
    if (const auto* message = std::get_if<core::Message>(&entry.event); stored && message) {
      unstored_.erase(message->ingest_seq);
    }
    return stored;
  });
  for (Spooled& entry : spool_) {
    entry.doubt = 0;
  }
}

Instant Bridge::RebuildAt() const {
  const auto first =
      std::ranges::find_if(spool_, [](const Spooled& entry) { return IsReport(entry.event); });
  return first == spool_.end() ? clock_.now() : std::get<core::Message>(first->event).received;
}

bool Bridge::HasSpooledReports() const {
  return std::ranges::any_of(spool_, [](const Spooled& entry) { return IsReport(entry.event); });
}

bool Bridge::HasMoreSpooled() const {
  return !spool_.empty() && spool_.back().id > taken_;
}

void Bridge::Resume() {
  if (HasSpooledReports()) {
    BeginDrain();
  }
}

void Bridge::BeginDrain() {
  draining_ = true;
  Link& link = Of(core::Session::kReports);
  link.waiting.clear();
  link.read = 0;
  if (up_) {
    core_->links().OnDown(core::Session::kReports);
    events_.emplace_back(core::SessionDown{core::Session::kReports, "draining"});
  }
  core_->links().SetDraining(true);
  events_.emplace_front(core::RecentDigests{std::vector<Digest>(digests_.begin(), digests_.end())});
  events_.emplace_front(core::Draining{});
}

void Bridge::EndDrain() {
  LeaveDrain();
  if (up_) {
    core_->links().OnUp(core::Session::kReports, clock_.now());
    events_.emplace_back(core::SessionUp{core::Session::kReports});
    events_.emplace_back(
        core::RecentDigests{std::vector<Digest>(digests_.begin(), digests_.end())});
  }
}

void Bridge::LeaveDrain() {
  if (!draining_) {
    return;
  }
  draining_ = false;
  core_->links().SetDraining(false);
  if (!away_) {
    events_.emplace_back(core::Draining{});
  } else if (up_) {
    core_->links().OnUp(core::Session::kReports, clock_.now());
  }
}

void Bridge::TakeSpooled(bool with_ticks) {
  for (const Spooled& entry : spool_) {
    if (entry.id <= taken_) {
      continue;
    }
    if (batch_.size() >= batch_max_) {
      return;
    }
    taken_ = entry.id;
    batch_through_ = entry.id;
    core::Event event = entry.event;
    if (auto* message = std::get_if<core::Message>(&event)) {
      message->spool_id = entry.id;
      const Instant at = message->received;
      const auto due = core_->NextDeadline(at);
      if (with_ticks && due && *due <= at.mono) {
        core_->Step(core::Tick{}, at);
        hooks_.stepped();
      }
    }
    Step(std::move(event));
  }
}

void Bridge::ForgetSpooled() {
  if (batch_through_ == 0) {
    return;
  }
  std::erase_if(spool_, [this](const Spooled& entry) { return entry.id <= batch_through_; });
  batch_through_ = 0;
}

size_t Bridge::LostReports() const {
  std::unordered_set<uint64_t> held;
  for (const Inbound& inbound : links_[static_cast<size_t>(core::Session::kReports)].queue) {
    held.insert(inbound.number);
  }
  for (const Spooled& entry : spool_) {
    if (const auto* message = std::get_if<core::Message>(&entry.event)) {
      held.insert(message->ingest_seq);
    }
  }
  return static_cast<size_t>(std::ranges::count_if(
      unstored_, [&held](uint64_t number) { return !held.contains(number); }));
}

}  // namespace printfleet::sim
