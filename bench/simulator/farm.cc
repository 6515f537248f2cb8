#include "bench/simulator/farm.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <limits>
#include <system_error>

#include "bench/simulator/console.h"
#include "bench/simulator/control.h"

namespace printfleet::simulator {
namespace {

constexpr std::uint64_t kSignalKey = ~0ULL;
constexpr std::uint64_t kFetchKey = ~0ULL - 1;
constexpr std::uint64_t kControlKey = ~0ULL - 2;
constexpr std::int64_t kWaitMsMax = 200;
constexpr std::int64_t kDrainMs = 2'000;
constexpr std::int64_t kLeaveMs = 3'000;
constexpr std::int64_t kLoadPatienceMs =
    60'000;                                    // the load begins then even if some are not online
constexpr std::int64_t kLoadBurstMax = 2'000;  // reports in one turn of the loop
constexpr std::size_t kControlLineMax = 65'536;
constexpr std::size_t kOwnDescriptors = 32;

int MakeSignalFd() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

std::int64_t EpochMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

Farm::Farm(const Options& options, const ServerAddress& server)
    : options_(options),
      fetch_(options.fetch),
      shared_{options, server, statistics_, fetch_, ledger_, received_},
      started_(std::chrono::steady_clock::now()),
      started_ms_(EpochMs()),
      epoll_fd_(epoll_create1(EPOLL_CLOEXEC)),
      signal_fd_(MakeSignalFd()) {
  clients_.reserve(options.printers.size());
  for (std::size_t index = 0; index < options.printers.size(); ++index) {
    clients_.push_back(std::make_unique<Client>(index, shared_));
  }
}

Farm::~Farm() {
  close(signal_fd_);
  close(epoll_fd_);
}

std::size_t Farm::DescriptorsNeeded(const Options& options) {
  return options.printers.size() + kOwnDescriptors +
         FetchPool::DescriptorsFor(options.fetch.threads);
}

std::string Farm::OpenFiles() {
  if (!options_.ledger_file.empty() && !ledger_.Open(options_.ledger_file)) {
    return options_.ledger_file + ": " + std::system_category().message(errno);
  }
  if (!options_.received_file.empty() && !received_.Open(options_.received_file)) {
    return options_.received_file + ": " + std::system_category().message(errno);
  }
  return "";
}

// The wall clock at the start plus the monotonic time since: it never goes back.
std::int64_t Farm::NowMs() const {
  const auto since = std::chrono::steady_clock::now() - started_;
  return started_ms_ + std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

void Farm::Watch(int fd, std::uint64_t key) const {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = key;
  epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event);
}

int Farm::Run() {
  Watch(signal_fd_, kSignalKey);
  Watch(fetch_.event_fd(), kFetchKey);
  if (options_.control) {
    Watch(STDIN_FILENO, kControlKey);
  }
  const std::int64_t begin_ms = NowMs();
  connects_at_ms_ = begin_ms;
  summary_at_ms_ = begin_ms;
  for (std::size_t index = 0; index < clients_.size(); ++index) {
    Touch(index);
  }
  std::array<epoll_event, 1024> ready = {};
  for (;;) {
    const int count = epoll_wait(epoll_fd_, ready.data(), ready.size(), WaitMs());
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = ready.at(static_cast<std::size_t>(i));
      Dispatch(event.data.u64, event.events);
    }
    const std::int64_t now_ms = NowMs();
    RunTimers(now_ms);
    RunConnects(now_ms);
    RunLoad(now_ms);
    RunSummary(now_ms);
    ledger_.Flush();
    received_.Flush();
    if (RunEnd(now_ms)) {
      PrintLine(stderr, Summary());
      return 0;
    }
  }
}

int Farm::WaitMs() const {
  std::int64_t wait_ms = kWaitMsMax;
  if (!timers_.empty()) {
    wait_ms = std::min(wait_ms, timers_.top().first - NowMs());
  }
  const bool busy = !connects_.empty() || (load_since_ms_ != 0 && stage_ == Stage::kRunning);
  if (busy || stage_ != Stage::kRunning) {
    wait_ms = std::min<std::int64_t>(wait_ms, options_.rate > 500 ? 1 : 5);
  }
  return static_cast<int>(std::max<std::int64_t>(wait_ms, 0));
}

void Farm::Dispatch(std::uint64_t key, unsigned events) {
  if (key == kSignalKey) {
    ReadSignal();
  } else if (key == kFetchKey) {
    RunFetches();
  } else if (key == kControlKey) {
    ReadControl();
  } else {
    // The key carries the client's generation, so that an event of a socket closed in this very
    // turn does not reach its successor.
    const auto index = static_cast<std::size_t>(key & 0xffffffffU);
    if (clients_[index]->generation() == static_cast<int>(key >> 32U)) {
      const bool failed = (events & (EPOLLERR | EPOLLHUP)) != 0;
      clients_[index]->OnSocket(failed || (events & EPOLLIN) != 0,
                                failed || (events & EPOLLOUT) != 0, NowMs());
      Touch(index);
    }
  }
}

void Farm::Touch(std::size_t index) {
  Client& client = *clients_[index];
  const std::int64_t now_ms = NowMs();
  if (client.ConnectDue(now_ms) && !client.notes.connect_queued) {
    client.notes.connect_queued = true;
    connects_.push_back(index);
  }
  Register(index);
  const std::int64_t due_ms = client.NextDeadline();
  if (due_ms != client.notes.timer_ms && due_ms != std::numeric_limits<std::int64_t>::max()) {
    client.notes.timer_ms = due_ms;
    timers_.emplace(due_ms, index);
  }
}

void Farm::Register(std::size_t index) {
  Client& client = *clients_[index];
  if (client.connection().fd() < 0) {
    return;
  }
  epoll_event event = {};
  event.events = client.connection().wants_write() ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u64 = index | (static_cast<std::uint64_t>(client.generation()) << 32U);
  if (client.notes.epoll_generation != client.generation()) {
    client.notes.epoll_generation = client.generation();
    epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, client.connection().fd(), &event);
  } else if (client.notes.epoll_interest != event.events) {
    epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, client.connection().fd(), &event);
  }
  client.notes.epoll_interest = event.events;
}

void Farm::ReadSignal() {
  signalfd_siginfo info = {};
  if (read(signal_fd_, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
    Stop();
  }
}

void Farm::ReadControl() {
  std::array<char, 4096> buffer = {};
  const ssize_t count = read(STDIN_FILENO, buffer.data(), buffer.size());
  if (count <= 0 || control_line_.size() > kControlLineMax) {
    epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, STDIN_FILENO, nullptr);
    return;
  }
  control_line_.append(buffer.data(), static_cast<std::size_t>(count));
  for (std::size_t end = 0; (end = control_line_.find('\n')) != std::string::npos;) {
    const std::string answer = RunControl(std::string_view(control_line_).substr(0, end), *this);
    control_line_.erase(0, end + 1);
    PrintLine(stdout, answer);
  }
}

void Farm::RunFetches() {
  for (const FetchEvent& event : fetch_.Drain()) {
    if (event.done && event.result != FetchResult::kOk) {
      PrintLine(stderr, "printer-sim: " + clients_[event.printer]->printer().identity().id +
                            ": download: " + event.message);
    }
    clients_[event.printer]->OnFetch(event, NowMs());
    Touch(event.printer);
  }
}

void Farm::RunTimers(std::int64_t now_ms) {
  while (!timers_.empty() && timers_.top().first <= now_ms) {
    const auto [due_ms, index] = timers_.top();
    timers_.pop();
    Client& client = *clients_[index];
    if (client.notes.timer_ms != due_ms) {
      continue;  // overtaken by a later setting
    }
    client.notes.timer_ms = 0;
    client.OnTimer(now_ms);
    Touch(index);
  }
}

void Farm::RunConnects(std::int64_t now_ms) {
  const double since_s = static_cast<double>(now_ms - connects_at_ms_) / 1000.0;
  connects_at_ms_ = now_ms;
  // At most a tenth of a second's connects at once, after a quiet time too.
  const double most = std::max(1.0, options_.connect_rate / 10);
  connect_tokens_ = std::min(most, connect_tokens_ + since_s * options_.connect_rate);
  for (; !connects_.empty() && connect_tokens_ >= 1; connects_.pop_front()) {
    const std::size_t index = connects_.front();
    Client& client = *clients_[index];
    client.notes.connect_queued = false;
    if (stage_ == Stage::kRunning && client.ConnectDue(now_ms)) {
      connect_tokens_ -= 1;
      client.OpenConnection(now_ms);
    }
    Touch(index);
  }
}

void Farm::RunLoad(std::int64_t now_ms) {
  if (options_.rate <= 0 || stage_ != Stage::kRunning) {
    return;
  }
  if (load_since_ms_ == 0) {
    const bool all = statistics_.connects >= static_cast<std::int64_t>(clients_.size());
    if (!all && now_ms - started_ms_ < kLoadPatienceMs) {
      return;
    }
    load_since_ms_ = now_ms;
  }
  const double due = static_cast<double>(now_ms - load_since_ms_) * options_.rate / 1000.0;
  std::int64_t wanted = static_cast<std::int64_t>(due) - load_sent_;
  if (options_.messages > 0) {
    wanted = std::min(wanted, options_.messages - load_sent_);
  }
  wanted = std::min(wanted, kLoadBurstMax);
  // One round over the printers at most: where none has room, the broker sets the pace.
  std::size_t refused = 0;
  while (wanted > 0 && refused < clients_.size()) {
    const std::size_t index = load_next_;
    load_next_ = (load_next_ + 1) % clients_.size();
    if (clients_[index]->SendLoad(now_ms)) {
      ++load_sent_;
      --wanted;
      Touch(index);
      refused = 0;
    } else {
      ++refused;
    }
  }
}

void Farm::RunSummary(std::int64_t now_ms) {
  const auto interval_ms = static_cast<std::int64_t>(options_.stats_interval_s * 1000);
  if (interval_ms > 0 && now_ms - summary_at_ms_ >= interval_ms) {
    summary_at_ms_ = now_ms;
    PrintLine(stderr, Summary());
  }
}

void Farm::Stop() {
  if (stage_ == Stage::kRunning) {
    stage_ = Stage::kDraining;
    stage_until_ms_ = NowMs() + kDrainMs;
  }
}

// True when all is done.
bool Farm::RunEnd(std::int64_t now_ms) {
  if (stage_ == Stage::kRunning) {
    if (options_.messages > 0 && load_sent_ >= options_.messages && statistics_.in_flight == 0) {
      Stop();
    }
    return false;
  }
  if (stage_ == Stage::kDraining) {
    if (statistics_.in_flight > 0 && now_ms < stage_until_ms_) {
      return false;
    }
    for (std::size_t index = 0; index < clients_.size(); ++index) {
      clients_[index]->Leave(now_ms);
      Touch(index);
    }
    stage_ = Stage::kLeaving;
    stage_until_ms_ = now_ms + kLeaveMs;
  }
  const bool gone = std::all_of(clients_.begin(), clients_.end(),
                                [](const auto& client) { return client->connection().closed(); });
  return gone || now_ms >= stage_until_ms_;
}

std::string Farm::Summary() const {
  const Statistics& s = statistics_;
  const std::pair<const char*, std::int64_t> fields[] = {{"connected", s.connected},
                                                         {"published", s.published},
                                                         {"acked", s.acked},
                                                         {"in_flight", s.in_flight},
                                                         {"resent", s.resent},
                                                         {"discarded", s.discarded},
                                                         {"received", s.received},
                                                         {"accepted", s.accepted},
                                                         {"malformed", s.malformed},
                                                         {"wrong_form", s.wrong_form},
                                                         {"unknown", s.unknown},
                                                         {"duplicate", s.duplicate},
                                                         {"ignored", s.ignored},
                                                         {"jobs_started", s.jobs_started},
                                                         {"jobs_finished", s.jobs_finished},
                                                         {"jobs_failed", s.jobs_failed},
                                                         {"jobs_stopped", s.jobs_stopped},
                                                         {"fetches_ok", s.fetches_ok},
                                                         {"fetches_failed", s.fetches_failed},
                                                         {"fetched_bytes", s.fetched_bytes},
                                                         {"updates_done", s.updates_done},
                                                         {"updates_failed", s.updates_failed},
                                                         {"reboots", s.reboots},
                                                         {"connects", s.connects},
                                                         {"disconnects", s.disconnects},
                                                         {"refused", s.refused},
                                                         {"tls_failed", s.tls_failed}};
  std::string text = "printer-sim: printers=" + std::to_string(clients_.size());
  for (const auto& [name, value] : fields) {
    text.append(" ").append(name).append("=").append(std::to_string(value));
  }
  return text;
}

}  // namespace printfleet::simulator
