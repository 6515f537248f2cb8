// How a batch ends: it is stored, and all that waited for that goes out; or the store did not take
// it, and it waits again.
#include <algorithm>
#include <utility>

#include "base/failpoint.h"
#include "daemon/batcher.h"
#include "daemon/clock.h"
#include "mqtt/inbound.h"

namespace printfleet::daemon {
namespace {

// Came from the spool, and will come from it again.
bool IsSpooled(const core::Event& event) {
  if (const auto* message = std::get_if<core::Message>(&event)) {
    return message->spool_id != 0;
  }
  if (const auto* poison = std::get_if<core::PoisonMessage>(&event)) {
    return poison->message.spool_id != 0;
  }
  return std::holds_alternative<core::StopRecord>(event) ||
         std::holds_alternative<core::RefusedRecord>(event);
}

}  // namespace

void Batcher::ReleaseBatch(const Instant& now) {
  state_ = State::kReleasing;
  if (batch_has_rows_) {
    ++next_seq_;
  }
  core_.Merge(now);
  FAILPOINT("releasing.merged");
  ForgetSpooled();
  if (effects_.snapshot_changed) {
    hooks_.snapshot_changed();
  }
  // Files are on offer before their printers hear of them.
  hooks_.library(effects_);
  for (core::Publish& publish : effects_.publishes) {
    if (core::TakeWaiting(publish, now.mono - decided_at_)) {
      hooks_.publish(std::move(publish));
    } else if (publish.token != 0) {
      events_.emplace_back(core::Published{publish.execution, publish.token, false,
                                           core::Published::Result::kNotSent});
    }
  }
  for (core::Notify& attempt : effects_.notifies) {
    hooks_.notify(std::move(attempt));
  }
  for (fleet::Question& question : effects_.questions) {
    const fleet::Question asked = question;
    if (!worker_.Ask(std::move(question))) {
      events_.emplace_back(core::Answer{asked, false, {}, "the database is away"});
    }
  }
  ClearBatch();
  const auto usual = static_cast<size_t>(settings_.inbound.batch_messages_max);
  messages_max_ = std::min(usual, messages_max_ * 2);
  state_ = State::kReading;
  FAILPOINT("releasing.published");
  ReleaseAcks();
  FAILPOINT("releasing.acknowledged");
}

// A session's acknowledgements go out when none of its messages waits; reports' also up to the
// first one that waits, where the session can do that.
void Batcher::ReleaseAcks() {
  const bool waiting[core::kSessions] = {!reports_.empty() || spool_.reports_in_flight(),
                                         !commands_.empty() || spool_.records_in_flight()};
  for (const core::Session session : {core::Session::kCommands, core::Session::kReports}) {
    const auto index = static_cast<size_t>(session);
    if (held_[index] && !waiting[index]) {
      held_[index] = false;
      core_.links().OnReleased(session);
      hooks_.release(session, mqtt::Inbound::kAll);
    }
  }
  if (state_ == State::kReading && !reports_.empty() && !spool_.reports_in_flight()) {
    hooks_.release(core::Session::kReports, reports_.front().ingest_seq - 1);
  }
}

// The overlay is forgotten; what was in the batch waits again, first in its order.
void Batcher::Requeue() {
  if (loaded_ && !batch_.empty()) {
    core_.Drop(Now());
  }
  for (auto event = batch_.rbegin(); event != batch_.rend(); ++event) {
    if (IsSpooled(*event)) {
      continue;
    }
    if (auto* message = std::get_if<core::Message>(&*event)) {
      auto& queue = message->session == core::Session::kCommands ? commands_ : reports_;
      queue.push_front(std::move(*message));
    } else if (!std::holds_alternative<core::Tick>(*event)) {
      events_.push_front(std::move(*event));
    }
  }
  ClearBatch();
  if (std::exchange(spool_through_, 0) != 0) {
    spool_entries_ = 0;
    spool_.Rewind();
  }
}

void Batcher::ClearBatch() {
  effects_ = {};
  batch_.clear();
  batch_messages_ = 0;
  batch_bytes_ = 0;
  batch_urgent_ = false;
  written_ahead_ = false;
  batch_since_.reset();
}

}  // namespace printfleet::daemon
