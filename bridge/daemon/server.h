// Server: one supervised child (Mosquitto or PostgreSQL) in the daemon's loop: the policy of
// child/supervisor, the process of child/process, and a readiness probe. Loop thread only.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/process_spec.h"
#include "base/result.h"
#include "base/time.h"
#include "child/process.h"
#include "child/supervisor.h"
#include "daemon/poll_set.h"

namespace printfleet::daemon {

class Server {
 public:
  struct Parts {
    std::string name;  // "broker", "database": the area of its log lines
    // Is a process of an earlier life still there? Then the start waits for its end.
    std::function<bool()> blocked;
    // Before each start: what to run. May block for a first initialization.
    std::function<Result<ProcessSpec>()> prepare;
    // Does it serve? Called every probe interval while it starts; never blocks.
    std::function<bool(pid_t pid)> ready;
    std::function<void()> on_ready;
    // Of a line of its output; empty: info.
    std::function<LogLevel(std::string_view line)> level_of_line;
    // Takes each line of its output; may be empty.
    std::function<void(std::string_view line)> on_line;
  };

  Server(Parts parts, child::RestartPolicy policy);

  void Start(const Instant& now);
  void Stop(const Instant& now);

  void AddTo(PollSet& polls);
  void Turn(const Instant& now);

  [[nodiscard]] std::optional<MonoTime> NextDeadline() const { return supervisor_.NextDeadline(); }

  [[nodiscard]] child::SupervisorState state() const { return supervisor_.state(); }

  [[nodiscard]] bool ready() const { return state() == child::SupervisorState::kReady; }

  [[nodiscard]] bool stopped() const { return state() == child::SupervisorState::kStopped; }

  [[nodiscard]] bool degraded() const { return supervisor_.degraded(); }

  [[nodiscard]] int64_t restarts() const { return supervisor_.restarts(); }

  // The last error of a start, "" after it was ready.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  // To the running process; nothing when there is none.
  void Signal(int signal) const;

 private:
  void Feed(child::SupervisorInput input, const Instant& now);
  void Carry(const child::SupervisorAction& action, const Instant& now);
  void StartProcess(const Instant& now);
  void LogOutput();

  Parts parts_;
  child::Supervisor supervisor_;
  std::optional<child::Process> process_;
  bool exited_ = false;  // the exit descriptor became readable
  std::string trouble_;
};

}  // namespace printfleet::daemon
