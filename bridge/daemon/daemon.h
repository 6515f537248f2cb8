// Daemon: the loop and everything it owns, in the order of construction. Decides nothing: it
// brings events to the batcher and effects to where they belong.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "broker/launch.h"
#include "broker/log_reader.h"
#include "child/lock.h"
#include "core/bridge_notices.h"
#include "core/core.h"
#include "daemon/batcher.h"
#include "daemon/connections.h"
#include "daemon/crash_guard.h"
#include "daemon/file_desk.h"
#include "daemon/notify.h"
#include "daemon/server.h"
#include "daemon/signals.h"
#include "daemon/spool_desk.h"
#include "daemon/upkeep.h"
#include "daemon/view.h"
#include "http/server.h"
#include "library/library.h"
#include "metrics/published.h"
#include "notify/sender.h"
#include "settings/load.h"
#include "store/managed.h"
#include "store/worker.h"

namespace printfleet::daemon {

class Daemon {
 public:
  explicit Daemon(const settings::Loaded& loaded);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Takes data_dir, wires, starts the children. An Error ends the program (exit code 2).
  Status Open();

  // The loop, until SIGTERM or SIGINT; then an orderly end. Returns the exit code.
  int Run();

 private:
  // serve.cc: construction.
  Status OpenDataDir();
  void OpenSpool();
  Status OpenServers();
  Status OpenStore();
  Status OpenNotify();
  Status OpenHttp();
  void OpenBatcher();
  void WriteAddresses();
  [[nodiscard]] std::string PublicUrl() const;
  [[nodiscard]] std::string MqttAddress() const;
  [[nodiscard]] std::string HttpAddress() const;
  [[nodiscard]] std::string DatabaseAddress() const;

  // daemon.cc: the loop.
  void Turn();
  void OnSignal(int signal);
  void Reload();
  Status RewriteBrokerFiles();
  void LookAtCertificates();
  void AdoptBroker(const broker::Launch& launch);
  void FindOwnServers(const Instant& now);
  void BreakHungRequest(const Instant& now);
  void WriteSnapshot();
  void KeepAlive(const Instant& now);
  void EverySecond(const Instant& now);
  void PublishView(const Instant& now);
  void UpdateCondition();
  void SendNotification(core::Notify attempt);
  void TakeNotified(const Instant& now);
  void WatchBridge(const Instant& now);
  Status OpenDiscovery();
  void ForgetDiscovery();
  void SayCondition(const std::string& trouble);
  [[nodiscard]] std::string Trouble(const Instant& now) const;
  [[nodiscard]] std::string StoreTrouble() const;
  [[nodiscard]] std::vector<std::string> Warnings() const;
  void OnBrokerStatus(const core::Message& message);
  void OnBrokerLine(std::string_view line);
  void LogDenied(bool wanted);
  [[nodiscard]] milliseconds Timeout(const Instant& now) const;
  void Shutdown();

  [[nodiscard]] std::string PathOf(std::string_view name) const {
    return settings_.data_dir + "/" + std::string(name);
  }

  const settings::Settings settings_;
  const settings::ModelRegistry models_;
  const settings::ErrorCodes error_codes_;
  settings::Users users_;
  std::optional<child::LockFile> lock_;
  std::string secret_;  // of this data_dir: 128 bits in hex
  SignalFd signals_;
  Notify notify_;
  CrashGuard guard_;
  std::unique_ptr<spool::Spool> spool_;
  std::unique_ptr<SpoolDesk> spool_desk_;
  std::vector<std::string>
      left_stops_;  // records of an earlier process, until the batcher is there
  std::unique_ptr<core::Core> core_;
  std::unique_ptr<store::Worker> worker_;
  std::unique_ptr<Upkeep> upkeep_;
  std::unique_ptr<Connections> connections_;
  std::unique_ptr<Batcher> batcher_;
  std::unique_ptr<Server> broker_;
  std::unique_ptr<Server> database_;
  std::optional<broker::Launch> launch_;
  std::optional<store::ManagedCluster> cluster_;
  std::unique_ptr<notify::Sender> sender_;
  core::BridgeNotices bridge_notices_;
  metrics::Published published_;
  std::shared_ptr<metrics::Snapshot> view_;  // what is published
  std::shared_ptr<metrics::Snapshot> last_view_;
  bool view_wanted_ = false;
  std::unique_ptr<library::Library> library_;
  std::unique_ptr<FileDesk> desk_;
  std::unique_ptr<http::Server> http_;

  bool store_connected_ = false;
  bool snapshot_changed_ = false;
  bool stopping_ = false;
  bool said_ready_ = false;
  bool reload_ok_ = true;
  std::optional<uint64_t> broker_dropped_;
  broker::LogReader log_reader_;
  std::vector<metrics::CertificateExpiry> certificates_;
  bool logs_denied_ = false;            // what the broker's files say now
  std::string condition_ = "starting";  // the last reason said; "" is ready
  std::string said_document_;           // on this connection's bridge topic
  std::string store_trouble_ = "the database is not there yet";
  seconds utc_offset_{0};
  bool clearing_discovery_ = false;
  MonoTime next_second_;
  MonoTime next_alive_;
  MonoTime next_trim_;
  MonoTime next_find_;
};

}  // namespace printfleet::daemon
