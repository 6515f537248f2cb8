#include "child/supervisor.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace printfleet::child {

namespace {

constexpr SupervisorAction kNothing{SupervisorActionKind::kNone, 0};

// backoff_min doubled for each failure after the first, at most backoff_max.
milliseconds BackoffOf(const RestartPolicy& policy, int failures) {
  milliseconds wait = policy.backoff_min;
  for (int i = 1; i < failures && wait < policy.backoff_max; ++i) {
    wait *= 2;
  }
  return std::min(wait, policy.backoff_max);
}

}  // namespace

std::string_view Name(SupervisorState state) {
  switch (state) {
    case SupervisorState::kStopped:
      return "stopped";
    case SupervisorState::kStarting:
      return "starting";
    case SupervisorState::kReady:
      return "ready";
    case SupervisorState::kStopping:
      return "stopping";
    case SupervisorState::kBackingOff:
      return "backing_off";
    case SupervisorState::kDegraded:
      return "degraded";
  }
  return "?";
}

std::string_view Name(SupervisorInput input) {
  switch (input) {
    case SupervisorInput::kStartRequested:
      return "start_requested";
    case SupervisorInput::kStarted:
      return "started";
    case SupervisorInput::kStartFailed:
      return "start_failed";
    case SupervisorInput::kStartBlocked:
      return "start_blocked";
    case SupervisorInput::kReady:
      return "ready";
    case SupervisorInput::kExited:
      return "exited";
    case SupervisorInput::kDeadline:
      return "deadline";
    case SupervisorInput::kStopRequested:
      return "stop_requested";
  }
  return "?";
}

Supervisor::Supervisor(RestartPolicy policy) : policy_(std::move(policy)) {
  CHECK(!policy_.stop_signals.empty());
}

SupervisorAction Supervisor::Step(SupervisorInput input, MonoTime now) {
  switch (input) {
    case SupervisorInput::kStartRequested:
      return OnStartRequested();
    case SupervisorInput::kStarted:
      return OnStarted(now);
    case SupervisorInput::kStartFailed:
      return state_ == SupervisorState::kStarting && !running_ ? BackOff(now) : kNothing;
    case SupervisorInput::kStartBlocked:
      return OnBlocked(now);
    case SupervisorInput::kReady:
      return OnReady(now);
    case SupervisorInput::kExited:
      return OnExited(now);
    case SupervisorInput::kDeadline:
      return OnDeadline(now);
    case SupervisorInput::kStopRequested:
      return OnStopRequested(now);
  }
  return kNothing;
}

SupervisorAction Supervisor::OnStartRequested() {
  wanted_ = true;  // while stopping: started again after the exit
  if (state_ != SupervisorState::kStopped) {
    return kNothing;
  }
  starts_ = 0;
  failures_ = 0;
  degraded_ = false;
  return BeginStart();
}

SupervisorAction Supervisor::BeginStart() {
  state_ = SupervisorState::kStarting;
  deadline_.reset();
  return {SupervisorActionKind::kStart, 0};
}

SupervisorAction Supervisor::OnStarted(MonoTime now) {
  if (running_) {
    return kNothing;
  }
  running_ = true;
  ++starts_;
  if (state_ != SupervisorState::kStarting) {  // stop was requested between kStart and its answer
    return BeginStop(now);
  }
  start_until_ = now + policy_.start_timeout;
  deadline_ = now + policy_.probe_interval;
  return {SupervisorActionKind::kProbe, 0};
}

SupervisorAction Supervisor::OnBlocked(MonoTime now) {
  if (state_ == SupervisorState::kStarting && !running_) {
    state_ = degraded_ ? SupervisorState::kDegraded : SupervisorState::kBackingOff;
    deadline_ = now + policy_.blocked_interval;
  }
  return kNothing;
}

SupervisorAction Supervisor::OnReady(MonoTime now) {
  if (state_ == SupervisorState::kStarting && running_) {
    state_ = SupervisorState::kReady;
    ready_since_ = now;
    degraded_ = false;
    deadline_ = now + policy_.settled_after;
  }
  return kNothing;
}

SupervisorAction Supervisor::OnExited(MonoTime now) {
  if (!running_) {
    return kNothing;
  }
  running_ = false;
  const bool asked = std::exchange(asked_, false);
  if (!wanted_) {
    state_ = SupervisorState::kStopped;
    deadline_.reset();
    return kNothing;
  }
  if (asked) {  // stopped and then wanted again: no failure
    return BeginStart();
  }
  if (state_ == SupervisorState::kReady && now - ready_since_ >= policy_.settled_after) {
    failures_ = 0;
  }
  return BackOff(now);
}

SupervisorAction Supervisor::BackOff(MonoTime now) {
  ++failures_;
  degraded_ = degraded_ || failures_ >= policy_.failures_until_degraded;
  state_ = degraded_ ? SupervisorState::kDegraded : SupervisorState::kBackingOff;
  deadline_ = now + BackoffOf(policy_, failures_);
  return kNothing;
}

SupervisorAction Supervisor::OnDeadline(MonoTime now) {
  if (!deadline_.has_value() || now < *deadline_) {
    return kNothing;
  }
  switch (state_) {
    case SupervisorState::kStopped:
      break;
    case SupervisorState::kStarting:
      if (now >= start_until_) {
        return BeginStop(now);
      }
      deadline_ = std::min(now + policy_.probe_interval, start_until_);
      return {SupervisorActionKind::kProbe, 0};
    case SupervisorState::kReady:
      failures_ = 0;
      deadline_.reset();
      break;
    case SupervisorState::kStopping:
      return StopFurther(now);
    case SupervisorState::kBackingOff:
    case SupervisorState::kDegraded:
      return BeginStart();
  }
  return kNothing;
}

SupervisorAction Supervisor::OnStopRequested(MonoTime now) {
  wanted_ = false;
  if (state_ == SupervisorState::kStopping) {
    return kNothing;
  }
  if (!running_) {
    state_ = SupervisorState::kStopped;
    deadline_.reset();
    return kNothing;
  }
  asked_ = true;
  return BeginStop(now);
}

SupervisorAction Supervisor::BeginStop(MonoTime now) {
  state_ = SupervisorState::kStopping;
  signals_sent_ = 0;
  return StopFurther(now);
}

SupervisorAction Supervisor::StopFurther(MonoTime now) {
  deadline_ = now + policy_.stop_timeout;
  if (signals_sent_ < policy_.stop_signals.size()) {
    return {SupervisorActionKind::kTerminate, policy_.stop_signals[signals_sent_++]};
  }
  return {SupervisorActionKind::kKill, 0};  // and again: nothing else is left
}

}  // namespace printfleet::child
