// Programs that run to their end while somebody watches (pg_dump, pg_restore), and the managed
// server that they talk to: both end when this process is told to. Called by the commands that have
// no loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/process_spec.h"
#include "base/result.h"
#include "daemon/server.h"
#include "daemon/signals.h"
#include "settings/settings.h"

namespace printfleet::daemon {

// kCancelled's place: SIGINT or SIGTERM came.
inline constexpr const char* kInterrupted = "interrupted";

// Runs `spec` to its end; calls `tick` about each second. Its standard output, whole, and the error
// output with it. Errors: it ended otherwise than with 0 (kRejected, with what it said last); it
// could not be started; kTimeout with kInterrupted.
Result<std::string> RunTool(const ProcessSpec& spec, const SignalFd& signals,
                            const std::function<void()>& tick);

bool WasInterrupted(const Error& error);

// The managed database while it is needed: the one that runs, else one of our own, which ends with
// the object. `settings` must outlive it.
class NeededDatabase {
 public:
  // Errors: it does not start; kTimeout with kInterrupted.
  static Result<std::unique_ptr<NeededDatabase>> Get(const settings::Settings& settings,
                                                     const SignalFd& signals);
  ~NeededDatabase();

  // In an orderly way: what was written is on the disk.
  void Stop();

 private:
  std::unique_ptr<Server> server_;  // nullptr: it was there
};

}  // namespace printfleet::daemon
