#include "child/spawn.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace printfleet::child {

namespace {

constexpr int kPassedFd = 3;
constexpr int kLockFd = 4;
constexpr int kFirstFreeFd = 10;  // sources are moved above the fixed numbers first
constexpr int kOrphaned = -1;

enum class Step { kDescriptors, kDirectory, kUser, kParent, kExec };

constexpr std::array<const char*, 5> kStepNames = {"passing its files", "entering its directory",
                                                   "changing to its user",
                                                   "tying it to this process", "executing it"};

struct Failure {
  Step step;
  int code;
};

[[noreturn]] void Fail(int report_fd, Step step, int code) {
  const Failure failure{step, code};
  const ssize_t ignored = write(report_fd, &failure, sizeof failure);
  static_cast<void>(ignored);
  _exit(127);
}

// The pid as text, without snprintf (not async-signal-safe).
void WritePid(int fd) {
  std::array<char, 24> text{};
  size_t at = text.size();
  text[--at] = '\n';
  for (pid_t pid = getpid(); pid > 0; pid /= 10) {
    text[--at] = static_cast<char>('0' + pid % 10);
  }
  if (ftruncate(fd, 0) == 0) {
    const ssize_t ignored = pwrite(fd, &text[at], text.size() - at, 0);
    static_cast<void>(ignored);
  }
}

void ResetSignals() {
  struct sigaction action {};

  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) {
    sigaction(signal, &action, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

// A kept descriptor gets its number without the close-on-exec flag.
bool Place(int source, int target) {
  return source < 0 || dup2(source, target) == target;
}

bool PlaceDescriptors(const SpawnPlan& plan, int null_fd) {
  if (plan.lock_fd >= 0) {
    WritePid(plan.lock_fd);
  }
  // Whatever a library opened without the flag must not reach the server.
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  return Place(null_fd, STDIN_FILENO) && Place(plan.output_fd, STDOUT_FILENO) &&
         Place(plan.output_fd, STDERR_FILENO) && Place(plan.passed_fd, kPassedFd) &&
         Place(plan.lock_fd, kLockFd);
}

// Groups first: after setuid we may not any more.
bool ChangeUser(const Identity& identity) {
  return !identity.change || (setgroups(identity.groups.size(), identity.groups.data()) == 0 &&
                              setgid(identity.gid) == 0 && setuid(identity.uid) == 0);
}

void RaiseOpenFiles(uint64_t wanted) {
  rlimit limit{};
  if (wanted == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
    return;
  }
  // Above the hard limit only root may; else as far as it goes.
  const rlimit raised{wanted, std::max<rlim_t>(limit.rlim_max, wanted)};
  if (setrlimit(RLIMIT_NOFILE, &raised) != 0) {
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, wanted);
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

struct Pointers {
  std::vector<char*> arguments;
  std::vector<char*> environment;
};

std::vector<char*> PointersTo(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) {
    pointers.push_back(const_cast<char*>(text.c_str()));  // execve's signature; it writes nothing
  }
  pointers.push_back(nullptr);
  return pointers;
}

[[noreturn]] void RunChild(const SpawnPlan& plan, const Pointers& pointers, pid_t parent,
                           std::array<int, 2> fds) {
  const auto [null_fd, report_fd] = fds;
  ResetSignals();
  setpgid(0, 0);
  RaiseOpenFiles(plan.open_files_wanted);
  if (!PlaceDescriptors(plan, null_fd)) {
    Fail(report_fd, Step::kDescriptors, errno);
  }
  if (!plan.working_dir.empty() && chdir(plan.working_dir.c_str()) != 0) {
    Fail(report_fd, Step::kDirectory, errno);
  }
  umask(S_IRWXG | S_IRWXO);
  if (!ChangeUser(plan.identity)) {
    Fail(report_fd, Step::kUser, errno);
  }
  // After the change of user: the kernel clears it there. A parent that died before is seen by
  // its number having gone.
  if (plan.parent_death_signal != 0 && prctl(PR_SET_PDEATHSIG, plan.parent_death_signal) != 0) {
    Fail(report_fd, Step::kParent, errno);
  }
  if (getppid() != parent) {
    Fail(report_fd, Step::kParent, kOrphaned);
  }
  execve(plan.program.c_str(), pointers.arguments.data(), pointers.environment.data());
  Fail(report_fd, Step::kExec, errno);
}

Error StartError(const SpawnPlan& plan, const Failure& failure) {
  const bool missing = failure.step == Step::kExec && failure.code == ENOENT;
  return Error{missing ? Errc::kNotFound : Errc::kUnavailable,
               plan.program + ": " + kStepNames.at(static_cast<size_t>(failure.step)) + ": " +
                   std::generic_category().message(failure.code) +
                   (missing ? " (is its package installed?)" : "")};
}

// Copies above the fixed numbers, close-on-exec.
Result<Descriptor> Lift(int fd) {
  if (fd < 0) {
    return Descriptor();
  }
  Descriptor copy(fcntl(fd, F_DUPFD_CLOEXEC, kFirstFreeFd));
  if (!copy.valid()) {
    return Error{Errc::kUnavailable,
                 std::string("fcntl: ") + std::generic_category().message(errno)};
  }
  return copy;
}

}  // namespace

Result<pid_t> Spawn(const SpawnPlan& plan) {
  SpawnPlan lifted = plan;
  std::array<int, 2> report{-1, -1};
  if (pipe2(report.data(), O_CLOEXEC) != 0) {
    return Error{Errc::kUnavailable,
                 std::string("pipe: ") + std::generic_category().message(errno)};
  }
  const Descriptor report_read(report[0]);
  Descriptor report_write(report[1]);
  const Descriptor null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::array<Descriptor, 5> copies;
  const std::array<int, 5> sources = {plan.output_fd, plan.passed_fd, plan.lock_fd,
                                      report_write.fd(), null.fd()};
  for (size_t i = 0; i < sources.size(); ++i) {
    Result<Descriptor> copy = Lift(sources[i]);
    if (!copy.ok()) {
      return copy.error();
    }
    copies[i] = *std::move(copy);
  }
  lifted.output_fd = copies[0].fd();
  lifted.passed_fd = copies[1].fd();
  lifted.lock_fd = copies[2].fd();
  const Pointers pointers{PointersTo(plan.arguments), PointersTo(plan.environment)};
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    return Error{Errc::kUnavailable,
                 std::string("fork: ") + std::generic_category().message(errno)};
  }
  if (pid == 0) {
    RunChild(lifted, pointers, parent, {copies[4].fd(), copies[3].fd()});
  }
  report_write.Close();
  copies[3].Close();
  Failure failure{};
  ssize_t count = 0;
  do {
    count = read(report_read.fd(), &failure, sizeof failure);  // ends with the exec
  } while (count < 0 && errno == EINTR);
  if (count == static_cast<ssize_t>(sizeof failure)) {
    waitpid(pid, nullptr, 0);
    return StartError(plan, failure);
  }
  return pid;
}

std::vector<std::string> ChildEnvironment(const std::vector<std::string>& set,
                                          const std::vector<std::string>& unset) {
  std::vector<std::string> environment;
  const auto listed = [](const std::vector<std::string>& names, std::string_view name) {
    return std::any_of(names.begin(), names.end(), [name](std::string_view entry) {
      return entry.substr(0, entry.find('=')) == name;
    });
  };
  // NOTIFY_SOCKET: Mosquitto and PostgreSQL would report to our own service manager as us.
  const std::vector<std::string> always = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                           "LISTEN_FDS",    "LISTEN_PID",    "LISTEN_FDNAMES"};
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    if (!listed(always, name) && !listed(unset, name) && !listed(set, name)) {
      environment.emplace_back(text);
    }
  }
  environment.insert(environment.end(), set.begin(), set.end());
  return environment;
}

}  // namespace printfleet::child
