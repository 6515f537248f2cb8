#include "daemon/server.h"

#include "child/install.h"

namespace printfleet::daemon {

using child::SupervisorActionKind;
using child::SupervisorInput;

Server::Server(Parts parts, child::RestartPolicy policy)
    : parts_(std::move(parts)), supervisor_(std::move(policy)) {}

void Server::Start(const Instant& now) {
  Feed(SupervisorInput::kStartRequested, now);
}

void Server::Stop(const Instant& now) {
  Feed(SupervisorInput::kStopRequested, now);
}

void Server::AddTo(PollSet& polls) {
  if (!process_) {
    return;
  }
  polls.Add(process_->output_fd(), POLLIN, [this](short) { LogOutput(); });
  polls.Add(process_->exit_fd(), POLLIN, [this](short) { exited_ = true; });
}

void Server::Turn(const Instant& now) {
  if (exited_ && process_) {
    exited_ = false;
    LogOutput();
    const std::string why = process_->OnExit().Text();
    process_.reset();
    const bool expected = state() == child::SupervisorState::kStopping;
    Log(expected ? LogLevel::kInfo : LogLevel::kWarning, parts_.name, "ended", {{"with", why}});
    trouble_ = why;
    Feed(SupervisorInput::kExited, now);
  }
  if (const auto due = supervisor_.NextDeadline(); due && *due <= now.mono) {
    Feed(SupervisorInput::kDeadline, now);
  }
}

void Server::Signal(int signal) const {
  if (process_) {
    process_->Signal(signal);
  }
}

void Server::Feed(SupervisorInput input, const Instant& now) {
  const bool was_degraded = supervisor_.degraded();
  Carry(supervisor_.Step(input, now.mono), now);
  if (supervisor_.degraded() && !was_degraded) {
    LogError(parts_.name, "keeps failing; still trying",
             {{"failures", supervisor_.failures()}, {"last", trouble_}});
  }
}

void Server::Carry(const child::SupervisorAction& action, const Instant& now) {
  switch (action.kind) {
    case SupervisorActionKind::kNone:
      break;
    case SupervisorActionKind::kStart:
      StartProcess(now);
      break;
    case SupervisorActionKind::kProbe:
      if (process_ && parts_.ready(process_->pid())) {
        LogInfo(parts_.name, "ready", {{"pid", process_->pid()}});
        trouble_.clear();
        Feed(SupervisorInput::kReady, now);
        parts_.on_ready();
      }
      break;
    case SupervisorActionKind::kTerminate:
      Signal(action.signal);
      break;
    case SupervisorActionKind::kKill:
      if (process_) {
        LogWarning(parts_.name, "does not end; killed", {{"pid", process_->pid()}});
        process_->Kill();
      }
      break;
  }
}

void Server::StartProcess(const Instant& now) {
  if (parts_.blocked()) {
    Feed(SupervisorInput::kStartBlocked, now);
    return;
  }
  const auto spec = parts_.prepare();
  Status installed = Ok{};
  if (spec.ok()) {
    installed = child::InstallFiles(*spec);
  }
  auto started = !spec.ok()        ? Result<child::Process>(spec.error())
                 : !installed.ok() ? Result<child::Process>(installed.error())
                                   : child::Process::Start(*spec);
  if (started.ok()) {
    process_ = std::move(*started);
    Feed(SupervisorInput::kStarted, now);
    return;
  }
  const bool blocked = spec.ok() && started.error().code == Errc::kConflict;
  if (trouble_ != started.error().message) {
    trouble_ = started.error().message;
    Log(blocked ? LogLevel::kInfo : LogLevel::kError, parts_.name, "cannot be started yet",
        {{"error", trouble_}});
  }
  Feed(blocked ? SupervisorInput::kStartBlocked : SupervisorInput::kStartFailed, now);
}

void Server::LogOutput() {
  if (process_) {
    for (const std::string& line : process_->OnOutputReadable()) {
      Log(parts_.level_of_line ? parts_.level_of_line(line) : LogLevel::kInfo, parts_.name, line);
      if (parts_.on_line) {
        parts_.on_line(line);
      }
    }
  }
}

}  // namespace printfleet::daemon
