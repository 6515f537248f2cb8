// The loop's view for other threads: core and its surroundings as a metrics::Snapshot. Loop thread
// only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/core.h"
#include "daemon/batcher.h"
#include "daemon/connections.h"
#include "daemon/spool_desk.h"
#include "http/traffic.h"
#include "metrics/snapshot.h"

namespace printfleet::daemon {

// What the daemon knows and core does not.
struct Surroundings {
  std::map<std::string, bool> shedding;
  metrics::Maintenance maintenance;
  bool store_connected = false;
  bool reload_ok = true;
  int64_t broker_restarts = 0;
  std::optional<uint64_t> broker_dropped;
  bool broker_logs_denied = false;
  const SpoolDesk* spool = nullptr;
  const http::Traffic* files = nullptr;
  int64_t library_bytes = 0;
  std::vector<metrics::CertificateExpiry> certificates;
  const core::NotifyBook* direct_notifications = nullptr;  // of the bridge itself
};

// `spare`: readings that nobody wants any more, for their memory.
std::shared_ptr<metrics::Snapshot> MakeSnapshot(
    const settings::Settings& settings, const core::Core& core, const Connections& connections,
    const Batcher& batcher, const Surroundings& surroundings,
    std::vector<metrics::PrinterReading> spare, const Instant& now);

}  // namespace printfleet::daemon
