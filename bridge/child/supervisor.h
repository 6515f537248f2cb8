// The restart policy of one server, pure: (input, time) -> what to do now. The daemon's loop owns
// the process, the probe and the clock, and calls Step.
//
//              StartRequested                Ready
//   stopped ------------------> starting ------------> ready
//      ^                       ^  |   | Exited,           | Exited
//      |               Deadline|  |   | StartFailed       |
//      |                       |  |   v                   v
//      |                    backing_off / degraded <-------
//      |                          | start time-out
//      | Exited (was asked)       v
//      +---------------------- stopping  <-- StopRequested (Terminate, Terminate…, Kill)
//
// Failures in a row make the wait double from 250 ms to 30 s; from the fifth on the state is
// `degraded` instead of `backing_off`, and it still goes on trying: nobody gives up for good. The
// count starts again once the server was ready for 60 s.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace printfleet::child {

struct RestartPolicy {
  std::vector<int> stop_signals;  // in turn; then SIGKILL. At least one.
  milliseconds start_timeout{30000};
  milliseconds stop_timeout{15000};  // per signal
  milliseconds probe_interval{100};
  milliseconds backoff_min{250};
  milliseconds backoff_max{30000};
  milliseconds blocked_interval{250};  // how often to look whether the old process is gone
  milliseconds settled_after{60000};   // ready for this long: failures are forgotten
  int failures_until_degraded = 5;
};

enum class SupervisorState { kStopped, kStarting, kReady, kStopping, kBackingOff, kDegraded };

enum class SupervisorInput {
  kStartRequested,
  kStarted,       // Process::Start returned a process
  kStartFailed,   // Process::Start or what comes before it returned an error
  kStartBlocked,  // …kConflict: the old process is not gone yet. Not a failure
  kReady,         // the probe succeeded
  kExited,        // the process has ended and was reaped
  kDeadline,      // NextDeadline() has come
  kStopRequested,
};

enum class SupervisorActionKind {
  kNone,
  kStart,      // install, start, and answer with kStarted, kStartFailed or kStartBlocked
  kProbe,      // begin a readiness probe unless one is under way; answer kReady when it succeeds
  kTerminate,  // send `signal` to the process
  kKill,       // SIGKILL to its group
};

struct SupervisorAction {
  SupervisorActionKind kind = SupervisorActionKind::kNone;
  int signal = 0;

  bool operator==(const SupervisorAction&) const = default;
};

std::string_view Name(SupervisorState state);
std::string_view Name(SupervisorInput input);

class Supervisor {
 public:
  explicit Supervisor(RestartPolicy policy);

  // Inputs that mean nothing in the current state (a late probe, a deadline that has not come) are
  // ignored and give kNone.
  SupervisorAction Step(SupervisorInput input, MonoTime now);

  // When to call Step(kDeadline) next; nullopt: nothing is awaited.
  [[nodiscard]] std::optional<MonoTime> NextDeadline() const { return deadline_; }

  [[nodiscard]] SupervisorState state() const { return state_; }

  // Failures in a row, including starts that never became ready.
  [[nodiscard]] int failures() const { return failures_; }

  // The fifth failure in a row has happened and it has not been ready since.
  [[nodiscard]] bool degraded() const { return degraded_; }

  // Starts after the first one, since StartRequested.
  [[nodiscard]] int64_t restarts() const { return starts_ > 0 ? starts_ - 1 : 0; }

 private:
  SupervisorAction OnStartRequested();
  SupervisorAction OnStarted(MonoTime now);
  SupervisorAction OnBlocked(MonoTime now);
  SupervisorAction OnReady(MonoTime now);
  SupervisorAction OnExited(MonoTime now);
  SupervisorAction OnDeadline(MonoTime now);
  SupervisorAction OnStopRequested(MonoTime now);
  SupervisorAction BeginStart();
  SupervisorAction BeginStop(MonoTime now);
  SupervisorAction StopFurther(MonoTime now);
  SupervisorAction BackOff(MonoTime now);

  const RestartPolicy policy_;
  SupervisorState state_ = SupervisorState::kStopped;
  std::optional<MonoTime> deadline_;
  MonoTime start_until_{};  // when a start that is not ready has failed
  MonoTime ready_since_{};
  size_t signals_sent_ = 0;
  int failures_ = 0;
  int64_t starts_ = 0;
  bool wanted_ = false;   // the last request was to start
  bool running_ = false;  // a process of ours exists
  bool asked_ = false;    // it is being stopped on request, not for being late
  bool degraded_ = false;
};

}  // namespace printfleet::child
