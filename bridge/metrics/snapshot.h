// Snapshot: all that the metrics pages show, as plain values. The loop makes one now and then and
// publishes it (published.h); it is never changed afterwards, so any thread may read it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.h"
#include "base/ids.h"
#include "base/time.h"
#include "core/counters.h"

namespace printfleet::metrics {

// One printer of the fleet. Not for pending ones: whoever reaches the broker could make as many
// series as he likes.
struct PrinterReading {
  PrinterId id;
  std::string name;
  std::string model;
  std::string firmware;             // "" while unknown
  bool up = false;                  // online; while not, its readings are left out
  std::string_view state;           // the state document's; static text
  std::string_view offline_reason;  // static text, "" while not offline
  bool flapping = false;
  bool open_job = false;  // as far as anybody knows, it prints
  std::optional<double> nozzle_temp_c;
  std::optional<double> nozzle_target_c;
  std::optional<double> bed_temp_c;
  std::optional<double> bed_target_c;
  std::optional<double> progress_ratio;  // of the running job
  std::optional<double> remaining_s;
  std::optional<WallTime> last_report_at;
};

// A queue's fill and its limit, in its own unit.
struct Fill {
  double used = 0;
  double limit = 0;
};

struct Broker {
  bool up = false;                                      // all of our connections are up
  uint64_t restarts = 0;                                // of the managed broker
  std::optional<uint64_t> dropped_messages;             // as $SYS says; nullopt until it has
  std::map<std::string, uint64_t> refused_connections;  // by reason; of a managed broker's log
  std::optional<uint64_t> denied_messages;  // nullopt while the broker is not told to log them
};

// Printers lost all at once.
struct FarmOutage {
  bool on = false;
  uint64_t lost = 0;
  uint64_t missing = 0;
};

// What waits on local disk for the store.
struct Spool {
  double messages = 0;
  double oldest_age_s = 0;  // 0 when nothing waits
  Fill bytes;
  std::string_view state = "good";  // good, full, disk_full, unwritable
  uint64_t kept_total = 0;
  uint64_t stored_total = 0;  // that the store has taken
  bool draining = false;
};

// What passes through the daemon, and what waits in it.
struct Traffic {
  LatencyHistogram inbound_commit_duration;
  std::optional<double> inbound_lag_s;  // the heartbeat's last round trip; nullopt while deaf
  double held_messages = 0;             // read and not committed
  Spool spool;
  Fill outbound_messages;
  Fill outbound_bytes;
  double outbound_in_flight = 0;
  uint64_t outbound_dropped = 0;
  uint64_t outbound_expired = 0;
  uint64_t outbound_refused = 0;
  Fill open_commands;
  Fill open_executions;
  Fill remembered_requests;
};

// A certificate file of one of the broker's listeners.
struct CertificateExpiry {
  std::string listener;
  std::string what;  // "server" or "ca"
  WallTime not_after;
};

// Messages to people that wait for an attempt, or for the end of one.
struct Notifications {
  std::map<std::string, uint64_t> queued;  // by target: each has one
  double limit = 0;
  double oldest_age_s = 0;
};

// What HTTP moves: files of the library.
struct Files {
  double downloads_active = 0;
  double uploads_active = 0;
  std::map<std::string, uint64_t> downloads;  // by result: sent (all that was asked for), broken
  double uploads = 0;
  double bytes_sent = 0;
  double bytes_received = 0;
  std::map<std::string, uint64_t> refused;  // by reason
  double library_bytes = 0;
  double library_bytes_max = 0;
};

// What has been deleted because it was old, or because the disk was full.
struct Maintenance {
  std::map<std::string, uint64_t> rows_deleted;        // by table
  std::map<std::string, uint64_t> partitions_dropped;  // by table
  uint64_t failures = 0;
  std::optional<WallTime> finished_at;  // of the last pass that got through
};

struct Snapshot {
  std::string version;
  std::vector<PrinterReading> printers;
  uint64_t printers_pending = 0;
  FarmOutage outage;
  bool deaf = false;  // of reports or of commands
  core::Counters counters;
  Broker broker;
  Traffic traffic;
  Notifications notifications;
  Files files;
  bool database_up = false;
  std::optional<Fill> data_dir_bytes;
  std::map<std::string, bool> shedding;  // what is given up for want of disk, by step
  Maintenance maintenance;
  bool config_last_reload_successful = true;
  std::vector<CertificateExpiry> certificates;  // those that could be read
};

}  // namespace printfleet::metrics
