#include "child/process.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <system_error>

#include "base/check.h"
#include "child/identity.h"
#include "child/lock.h"
#include "child/spawn.h"

namespace printfleet::child {

namespace {

Error SystemError(const std::string& what) {
  return Error{Errc::kUnavailable, what + ": " + std::generic_category().message(errno)};
}

struct Opened {
  std::optional<LockFile> lock;
  Descriptor passed;
};

Result<Opened> OpenPassed(const ProcessSpec& spec) {
  Opened opened;
  if (!spec.lock_file.empty()) {
    Result<LockFile> lock = LockFile::Take(spec.lock_file);
    if (!lock.ok()) {
      return lock.error();
    }
    opened.lock = *std::move(lock);
  }
  if (!spec.passed_dir.empty()) {
    opened.passed =
        Descriptor(open(spec.passed_dir.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!opened.passed.valid()) {
      return SystemError(spec.passed_dir);
    }
  }
  return opened;
}

}  // namespace

std::string ExitStatus::Text() const {
  if (signal != 0) {
    const char* name = sigdescr_np(signal);
    return "signal " + std::to_string(signal) +
           (name != nullptr ? std::string(" (") + name + ")" : "");
  }
  return "exit code " + std::to_string(code);
}

Process::Process(pid_t pid, Descriptor exit, Descriptor output)
    : pid_(pid), exit_(std::move(exit)), output_(std::move(output)) {}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      exit_(std::move(other.exit_)),
      output_(std::move(other.output_)),
      lines_(std::move(other.lines_)) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(exit_, other.exit_);
  std::swap(output_, other.output_);
  std::swap(lines_, other.lines_);
  return *this;
}

Process::~Process() {
  if (running()) {
    Kill();
    waitpid(pid_, nullptr, 0);
  }
}

Result<Process> Process::Start(const ProcessSpec& spec) {
  Result<Identity> identity = ResolveIdentity(spec.run_as);
  if (!identity.ok()) {
    return identity.error().Within(spec.name);
  }
  Result<Opened> opened = OpenPassed(spec);
  if (!opened.ok()) {
    return opened.error().Within(spec.name);
  }
  std::array<int, 2> output{-1, -1};
  if (pipe2(output.data(), O_CLOEXEC) != 0) {
    return SystemError(spec.name + ": pipe");
  }
  Descriptor output_read(output[0]);
  const Descriptor output_write(output[1]);
  fcntl(output_read.fd(), F_SETFL, O_NONBLOCK);  // ours alone: the child's end keeps blocking
  SpawnPlan plan;
  plan.program = spec.program;
  plan.arguments.push_back(spec.program);
  plan.arguments.insert(plan.arguments.end(), spec.arguments.begin(), spec.arguments.end());
  plan.environment = ChildEnvironment(spec.environment_set, spec.environment_unset);
  plan.working_dir = spec.working_dir.empty() ? "/" : spec.working_dir;
  plan.identity = *std::move(identity);
  plan.output_fd = output_write.fd();
  plan.passed_fd = opened->passed.fd();
  plan.lock_fd = opened->lock.has_value() ? opened->lock->fd() : -1;
  plan.open_files_wanted = spec.open_files_wanted;
  plan.parent_death_signal = spec.parent_death_signal;
  const Result<pid_t> pid = Spawn(plan);
  if (!pid.ok()) {
    return pid.error().Within(spec.name);
  }
  Descriptor exit(static_cast<int>(syscall(SYS_pidfd_open, *pid, 0)));  // always close-on-exec
  if (!exit.valid()) {
    const Error error = SystemError(spec.name + ": pidfd_open");
    kill(-*pid, SIGKILL);
    waitpid(*pid, nullptr, 0);
    return error;
  }
  return Process(*pid, std::move(exit), std::move(output_read));
}

std::vector<std::string> Process::OnOutputReadable() {
  std::vector<std::string> lines;
  std::array<char, 8192> buffer{};
  for (size_t total = 0; output_.valid() && total < kReadBytesMax;) {
    const ssize_t count = read(output_.fd(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0 && errno == EAGAIN) {
      break;
    }
    if (count <= 0) {
      output_.Close();
      std::string rest = lines_.TakeRest();
      if (!rest.empty()) {
        lines.push_back(std::move(rest));
      }
      break;
    }
    lines_.Add(std::string_view(buffer.data(), static_cast<size_t>(count)), lines);
    total += static_cast<size_t>(count);
  }
  return lines;
}

ExitStatus Process::OnExit() {
  CHECK(running());
  int status = 0;
  pid_t reaped = 0;
  do {
    reaped = waitpid(pid_, &status, 0);
  } while (reaped < 0 && errno == EINTR);
  CHECK(reaped == pid_);  // nobody else in this program reaps
  pid_ = -1;
  exit_.Close();
  return WIFSIGNALED(status) ? ExitStatus{0, WTERMSIG(status)} : ExitStatus{WEXITSTATUS(status), 0};
}

void Process::Signal(int signal) const {
  if (running()) {
    kill(pid_, signal);
  }
}

void Process::Kill() const {
  if (running()) {
    kill(-pid_, SIGKILL);
    kill(pid_, SIGKILL);  // in case it has left its group
  }
}

}  // namespace printfleet::child
