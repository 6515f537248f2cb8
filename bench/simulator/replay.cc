#include "bench/simulator/replay.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <utility>

#include "bench/simulator/console.h"

namespace printfleet::simulator {
namespace {

constexpr std::int64_t kWaitMsMax = 200;
constexpr std::int64_t kBadLinesShown = 20;

int MakeSignalFd() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

}  // namespace

Replay::Replay(const ReplayOptions& options, const SessionOptions& session,
               const ServerAddress& server)
    : options_(options),
      session_(session),
      connection_(server, session, statistics_),
      of_printer_(options.of_printer),
      signal_fd_(MakeSignalFd()) {}

Replay::~Replay() {
  close(signal_fd_);
}

std::string Replay::Open() {
  if (!recording_.Open(options_.file)) {
    return options_.file + ": " + std::strerror(errno);
  }
  ReadNext();
  if (!next_) {
    return options_.file + ": nothing in it that a printer published";
  }
  const std::string& model_name = options_.model.empty() ? next_->model_id : options_.model;
  IdentityOptions identity;
  identity.model = FindModel(model_name).value_or(Model{model_name, model_name});
  identity_ = MakeIdentity(identity);
  identity_.id = options_.printer_id.empty() ? next_->printer_id : options_.printer_id;
  return "";
}

std::int64_t Replay::NowMs() const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

void Replay::ReadNext() {
  next_.reset();
  while (auto line = recording_.Next()) {
    auto* recorded = std::get_if<Recorded>(&line->content);
    if (recorded == nullptr) {
      Count(*line);
      continue;
    }
    if (of_printer_.empty()) {
      of_printer_ = recorded->printer_id;
    }
    if (recorded->printer_id == of_printer_) {
      next_ = std::move(*recorded);
      return;
    }
    ++others_;
  }
}

void Replay::Count(const Recording::Line& line) {
  const auto& skipped = std::get<NotPlayed>(line.content);
  switch (skipped.why) {
    case NotPlayed::Why::kEmpty:
      return;
    case NotPlayed::Why::kToPrinter:
      ++requests_;
      return;
    case NotPlayed::Why::kWithheld:
      ++withheld_;
      return;
    case NotPlayed::Why::kBad:
      if (++bad_ <= kBadLinesShown) {
        PrintLine(stderr, options_.file + ":" + std::to_string(line.number) + ": " +
                              skipped.problem + "; skipped");
      }
      return;
  }
}

std::int64_t Replay::DueMs() const {
  if (!next_->offset_ms || !first_offset_ms_) {
    return sent_ == 0 ? 0 : last_sent_ms_ + (next_->offset_ms ? 0 : options_.interval_ms);
  }
  if (options_.speed <= 0) {
    return 0;
  }
  const auto since = static_cast<double>(*next_->offset_ms - *first_offset_ms_);
  return began_ms_ + static_cast<std::int64_t>(since / options_.speed);
}

// Publishes what is due, as far as the session has room: more is not read from the file.
void Replay::Play() {
  while (next_ && connection_.online() && connection_.has_room() && NowMs() >= DueMs()) {
    last_sent_ms_ = NowMs();
    if (next_->offset_ms && !first_offset_ms_) {
      first_offset_ms_ = next_->offset_ms;
      began_ms_ = last_sent_ms_;
    }
    Outbound outbound;
    outbound.topic = next_->head + identity_.model.id + "/" + identity_.id + next_->tail;
    outbound.payload = std::move(next_->payload);
    outbound.qos = next_->qos;
    outbound.retain = next_->retain;
    connection_.Send(std::move(outbound));
    connection_.Write(last_sent_ms_, events_);
    ++sent_;
    ReadNext();
  }
}

void Replay::Wait() {
  std::int64_t until_ms = std::min(NowMs() + kWaitMsMax, connection_.NextDeadline());
  if (next_ && connection_.online() && connection_.has_room()) {
    until_ms = std::min(until_ms, DueMs());
  }
  const auto timeout = static_cast<int>(std::max<std::int64_t>(0, until_ms - NowMs()));
  const int events = connection_.wants_write() ? POLLIN | POLLOUT : POLLIN;
  pollfd fds[2] = {{connection_.fd(), static_cast<short>(events), 0}, {signal_fd_, POLLIN, 0}};
  poll(fds, 2, timeout);
  if ((fds[1].revents & POLLIN) != 0) {
    signalfd_siginfo info = {};
    interrupted_ = read(signal_fd_, &info, sizeof(info)) > 0 || interrupted_;
  }
  if ((fds[0].revents & POLLOUT) != 0) {
    connection_.Write(NowMs(), events_);
  }
  if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
    connection_.OnReadable(NowMs(), events_);
  }
  connection_.OnTimer(NowMs(), events_);
}

void Replay::Take(const ConnectionEvent& event) {
  switch (event.kind) {
    case ConnectionEvent::Kind::kReceived:
      ++statistics_.received;
      return;
    case ConnectionEvent::Kind::kClosed:
      lost_ = leaving_ ? "" : event.reason;
      return;
    case ConnectionEvent::Kind::kOnline:
    case ConnectionEvent::Kind::kAcked:
      return;
  }
}

bool Replay::Finished() const {
  const bool all_sent = !next_ && connection_.backlog() == 0 && !connection_.wants_write();
  return connection_.online() && (all_sent || interrupted_);
}

int Replay::Run() {
  Connect connect;
  connect.client_id = identity_.id;
  connect.user_name = identity_.user_name;
  connect.password = identity_.password;
  connect.keep_alive_s = session_.keep_alive_s;
  connect.clean_session = session_.clean_session;
  if (!connection_.Open(connect, RequestFilters(identity_, false), NowMs())) {
    PrintLine(stderr, std::string("printer-sim: no connection: ") + std::strerror(errno));
    return 3;
  }
  while (!connection_.closed() && !(interrupted_ && !connection_.online() && !leaving_)) {
    Play();
    if (!leaving_ && Finished()) {
      leaving_ = true;
      connection_.Leave(NowMs(), events_);
    }
    Wait();
    for (const ConnectionEvent& event : std::exchange(events_, {})) {
      Take(event);
    }
  }
  PrintSummary();
  return ExitCode();
}

int Replay::ExitCode() const {
  if (!lost_.empty()) {
    return 3;
  }
  return interrupted_ || bad_ > 0 ? 1 : 0;
}

void Replay::PrintSummary() const {
  if (!lost_.empty()) {
    PrintLine(stderr, "printer-sim: the connection ended: " + lost_);
  }
  PrintLine(stderr, "replayed sent=" + std::to_string(sent_) +
                        " acked=" + std::to_string(statistics_.acked) +
                        " requests_received=" + std::to_string(statistics_.received) +
                        " skipped_requests=" + std::to_string(requests_) +
                        " skipped_other_printers=" + std::to_string(others_) +
                        " skipped_withheld=" + std::to_string(withheld_) + " skipped_bad=" +
                        std::to_string(bad_) + " as=" + identity_.model.id + "/" + identity_.id);
}

}  // namespace printfleet::simulator
