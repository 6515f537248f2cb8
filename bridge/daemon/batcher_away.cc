// The batcher when the store refuses a batch, and while it is away: requests refused, stops sent
// and kept, reports held for a while, a COMMIT in doubt settled when the store is back.
#include <algorithm>

#include "base/log.h"
#include "daemon/batcher.h"
#include "daemon/clock.h"
#include "mqtt/inbound.h"

namespace printfleet::daemon {
namespace {

// How long a COMMIT in doubt may stay unanswered before its requests are told `unknown`.
constexpr milliseconds kDoubtPatience{2000};

}  // namespace

void Batcher::OnAway(const Instant& now) {
  digests_asked_ = false;
  resuming_ = false;
  if (state_ == State::kAway) {
    return;
  }
  if (state_ == State::kReleasing) {
    ReleaseBatch(now);
  }
  state_ = State::kAway;
  away_since_ = now.mono;
  doubt_answered_ = false;
  doubt_kept_ = false;
  if (!in_doubt_) {
    Requeue();
  }
  LeaveDrain();
}

void Batcher::RefuseWaiting(const Instant& now) {
  if (in_doubt_ && !doubt_answered_ && now.mono - *away_since_ >= kDoubtPatience) {
    RefuseBatchInDoubt(now);
  }
  const bool all = !in_doubt_ || doubt_answered_;
  // At the start the store is on its way: what waited for the daemon waits a little more.
  const bool starting = !loaded_ && now.mono - *away_since_ < settings_.inbound.hold_time;
  std::deque<core::Message> kept;
  for (core::Message& message : commands_) {
    if (starting && !message.stop_sent) {
      kept.push_back(std::move(message));
    } else {
      RefuseOne(message, "unavailable", now);
    }
  }
  commands_ = std::move(kept);
  if (all && commands_.empty() && !spool_.records_in_flight() &&
      held_[static_cast<size_t>(core::Session::kCommands)]) {
    held_[static_cast<size_t>(core::Session::kCommands)] = false;
    core_.links().OnReleased(core::Session::kCommands);
    hooks_.release(core::Session::kCommands, mqtt::Inbound::kAll);
  }
}

void Batcher::RefuseBatchInDoubt(const Instant& now) {
  doubt_answered_ = true;
  for (const core::Event& event : batch_) {
    const core::Message* message = MessageOf(event);
    if (message != nullptr && message->session == core::Session::kCommands) {
      RefuseOne(*message, "unknown", now);
    }
  }
}

void Batcher::RefuseOne(const core::Message& message, std::string_view reason, const Instant& now) {
  if (message.stop_sent) {
    KeepStop(*message.stop_sent);
    return;
  }
  core::Core::Refusal refusal = core_.Refuse(message, now, reason);
  if (!refusal.record_json.empty()) {
    spool_.KeepRecord(core::RefusedRecord{std::move(refusal.record_json)}, [](const Status& kept) {
      if (!kept.ok()) {
        LogWarning("daemon", "a refusal cannot be kept for the audit",
                   {{"error", kept.error().message}});
      }
    });
  }
  for (core::Publish& publish : refusal.publishes) {
    hooks_.publish(std::move(publish));
  }
}

// Its author is answered when it is on the disk, or cannot be put there.
void Batcher::KeepStop(const fleet::StopPlan& stop) {
  core::Publish response = core_.StopResponse(stop);
  if (stop.record_json.empty()) {
    hooks_.publish(std::move(response));
    return;
  }
  spool_.KeepRecord(core::StopRecord{stop.record_json},
                    [this, response = std::move(response)](const Status& kept) {
                      if (!kept.ok()) {
                        LogError("daemon", "a stop was sent but cannot be kept on the disk",
                                 {{"error", kept.error().message}});
                      }
                      hooks_.publish(response);
                    });
}

void Batcher::HoldBudget(const Instant& now) {
  if (!away_since_ || now.mono - *away_since_ < settings_.inbound.hold_time) {
    return;
  }
  if (MaySpool(now)) {
    SpoolReports();
  } else if (held_[static_cast<size_t>(core::Session::kReports)]) {
    LogWarning("inbound", "the database stays away; reports wait in the broker",
               {{"held_s", std::chrono::floor<seconds>(now.mono - *away_since_).count()},
                {"spool", spool_.contents().trouble}});
    hooks_.drop_reports();
  }
}

bool Batcher::MaySpool(const Instant& now) {
  if (!spooling_ && spool_.good()) {
    spooling_ = true;
    LogWarning("inbound", "the database stays away; reports go to the spool",
               {{"held_s", std::chrono::floor<seconds>(now.mono - *away_since_).count()}});
  }
  return spooling_ && spool_.good();
}

// -- The store refuses --

// The store refuses a row: look for the message by halving, then put it into the dead letters.
void Batcher::OnRefused(const store::CommitFailed& failed, const Instant& now) {
  const Error& error = failed.error;
  const bool known = failed.kind == store::CommitFailed::Kind::kKnownRequest;
  const size_t messages = batch_messages_;
  Log(known ? LogLevel::kInfo : LogLevel::kWarning, "database",
      "refused a batch; looking for the message it cannot take",
      {{"messages", messages}, {"error", error.message}});
  state_ = State::kReading;
  if (messages > 1) {
    Requeue();
    messages_max_ = std::max<size_t>(1, messages / 2);
    return;
  }
  core_.Drop(now);
  std::vector<core::Event> batch = std::move(batch_);
  batch_.clear();
  Requeue();
  for (auto event = batch.rbegin(); event != batch.rend(); ++event) {
    if (LeaveOutSpooled(*event, messages, error)) {
      continue;
    }
    auto* message = std::get_if<core::Message>(&*event);
    if (message != nullptr && known) {
      events_.emplace_front(core::PoisonMessage{std::move(*message), core::kKnownRequest});
    } else if (message != nullptr) {
      LogError("database", "one message cannot be stored; it goes to the dead letters",
               {{"topic", message->topic}, {"error", error.message}});
      events_.emplace_front(core::PoisonMessage{std::move(*message), "store_refused"});
    } else if (messages == 1 && !std::holds_alternative<core::Tick>(*event)) {
      events_.push_front(std::move(*event));
    } else {
      LogError("database", "rows of no message cannot be stored; they are left out",
               {{"error", error.message}});
    }
  }
}

// -- The store is back --

void Batcher::OnConnected(store::Connected connected, const Instant& now) {
  LogInfo("database", "connected");
  if (connected.loaded) {
    next_seq_ = connected.loaded->next_batch_seq;
    AdoptSpool(*connected.loaded);
    core_.Rebuild(std::move(*connected.loaded), RebuildAt(now));
    loaded_ = true;
    hooks_.snapshot_changed();
    hooks_.loaded();
  }
  if (in_doubt_) {
    if (!worker_.ResolveDoubt(next_seq_)) {
      LogError("database", "cannot ask what became of a COMMIT", {{"seq", next_seq_}});
    }
    return;
  }
  Requeue();
  Resume(now);
}

void Batcher::OnDoubtResolved(bool committed, const Instant& now) {
  LogInfo("database",
          committed ? "the COMMIT in doubt was done" : "the COMMIT in doubt was not done",
          {{"seq", next_seq_}});
  in_doubt_ = false;
  spool_.Settle(next_seq_, committed);
  if (!committed) {
    if (doubt_answered_) {
      // Their authors were told `unknown`; asked again, the answer is that there is no such
      // command.
      std::erase_if(batch_, [](const core::Event& event) {
        const core::Message* message = MessageOf(event);
        return message != nullptr && message->session == core::Session::kCommands;
      });
    }
    if (doubt_kept_) {
      // They are in the spool now.
      std::erase_if(batch_, [](const core::Event& event) {
        const core::Message* message = MessageOf(event);
        return message != nullptr && message->session == core::Session::kReports;
      });
    }
    Requeue();
    Resume(now);
    return;
  }
  if (doubt_answered_) {
    core::CancelUnsent cancel;
    cancel.commands = batch_commands_;
    std::erase_if(effects_.publishes, [&cancel](const core::Publish& publish) {
      return std::find(cancel.commands.begin(), cancel.commands.end(),
                       publish.execution.command_id) != cancel.commands.end();
    });
    events_.emplace_back(std::move(cancel));
  }
  ReleaseBatch(now);
  state_ = State::kAway;
  Resume(now);
}

}  // namespace printfleet::daemon
