#include "daemon/tool.h"

#include <algorithm>
#include <csignal>

#include "child/lock.h"
#include "child/process.h"
#include "daemon/clock.h"
#include "daemon/poll_set.h"
#include "daemon/servers.h"
#include "store/managed.h"

namespace printfleet::daemon {
namespace {

constexpr milliseconds kTick{1000};
constexpr milliseconds kServerPatience{30000};
constexpr size_t kOutputBytesMax = 16 << 20;

bool Told(const SignalFd& signals) {
  bool told = false;
  while (const int signal = signals.Take()) {
    told = told || signal != SIGHUP;
  }
  return told;
}

const Error kInterruptedError = {Errc::kTimeout, kInterrupted};

}  // namespace

bool WasInterrupted(const Error& error) {
  return error.message == kInterrupted;
}

Result<std::string> RunTool(const ProcessSpec& spec, const SignalFd& signals,
                            const std::function<void()>& tick) {
  auto started = child::Process::Start(spec);
  if (!started.ok()) {
    return started.error();
  }
  child::Process process = *std::move(started);
  std::string output;
  const auto read = [&] {
    for (const std::string& line : process.OnOutputReadable()) {
      if (output.size() < kOutputBytesMax) {
        output += line + "\n";
      }
    }
  };
  MonoTime next_tick = Now().mono + kTick;
  while (true) {
    bool ended = false;
    bool interrupted = false;
    PollSet polls;
    polls.Add(signals.fd(), POLLIN, [&](short) { interrupted = Told(signals); });
    polls.Add(process.output_fd(), POLLIN, [&](short) { read(); });
    polls.Add(process.exit_fd(), POLLIN, [&](short) { ended = true; });
    polls.Wait(std::clamp(next_tick - Now().mono, milliseconds(0), kTick));
    if (interrupted) {
      return kInterruptedError;  // the destructor ends it
    }
    if (ended) {
      const child::ExitStatus status = process.OnExit();
      while (process.output_fd() >= 0) {
        const size_t before = output.size();
        read();
        if (output.size() == before) {
          break;
        }
      }
      if (status.clean()) {
        return output;
      }
      constexpr size_t kTailBytes = 2000;
      return Error{Errc::kRejected,
                   spec.name + ": " + status.Text() + ": " +
                       output.substr(output.size() - std::min(output.size(), kTailBytes))};
    }
    if (Now().mono >= next_tick) {
      next_tick = Now().mono + kTick;
      tick();
    }
  }
}

Result<std::unique_ptr<NeededDatabase>> NeededDatabase::Get(const settings::Settings& settings,
                                                            const SignalFd& signals) {
  auto needed = std::make_unique<NeededDatabase>();
  const auto holder = child::FindHolder(store::ManagedLockPath(settings));
  if (holder.ok() && holder->has_value()) {
    return needed;
  }
  needed->server_ = MakeDatabase(settings);
  Server& server = *needed->server_;
  server.Start(Now());
  while (!server.ready()) {
    bool interrupted = false;
    PollSet polls;
    polls.Add(signals.fd(), POLLIN, [&](short) { interrupted = Told(signals); });
    server.AddTo(polls);
    const Instant now = Now();
    const MonoTime due = server.NextDeadline().value_or(now.mono + seconds(1));
    polls.Wait(std::clamp(due - now.mono, milliseconds(0), milliseconds(1000)));
    server.Turn(Now());
    if (interrupted) {
      return kInterruptedError;
    }
    if (server.restarts() > 0 || server.degraded()) {
      return Error{Errc::kUnavailable,
                   "the database does not start: " +
                       (server.trouble().empty() ? "see what it said above" : server.trouble())};
    }
  }
  return needed;
}

NeededDatabase::~NeededDatabase() {
  Stop();
}

void NeededDatabase::Stop() {
  if (!server_) {
    return;
  }
  server_->Stop(Now());
  const MonoTime end = Now().mono + kServerPatience;
  while (!server_->stopped() && Now().mono < end) {
    PollSet polls;
    server_->AddTo(polls);
    polls.Wait(milliseconds(50));
    server_->Turn(Now());
  }
  server_.reset();
}

}  // namespace printfleet::daemon
