#include "store/maintainer.h"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

#include "base/event_fd.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "store/connection.h"
#include "store/service.h"

namespace printfleet::store {
namespace {

constexpr size_t kReportsMax = 1024;
constexpr milliseconds kFirstPassAfter{2000};
constexpr milliseconds kRetryAfter{60000};
// While partitions go before their time: so long for the free space to be measured again.
constexpr milliseconds kMakeRoomInterval{3000};
constexpr const char* kApplication = "printfleet-maintenance";

WallTime WallNow() {
  return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
}

}  // namespace

struct Maintainer::State {
  explicit State(MaintainerConfig with)
      : config(std::move(with)),
        maintenance(config.store, config.remember,
                    [this](milliseconds time) { return WaitForStop(stop, time); }) {}

  void Run();
  // Until it is time for something, or `wake`.
  void Wait(milliseconds time);
  void Pass();
  void MakeRoom();
  Result<std::unique_ptr<Session>> Connect();
  void Post(MaintenanceReport report);

  const MaintainerConfig config;
  EventFd stop;
  EventFd wake;
  SocketGuard socket;
  std::atomic<bool> allowed{false};
  std::atomic<bool> drop_history{false};
  Mailbox<MaintenanceReport> reports{kReportsMax};
  std::thread thread;

  // The thread's.
  Maintenance maintenance;
  MonoTime next_pass;
  MonoTime next_room;
  std::string told;  // the last error that was logged
  bool told_no_room = false;
};

Maintainer::Maintainer(MaintainerConfig config)
    : state_(std::make_unique<State>(std::move(config))) {}

Maintainer::~Maintainer() {
  if (!state_->thread.joinable()) {
    return;
  }
  state_->stop.Signal();
  state_->wake.Signal();
  state_->socket.Break();
  state_->thread.join();
}

void Maintainer::Start() {
  state_->thread = std::thread([this] { state_->Run(); });
}

void Maintainer::SetAllowed(bool allowed) {
  if (state_->allowed.exchange(allowed) != allowed) {
    state_->wake.Signal();
  }
}

void Maintainer::SetDropHistory(bool drop) {
  if (state_->drop_history.exchange(drop) != drop) {
    state_->wake.Signal();
  }
}

std::vector<MaintenanceReport> Maintainer::TakeReports() {
  return state_->reports.TakeAll();
}

void Maintainer::State::Run() {
  const milliseconds interval = config.store.maintenance_interval;
  next_pass = MonotonicNow() + std::min(kFirstPassAfter, interval);
  while (!WaitForStop(stop, milliseconds(0))) {
    const MonoTime now = MonotonicNow();
    if (allowed && drop_history && now >= next_room) {
      MakeRoom();
      next_room = MonotonicNow() + kMakeRoomInterval;
    } else if (allowed && now >= next_pass) {
      Pass();
    } else {
      MonoTime due = drop_history ? std::min(next_pass, next_room) : next_pass;
      Wait(allowed ? std::max(milliseconds(1), due - now) : kRetryAfter);
    }
  }
}

void Maintainer::State::Wait(milliseconds time) {
  pollfd descriptor{.fd = wake.fd(), .events = POLLIN, .revents = 0};
  if (::poll(&descriptor, 1, static_cast<int>(time.count())) > 0) {
    wake.Clear();
  }
}

Result<std::unique_ptr<Session>> Maintainer::State::Connect() {
  return store::Connect({.conninfo = config.conninfo,
                         .admin_conninfo = "",
                         .instance = config.instance,
                         .connect_timeout = config.connect_timeout,
                         .application = kApplication},
                        socket);
}

void Maintainer::State::Pass() {
  MaintenanceReport report;
  auto session = Connect();
  if (session) {
    report = maintenance.Run(**session, WallNow());
  } else {
    report.error = session.error();
  }
  const milliseconds interval = config.store.maintenance_interval;
  next_pass = MonotonicNow() + (report.error ? std::min(kRetryAfter, interval) : interval);
  if (WaitForStop(stop, milliseconds(0))) {
    report.error.reset();
  }
  Post(std::move(report));
}

void Maintainer::State::MakeRoom() {
  MaintenanceReport report;
  auto session = Connect();
  Result<std::string> dropped =
      session ? maintenance.DropEarly(**session, WallNow()) : Result<std::string>(session.error());
  if (!dropped) {
    report.error = dropped.error();
  } else if (!dropped->empty()) {
    LogWarning("store", "dropped before its time: the disk is nearly full",
               {{"partition", *dropped}});
    ++report.partitions_dropped[dropped->substr(0, dropped->rfind('_'))];
  }
  const bool nothing = dropped.ok() && dropped->empty();
  if (nothing && !told_no_room) {
    LogWarning("store", "the disk is nearly full, and no partition is left that may go",
               {{"history_days_min", config.store.disk.history_days_min}});
  }
  told_no_room = nothing;
  Post(std::move(report));
}

void Maintainer::State::Post(MaintenanceReport report) {
  if (report.error && told != report.error->message) {
    LogWarning("store", "maintenance did not get through; it is tried again",
               {{"error", report.error->message}});
  }
  told = report.error ? report.error->message : "";
  int64_t rows = 0;
  for (const auto& [table, count] : report.rows_deleted) {
    rows += count;
  }
  if (rows > 0) {
    LogInfo("store", "deleted what was old", {{"rows", rows}});
  }
  // Full only when the loop does not take: it is not worth waiting for.
  [[maybe_unused]] const bool posted = reports.Post(std::move(report));
}

}  // namespace printfleet::store
