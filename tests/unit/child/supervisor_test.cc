#include "child/supervisor.h"

#include <gtest/gtest.h>

#include <csignal>
#include <vector>

namespace printfleet::child {
namespace {

using State = SupervisorState;
using Input = SupervisorInput;
using Kind = SupervisorActionKind;

constexpr SupervisorAction kNone{Kind::kNone, 0};
constexpr SupervisorAction kStart{Kind::kStart, 0};
constexpr SupervisorAction kProbe{Kind::kProbe, 0};
constexpr SupervisorAction kKill{Kind::kKill, 0};

constexpr SupervisorAction Terminate(int signal) {
  return {Kind::kTerminate, signal};
}

RestartPolicy Policy() {
  RestartPolicy policy;
  policy.stop_signals = {SIGINT, SIGQUIT};
  policy.start_timeout = milliseconds(1000);
  policy.stop_timeout = milliseconds(2000);
  return policy;
}

struct Row {
  int64_t at_ms;
  Input input;
  SupervisorAction action;
  State state;
  int64_t deadline_ms;  // -1: none
};

Supervisor Walk(const std::vector<Row>& rows) {
  Supervisor supervisor(Policy());
  for (const Row& row : rows) {
    SCOPED_TRACE(std::to_string(row.at_ms) + " " + std::string(Name(row.input)));
    const SupervisorAction action = supervisor.Step(row.input, MonoTime(milliseconds(row.at_ms)));
    EXPECT_EQ(action, row.action);
    EXPECT_EQ(Name(supervisor.state()), Name(row.state));
    const std::optional<MonoTime> deadline = supervisor.NextDeadline();
    EXPECT_EQ(deadline.has_value() ? deadline->time_since_epoch().count() : -1, row.deadline_ms);
  }
  return supervisor;
}

TEST(Supervisor, StartsProbesServesAndStops) {
  const Supervisor supervisor = Walk({
      {0, Input::kStartRequested, kStart, State::kStarting, -1},
      {5, Input::kStarted, kProbe, State::kStarting, 105},
      {50, Input::kDeadline, kNone, State::kStarting, 105},  // has not come
      {105, Input::kDeadline, kProbe, State::kStarting, 205},
      {150, Input::kReady, kNone, State::kReady, 60150},
      {60150, Input::kDeadline, kNone, State::kReady, -1},
      {70000, Input::kStopRequested, Terminate(SIGINT), State::kStopping, 72000},
      {70010, Input::kStopRequested, kNone, State::kStopping, 72000},
      {70100, Input::kExited, kNone, State::kStopped, -1},
  });
  EXPECT_EQ(supervisor.restarts(), 0);
  EXPECT_EQ(supervisor.failures(), 0);
}

TEST(Supervisor, StopEscalatesUntilTheProcessIsGone) {
  Walk({
      {0, Input::kStartRequested, kStart, State::kStarting, -1},
      {0, Input::kStarted, kProbe, State::kStarting, 100},
      {10, Input::kReady, kNone, State::kReady, 60010},
      {20, Input::kStopRequested, Terminate(SIGINT), State::kStopping, 2020},
      {2020, Input::kDeadline, Terminate(SIGQUIT), State::kStopping, 4020},
      {4020, Input::kDeadline, kKill, State::kStopping, 6020},
      {6020, Input::kDeadline, kKill, State::kStopping, 8020},
      {6030, Input::kExited, kNone, State::kStopped, -1},
  });
}

TEST(Supervisor, FailuresDoubleTheWaitUpToTheCapAndNeverEnd) {
  Supervisor supervisor(Policy());
  MonoTime now{};
  EXPECT_EQ(supervisor.Step(Input::kStartRequested, now), kStart);
  const std::vector<int64_t> waits_ms = {250,  500,   1000,  2000,  4000,
                                         8000, 16000, 30000, 30000, 30000};
  for (size_t i = 0; i < waits_ms.size(); ++i) {
    EXPECT_EQ(supervisor.Step(Input::kStarted, now), kProbe);
    EXPECT_EQ(supervisor.Step(Input::kExited, now), kNone);
    EXPECT_EQ(supervisor.state(), i < 4 ? State::kBackingOff : State::kDegraded);
    EXPECT_EQ(supervisor.degraded(), i >= 4);
    ASSERT_TRUE(supervisor.NextDeadline().has_value());
    EXPECT_EQ((*supervisor.NextDeadline() - now).count(), waits_ms[i]);
    now = *supervisor.NextDeadline();
    EXPECT_EQ(supervisor.Step(Input::kDeadline, now), kStart);
  }
  EXPECT_EQ(supervisor.restarts(), 9);
  EXPECT_EQ(supervisor.failures(), 10);
}

TEST(Supervisor, ReadyEndsDegradedButOnlySettledForgetsFailures) {
  Supervisor supervisor(Policy());
  MonoTime now{};
  supervisor.Step(Input::kStartRequested, now);
  for (int i = 0; i < 5; ++i) {
    supervisor.Step(Input::kStartFailed, now);
    now = *supervisor.NextDeadline();
    supervisor.Step(Input::kDeadline, now);
  }
  EXPECT_TRUE(supervisor.degraded());
  supervisor.Step(Input::kStarted, now);
  supervisor.Step(Input::kReady, now);
  EXPECT_FALSE(supervisor.degraded());
  supervisor.Step(Input::kExited, now + milliseconds(59999));
  EXPECT_EQ(supervisor.state(), State::kDegraded);  // the sixth in a row
  now = *supervisor.NextDeadline();
  supervisor.Step(Input::kDeadline, now);
  supervisor.Step(Input::kStarted, now);
  supervisor.Step(Input::kReady, now);
  now += milliseconds(60000);
  supervisor.Step(Input::kExited, now);
  EXPECT_EQ(supervisor.failures(), 1);
  EXPECT_EQ(*supervisor.NextDeadline() - now, milliseconds(250));
}

TEST(Supervisor, AStartThatIsNeverReadyIsStoppedAndCountsAsAFailure) {
  const Supervisor supervisor = Walk({
      {0, Input::kStartRequested, kStart, State::kStarting, -1},
      {0, Input::kStarted, kProbe, State::kStarting, 100},
      {950, Input::kDeadline, kProbe, State::kStarting, 1000},
      {1000, Input::kDeadline, Terminate(SIGINT), State::kStopping, 3000},
      {1100, Input::kReady, kNone, State::kStopping, 3000},  // too late
      {1200, Input::kExited, kNone, State::kBackingOff, 1450},
      {1450, Input::kDeadline, kStart, State::kStarting, -1},
  });
  EXPECT_EQ(supervisor.failures(), 1);
}

TEST(Supervisor, WaitsForTheOldProcessWithoutCountingIt) {
  const Supervisor supervisor = Walk({
      {0, Input::kStartRequested, kStart, State::kStarting, -1},
      {0, Input::kStartBlocked, kNone, State::kBackingOff, 250},
      {250, Input::kDeadline, kStart, State::kStarting, -1},
      {250, Input::kStartBlocked, kNone, State::kBackingOff, 500},
      {500, Input::kDeadline, kStart, State::kStarting, -1},
      {500, Input::kStarted, kProbe, State::kStarting, 600},
  });
  EXPECT_EQ(supervisor.failures(), 0);
  EXPECT_EQ(supervisor.restarts(), 0);
}

TEST(Supervisor, StopWhileBackingOffAndStartWhileStopping) {
  const Supervisor supervisor = Walk({
      {0, Input::kStartRequested, kStart, State::kStarting, -1},
      {0, Input::kStartFailed, kNone, State::kBackingOff, 250},
      {10, Input::kStopRequested, kNone, State::kStopped, -1},
      {20, Input::kStartRequested, kStart, State::kStarting, -1},
      {20, Input::kStarted, kProbe, State::kStarting, 120},
      {30, Input::kStopRequested, Terminate(SIGINT), State::kStopping, 2030},
      {40, Input::kStartRequested, kNone, State::kStopping, 2030},
      {50, Input::kExited, kStart, State::kStarting, -1},
      {50, Input::kStopRequested, kNone, State::kStopped, -1},
      {60, Input::kStarted, Terminate(SIGINT), State::kStopping, 2060},  // answered after the stop
      {70, Input::kExited, kNone, State::kStopped, -1},
  });
  EXPECT_EQ(supervisor.failures(), 0);
}

// Brings a fresh supervisor into `state`.
Supervisor In(State state) {
  Supervisor supervisor(Policy());
  const MonoTime now{};
  if (state == State::kStopped) {
    return supervisor;
  }
  supervisor.Step(Input::kStartRequested, now);
  if (state == State::kBackingOff || state == State::kDegraded) {
    for (int i = 0; i < (state == State::kDegraded ? 5 : 1); ++i) {
      supervisor.Step(Input::kDeadline, now + seconds(1000));
      supervisor.Step(Input::kStartFailed, now);
    }
    return supervisor;
  }
  supervisor.Step(Input::kStarted, now);
  if (state != State::kStarting) {
    supervisor.Step(Input::kReady, now);
  }
  if (state == State::kStopping) {
    supervisor.Step(Input::kStopRequested, now);
  }
  return supervisor;
}

// All pairs; the deadline has always come, so its row shows what it means.
TEST(Supervisor, EveryStateAnswersEveryInput) {
  struct Expectation {
    State from;
    Input input;
    SupervisorAction action;
    State to;
  };

  const SupervisorAction stop = Terminate(SIGINT);
  // clang-format off
  const std::vector<Expectation> table = {
      {State::kStopped, Input::kStartRequested, kStart, State::kStarting},
      {State::kStopped, Input::kStarted, stop, State::kStopping},
      {State::kStopped, Input::kStartFailed, kNone, State::kStopped},
      {State::kStopped, Input::kStartBlocked, kNone, State::kStopped},
      {State::kStopped, Input::kReady, kNone, State::kStopped},
      {State::kStopped, Input::kExited, kNone, State::kStopped},
      {State::kStopped, Input::kDeadline, kNone, State::kStopped},
      {State::kStopped, Input::kStopRequested, kNone, State::kStopped},
      {State::kStarting, Input::kStartRequested, kNone, State::kStarting},
      {State::kStarting, Input::kStarted, kNone, State::kStarting},
      {State::kStarting, Input::kStartFailed, kNone, State::kStarting},
      {State::kStarting, Input::kStartBlocked, kNone, State::kStarting},
      {State::kStarting, Input::kReady, kNone, State::kReady},
      {State::kStarting, Input::kExited, kNone, State::kBackingOff},
      {State::kStarting, Input::kDeadline, stop, State::kStopping},
      {State::kStarting, Input::kStopRequested, stop, State::kStopping},
      {State::kReady, Input::kStartRequested, kNone, State::kReady},
      {State::kReady, Input::kStarted, kNone, State::kReady},
      {State::kReady, Input::kStartFailed, kNone, State::kReady},
      {State::kReady, Input::kStartBlocked, kNone, State::kReady},
      {State::kReady, Input::kReady, kNone, State::kReady},
      {State::kReady, Input::kExited, kNone, State::kBackingOff},
      {State::kReady, Input::kDeadline, kNone, State::kReady},
      {State::kReady, Input::kStopRequested, stop, State::kStopping},
      {State::kStopping, Input::kStartRequested, kNone, State::kStopping},
      {State::kStopping, Input::kStarted, kNone, State::kStopping},
      {State::kStopping, Input::kStartFailed, kNone, State::kStopping},
      {State::kStopping, Input::kStartBlocked, kNone, State::kStopping},
      {State::kStopping, Input::kReady, kNone, State::kStopping},
      {State::kStopping, Input::kExited, kNone, State::kStopped},
      {State::kStopping, Input::kDeadline, Terminate(SIGQUIT), State::kStopping},
      {State::kStopping, Input::kStopRequested, kNone, State::kStopping},
      {State::kBackingOff, Input::kStartRequested, kNone, State::kBackingOff},
      {State::kBackingOff, Input::kStarted, stop, State::kStopping},
      {State::kBackingOff, Input::kStartFailed, kNone, State::kBackingOff},
      {State::kBackingOff, Input::kStartBlocked, kNone, State::kBackingOff},
      {State::kBackingOff, Input::kReady, kNone, State::kBackingOff},
      {State::kBackingOff, Input::kExited, kNone, State::kBackingOff},
      {State::kBackingOff, Input::kDeadline, kStart, State::kStarting},
      {State::kBackingOff, Input::kStopRequested, kNone, State::kStopped},
      {State::kDegraded, Input::kStartRequested, kNone, State::kDegraded},
      {State::kDegraded, Input::kStarted, stop, State::kStopping},
      {State::kDegraded, Input::kStartFailed, kNone, State::kDegraded},
      {State::kDegraded, Input::kStartBlocked, kNone, State::kDegraded},
      {State::kDegraded, Input::kReady, kNone, State::kDegraded},
      {State::kDegraded, Input::kExited, kNone, State::kDegraded},
      {State::kDegraded, Input::kDeadline, kStart, State::kStarting},
      {State::kDegraded, Input::kStopRequested, kNone, State::kStopped},
  };
  // clang-format on
  EXPECT_EQ(table.size(), 6U * 8U);
  for (const Expectation& row : table) {
    SCOPED_TRACE(std::string(Name(row.from)) + " " + std::string(Name(row.input)));
    Supervisor supervisor = In(row.from);
    ASSERT_EQ(Name(supervisor.state()), Name(row.from));
    EXPECT_EQ(supervisor.Step(row.input, MonoTime(seconds(100000))), row.action);
    EXPECT_EQ(Name(supervisor.state()), Name(row.to));
  }
}

}  // namespace
}  // namespace printfleet::child
