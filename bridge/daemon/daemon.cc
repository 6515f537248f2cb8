// The loop: wait for what is ready, hand it on, let the batcher move, look after the children.
#include "daemon/daemon.h"

#include <malloc.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <utility>

#include "base/log.h"
#include "broker/certificate_files.h"
#include "child/install.h"
#include "daemon/bridge_topic.h"
#include "daemon/clock.h"
#include "daemon/files.h"
#include "daemon/notify_addresses.h"
#include "daemon/servers.h"

namespace printfleet::daemon {
namespace {

constexpr milliseconds kTurnMax{1000};
constexpr milliseconds kShutdownPatience{20000};
constexpr milliseconds kServersPatience{60000};
constexpr seconds kAliveInterval{5};
constexpr seconds kFindInterval{1};
constexpr seconds kTrimInterval{60};
constexpr size_t kWaitingNotesMax = 10'000;
constexpr std::string_view kBrokerLog = "$SYS/broker/log/";

}  // namespace

int Daemon::Run() {
  while (!stopping_) {
    Turn();
  }
  Shutdown();
  return 0;
}

void Daemon::Turn() {
  PollSet polls;
  polls.Add(signals_.fd(), POLLIN, [this](short) {
    while (const int signal = signals_.Take()) {
      OnSignal(signal);
    }
  });
  polls.Add(worker_->event_fd(), POLLIN, [this](short) {
    const Instant now = Now();
    for (store::Event& event : worker_->TakeEvents()) {
      if (std::holds_alternative<store::Connected>(event)) {
        store_connected_ = true;
        store_trouble_.clear();
      } else if (const auto* gone = std::get_if<store::Disconnected>(&event)) {
        store_connected_ = false;
        store_trouble_ = gone->error.message;
      }
      batcher_->OnStoreEvent(std::move(event), now);
    }
  });
  polls.Add(spool_desk_->event_fd(), POLLIN, [this](short) { spool_desk_->OnEvents(); });
  polls.Add(sender_->event_fd(), POLLIN, [this](short) { TakeNotified(Now()); });
  polls.Add(published_.wanted_fd(), POLLIN, [this](short) {
    published_.ClearWanted();
    view_wanted_ = true;
  });
  polls.Add(desk_->fd(), POLLIN, [this](short) { desk_->Take(*batcher_, Now()); });
  connections_->AddTo(polls);
  for (Server* server : {broker_.get(), database_.get()}) {
    if (server != nullptr) {
      server->AddTo(polls);
    }
  }
  polls.Wait(Timeout(Now()));

  const Instant now = Now();
  for (Server* server : {broker_.get(), database_.get()}) {
    if (server != nullptr) {
      server->Turn(now);
    }
  }
  desk_->SetStoreAvailable(batcher_->store_available());
  FindOwnServers(now);
  BreakHungRequest(now);
  batcher_->Turn(now);
  connections_->Turn(now);
  batcher_->Turn(now);
  if (snapshot_changed_ && now.mono >= next_second_) {
    WriteSnapshot();
  }
  if (now.mono >= next_second_) {
    next_second_ = now.mono + seconds(1);
    EverySecond(now);
  }
  LogDenied(settings_.broker.log_denied || core_->diagnosing());
  UpdateCondition();
  if (std::exchange(view_wanted_, false)) {
    PublishView(now);
  }
  WatchBridge(now);
  notify_.Alive(now);
}

milliseconds Daemon::Timeout(const Instant& now) const {
  MonoTime next = std::min(now.mono + kTurnMax, next_second_);
  const auto consider = [&next](std::optional<MonoTime> due) {
    if (due) {
      next = std::min(next, *due);
    }
  };
  consider(batcher_->NextDeadline(now));
  consider(connections_->NextDeadline(now));
  consider(bridge_notices_.NextDeadline());
  for (const Server* server : {broker_.get(), database_.get()}) {
    if (server != nullptr) {
      consider(server->NextDeadline());
    }
  }
  return std::max(milliseconds(0), next - now.mono);
}

void Daemon::OnSignal(int signal) {
  if (signal == SIGHUP) {
    Reload();
    return;
  }
  LogInfo("daemon", "stopping", {{"signal", signal}});
  stopping_ = true;
}

// People (and the broker's files that name them). Other settings want a restart.
void Daemon::Reload() {
  LookAtCertificates();
  auto users =
      settings::LoadUsers(settings_.users_file.empty() ? PathOf("users") : settings_.users_file);
  reload_ok_ = users.ok();
  if (!users.ok()) {
    LogError("daemon", "reload failed; the old users stay", {{"error", users.error().message}});
    return;
  }
  users_ = std::move(*users);
  core_->SetUsers(users_);
  desk_->SetUsers(users_);
  const bool has_own_life = !broker_ && launch_;
  if (has_own_life || (broker_ && broker_->ready())) {
    const Status rewritten = RewriteBrokerFiles();
    reload_ok_ = rewritten.ok();
    if (!rewritten.ok()) {
      LogError("broker", "reload failed", {{"error", rewritten.error().message}});
      return;
    }
  }
  LogInfo("daemon", "reloaded", {{"users", users_.size()}});
}

// The running broker's files as they should be now; it is told to read them again.
Status Daemon::RewriteBrokerFiles() {
  broker::LaunchOptions options;
  options.running = true;
  options.log_denied = logs_denied_;
  const auto launch = broker::Prepare(settings_, users_, options);
  if (!launch.ok()) {
    return launch.error();
  }
  Status installed = child::InstallFiles(launch->process);
  if (!installed.ok()) {
    return installed;
  }
  if (broker_) {
    broker_->Signal(SIGHUP);
  } else if (!SignalOwnBroker(settings_, SIGHUP)) {
    return Error{Errc::kUnavailable, "it has a life of its own, and could not be told"};
  }
  return Ok{};
}

// Said at start and at each reload; the metric says it all the time.
void Daemon::LookAtCertificates() {
  certificates_.clear();
  for (const broker::CertificateFile& file : broker::CertificateFiles(settings_.broker)) {
    if (file.not_after) {
      certificates_.push_back({file.listener, file.what, *file.not_after});
    }
    if (const auto warning = broker::CertificateWarning(file, Now().wall)) {
      LogWarning("broker", "certificate " + *warning,
                 {{"file", file.file}, {"listener", file.listener}});
    }
  }
}

// Costly, so only while somebody diagnoses. A broker that starts begins as settings say.
void Daemon::LogDenied(bool wanted) {
  if (!broker_ || !broker_->ready() || wanted == logs_denied_) {
    return;
  }
  logs_denied_ = wanted;
  if (const Status rewritten = RewriteBrokerFiles(); !rewritten.ok()) {
    LogError("broker", "cannot be told what to log", {{"error", rewritten.error().message}});
  }
}

void Daemon::AdoptBroker(const broker::Launch& launch) {
  mqtt::BrokerAddress address;
  address.host = launch.daemon.address;
  address.port = launch.daemon.port;
  address.user = launch.daemon.user;
  address.password = launch.daemon.password;
  connections_->SetBroker(std::move(address), Now());
}

// Servers with a life of their own are looked for until they are there.
void Daemon::FindOwnServers(const Instant& now) {
  if (settings_.broker.mode != settings::Mode::kManaged || broker_ || launch_ ||
      now.mono < next_find_) {
    return;
  }
  next_find_ = now.mono + kFindInterval;
  broker::LaunchOptions options;
  options.running = true;
  auto launch = broker::Prepare(settings_, users_, options);
  if (launch.ok()) {
    launch_ = std::move(*launch);
    AdoptBroker(*launch_);
    WriteAddresses();
  }
}

void Daemon::BreakHungRequest(const Instant& now) {
  const auto since = worker_->busy_since();
  if (since && now.mono - *since >= settings_.database.request_timeout) {
    worker_->Break();
  }
}

void Daemon::WriteSnapshot() {
  snapshot_changed_ = false;
  const Status written = WriteFileAtomically(PathOf("printers.snapshot"), core_->SnapshotText());
  if (!written.ok()) {
    LogError("daemon", "the printers' snapshot cannot be written",
             {{"error", written.error().message}});
  }
}

// Keeps for the next process up to when all requests are dealt with.
void Daemon::KeepAlive(const Instant& now) {
  if (const auto settled = core_->links().settled_at(core::Session::kCommands)) {
    TouchAlive(PathOf("alive"), now.wall - (now.mono - *settled));
  }
}

void Daemon::EverySecond(const Instant& now) {
  if (now.mono >= next_alive_) {
    next_alive_ = now.mono + kAliveInterval;
    KeepAlive(now);
  }
  if (now.mono >= next_trim_) {
    next_trim_ = now.mono + kTrimInterval;
    // What a page, a reconnection or an outage's backlog took, in whatever thread.
    ::malloc_trim(0);
  }
  spool_desk_->EverySecond();
  utc_offset_ = UtcOffset(now.wall);
  core_->SetUtcOffset(utc_offset_);
  if (batcher_->loaded()) {
    desk_->Sweep(*core_, now);
  }
  upkeep_->EverySecond(*core_, *worker_, store_connected_);
  published_.SetCondition({Trouble(now), Warnings()});
}

void Daemon::PublishView(const Instant& now) {
  Surroundings surroundings;
  surroundings.shedding = upkeep_->shedding();
  surroundings.maintenance = upkeep_->maintenance();
  surroundings.store_connected = store_connected_;
  surroundings.reload_ok = reload_ok_;
  surroundings.broker_restarts = broker_ ? broker_->restarts() : 0;
  surroundings.broker_dropped = broker_dropped_;
  surroundings.broker_logs_denied = logs_denied_;
  surroundings.spool = spool_desk_.get();
  surroundings.files = &http_->traffic();
  surroundings.library_bytes = library_->BytesUsed();
  surroundings.certificates = certificates_;
  surroundings.direct_notifications = &bridge_notices_.book();
  // Of the view before the last, unless somebody still writes his page of it.
  std::vector<metrics::PrinterReading> spare;
  if (last_view_ && last_view_.use_count() == 1) {
    std::atomic_thread_fence(std::memory_order_acquire);  // behind its last reader
    spare = std::move(last_view_->printers);
  }
  last_view_ = std::move(view_);
  view_ = MakeSnapshot(settings_, *core_, *connections_, *batcher_, surroundings, std::move(spare),
                       now);
  published_.Set(view_);
}

// Evidence waits for the store as reports do, but not without limit.
void Daemon::OnBrokerLine(std::string_view line) {
  auto note = log_reader_.Read(line);
  if (!note) {
    return;
  }
  if (core_->Receive(*note, Now()) && batcher_->waiting_events() < kWaitingNotesMax) {
    batcher_->OnEvent(*std::move(note));
  }
}

// What the broker dropped is a lost report or a lost answer: said as soon as it grows. What it
// logged while we were away is of the past.
void Daemon::OnBrokerStatus(const core::Message& message) {
  if (message.topic.starts_with(kBrokerLog)) {
    if (!message.backlog) {
      OnBrokerLine(message.payload);
    }
    return;
  }
  uint64_t dropped = 0;
  const auto read = std::from_chars(message.payload.data(),
                                    message.payload.data() + message.payload.size(), dropped);
  if (read.ec != std::errc()) {
    return;
  }
  if (dropped > broker_dropped_.value_or(0)) {
    LogWarning("broker", "dropped messages", {{"total", dropped}});
  }
  broker_dropped_ = dropped;
}

// Why the bridge cannot do what it is there for; "" when it can.
std::string Daemon::Trouble(const Instant& now) const {
  if (!store_connected_) {
    return StoreTrouble();
  }
  if (!connections_->outbound_up()) {
    const std::string& why =
        broker_ && !broker_->trouble().empty() ? broker_->trouble() : connections_->trouble();
    return "the broker is away: " + why;
  }
  if (batcher_->draining()) {
    return "draining: what was read while the database was away is being stored";
  }
  if (core_->links().Deaf(core::Session::kReports, now)) {
    return "deaf: no heartbeat comes back through the broker";
  }
  if (core_->links().Deaf(core::Session::kCommands, now)) {
    return "deaf for commands: no heartbeat comes back through the broker";
  }
  return "";
}

std::string Daemon::StoreTrouble() const {
  std::string trouble = "the database is away: " + store_trouble_;
  if (batcher_->spooling() && spool_desk_->good()) {
    return trouble + "; reports go to the spool";
  }
  return trouble;
}

// What does not keep the bridge from working, and will if nobody looks after it.
std::vector<std::string> Daemon::Warnings() const {
  std::vector<std::string> warnings;
  const spool::Contents& contents = spool_desk_->contents();
  if (contents.condition != spool::Condition::kGood) {
    warnings.push_back("spool " + std::string(spool::Name(contents.condition)) + ": " +
                       contents.trouble);
  }
  if (!contents.set_aside.empty()) {
    warnings.push_back("spool: a file that cannot be read was set aside as " + contents.set_aside);
  }
  if (spool_desk_->unwritten() > 0) {
    warnings.push_back(std::to_string(spool_desk_->unwritten()) +
                       " stops are kept in memory alone: the disk does not take them");
  }
  if (std::string disk = upkeep_->warning(); !disk.empty()) {
    warnings.push_back(std::move(disk));
  }
  return warnings;
}

void Daemon::UpdateCondition() {
  const Instant now = Now();
  const std::string trouble = Trouble(now);
  const bool changed = trouble != condition_;
  condition_ = trouble;
  if (changed) {
    SayCondition(trouble);
    published_.SetCondition({trouble, Warnings()});
  }
  if (!connections_->outbound_up()) {
    said_document_.clear();
    return;
  }
  std::string document =
      BridgeDocument(trouble.empty() ? "online" : "degraded", trouble, core_->outage());
  if (document != said_document_) {
    said_document_ = document;
    core::Publish publish;
    publish.topic = settings_.fleet.topic_root + "/bridge";
    publish.payload = std::move(document);
    publish.retain = true;
    connections_->Publish(std::move(publish));
  }
}

void Daemon::SayCondition(const std::string& trouble) {
  if (!trouble.empty()) {
    Log(said_ready_ ? LogLevel::kWarning : LogLevel::kInfo, "daemon",
        said_ready_ ? "degraded" : "starting", {{"reason", trouble}});
    notify_.Status((said_ready_ ? "degraded: " : "starting: ") + trouble);
    return;
  }
  said_ready_ = true;
  WriteAddresses();
  LogInfo("daemon", "ready",
          {{"mqtt", MqttAddress()}, {"http", HttpAddress()}, {"database", DatabaseAddress()}});
  notify_.Ready("ready");
}

// Lets a batch that is under way be committed and its effects go out, then says goodbye to the
// broker, then stops what the daemon started: the broker last, so that it keeps every report.
void Daemon::Shutdown() {
  notify_.Stopping();
  const MonoTime patience = Now().mono + kShutdownPatience;
  const auto busy = [this] {
    const mqtt::Outbound* outbound = connections_->outbound();
    const bool sending = outbound != nullptr && outbound->up() &&
                         (outbound->queued() > 0 || outbound->in_flight() > 0);
    return !batcher_->idle() || sending;
  };
  batcher_->StopReading();
  while (busy() && Now().mono < patience) {
    Turn();
  }
  if (connections_->outbound_up()) {
    core::Publish publish;
    publish.topic = settings_.fleet.topic_root + "/bridge";
    publish.payload = BridgeDocument("offline", "the daemon was stopped", {});
    publish.retain = true;
    connections_->Publish(std::move(publish));
    connections_->Turn(Now());
  }
  upkeep_->MakeRoomToEnd();
  WriteSnapshot();
  ForgetDiscovery();
  KeepAlive(Now());
  connections_->Close();
  desk_->Close();
  upkeep_.reset();
  worker_.reset();
  spool_.reset();
  sender_.reset();
  http_.reset();
  for (Server* server : {broker_.get(), database_.get()}) {
    if (server == nullptr) {
      continue;
    }
    server->Stop(Now());
    const MonoTime end = Now().mono + kServersPatience;
    while (!server->stopped() && Now().mono < end) {
      PollSet polls;
      server->AddTo(polls);
      polls.Wait(milliseconds(50));
      server->Turn(Now());
    }
  }
  LogInfo("daemon", "stopped");
}

}  // namespace printfleet::daemon
