// Process: a passive child process. It never waits by itself and owns no thread: the daemon's loop
// polls exit_fd() and output_fd() and tells it when they are readable.
//
// Loop thread only, and the thread that called Start must live as long as the child (the kernel
// sends the parent-death signal when that *thread* ends).
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/process_spec.h"
#include "base/result.h"
#include "child/descriptor.h"
#include "child/lines.h"

namespace printfleet::child {

// How a process ended.
struct ExitStatus {
  int code = 0;    // exit code; meaningless when signal != 0
  int signal = 0;  // the signal that killed it, else 0

  [[nodiscard]] bool clean() const { return code == 0 && signal == 0; }

  // "exit code 3", "signal 9 (Killed)".
  [[nodiscard]] std::string Text() const;
};

class Process {
 public:
  // Forks and executes `spec` (whose files must be installed: InstallFiles). In its own process
  // group, standard input empty, standard output and error in one pipe, only that and what the
  // spec passes inherited; as spec.run_as when we are root; told by the kernel when we die.
  // Waits for nothing but the exec itself.
  // Errors: kConflict: the lock file is held, a process of an earlier life still runs (try again
  // soon); kNotFound: no such program or user; kUnavailable and kRejected: the system refused.
  static Result<Process> Start(const ProcessSpec& spec);

  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  // Kills the group with SIGKILL and reaps, when it still runs: a bug or the end of a test.
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }

  [[nodiscard]] bool running() const { return pid_ > 0; }

  // Readable once the process has ended; then call OnExit.
  [[nodiscard]] int exit_fd() const { return exit_.fd(); }

  // Readable when there is output; -1 after its end.
  [[nodiscard]] int output_fd() const { return output_.fd(); }

  // Complete lines, without their ends, cut at kLineBytesMax; at most kReadBytesMax are read a
  // call. At the end of the output the last incomplete line too. Never blocks.
  std::vector<std::string> OnOutputReadable();

  // Reaps. Requires: running() and exit_fd() readable. Output may still be waiting.
  ExitStatus OnExit();

  // To the process alone. Nothing happens after its end.
  void Signal(int signal) const;

  // SIGKILL to its whole group.
  void Kill() const;

  static constexpr size_t kLineBytesMax = 4096;
  static constexpr size_t kReadBytesMax = 64 << 10;

 private:
  Process(pid_t pid, Descriptor exit, Descriptor output);

  pid_t pid_ = -1;
  Descriptor exit_;
  Descriptor output_;
  LineBuffer lines_{kLineBytesMax};
};

}  // namespace printfleet::child
