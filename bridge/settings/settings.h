// The configuration as the program uses it: validated, complete, with units in the names.
//
// Made once by settings/load.h from YAML; read by every layer; never changed while running (a
// reload makes a new one). Defaults here are the defaults.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "settings/notify.h"
#include "settings/store.h"

namespace printfleet::settings {

enum class Mode { kManaged, kExternal };

// Who stops a managed server: the daemon that started it, or somebody else (systemd).
enum class Lifetime { kWithDaemon, kOwn };

enum class Login { kNone, kPassword, kCertificate };

// A user's role. Each may do what those before it may.
enum class Role { kViewer, kOperator, kAdmin };

std::string_view Name(Role role);
std::optional<Role> ParseRole(std::string_view text);

// 127.0.0.0/8, ::1 or "localhost": only this machine reaches it.
bool IsLoopback(std::string_view address);

struct Tls {
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  bool require_certificate = false;
  // OpenSSL's, 0 to 2: how old certificates and ciphers may be (0: also SHA-1 and 1024 bits, which
  // the vendor's have). Unset: 0 where only printers come, else what the system says.
  std::optional<int> security_level{};

  bool operator==(const Tls&) const = default;
};

struct BrokerListener {
  std::string address = "127.0.0.1";
  uint16_t port = 1883;  // 0: a free one, kept in data_dir
  bool for_printers = true;
  bool for_people = true;
  Login login = Login::kNone;
  std::optional<Tls> tls;

  bool operator==(const BrokerListener&) const = default;
};

struct Broker {
  Mode mode = Mode::kManaged;
  Lifetime lifetime = Lifetime::kWithDaemon;
  std::vector<BrokerListener> listeners = {BrokerListener{}};
  Role local_role = Role::kAdmin;  // of author `local`, on an open loopback listener
  // External: mqtt://[user@]host:port or mqtts://…; password from the file.
  std::string url;
  std::string password_file;
  std::string ca_file;
  bool trust_command_topic = false;     // external brokers: nobody enforces the author
  milliseconds connect_timeout{10000};  // of CONNECT and SUBSCRIBE each
  milliseconds retry_max{5000};         // between two tries to connect
  // Managed limits. 0 in max_queued_messages: bounded by bytes alone.
  int64_t max_queued_messages = 0;
  int64_t max_queued_bytes = int64_t{4} << 30;
  int max_inflight_messages = 200;
  int64_t packet_bytes_max = int64_t{2} << 20;
  int autosave_interval_s = 60;
  std::string binary = "/usr/sbin/mosquitto";
  std::string run_as = "mosquitto";      // used when the daemon is root
  seconds start_timeout{60};             // reading back a large queue takes a while
  seconds stop_timeout{30};              // and so does saving it; then SIGKILL
  milliseconds restart_wait_max{30000};  // between two starts that failed
  bool log_denied = false;  // refused topics too: costly; printer.diagnose does it briefly

  bool operator==(const Broker&) const = default;
};

struct Database {
  Mode mode = Mode::kManaged;
  Lifetime lifetime = Lifetime::kWithDaemon;
  std::string url;  // external: postgresql://…, as the role that the daemon works as
  std::string password_file;
  std::string owner_url;  // external: the owner of the tables, for printfleet migrate alone
  std::string owner_password_file;
  std::string binaries_dir;  // empty: the newest /usr/lib/postgresql/<major>/bin
  std::string run_as = "postgres";
  seconds start_timeout{600};            // recovery after a crash is not to be cut short
  seconds stop_timeout{20};              // of a fast stop; then an immediate one, then SIGKILL
  milliseconds restart_wait_max{30000};  // between two starts that failed
  milliseconds request_timeout{10000};   // a request beyond it is broken off
  milliseconds connect_timeout{5000};
  milliseconds retry_max{5000};  // between two tries to connect
  int shared_buffers_mib = 128;

  bool operator==(const Database&) const = default;
};

struct HttpListener {
  std::string address = "127.0.0.1";
  uint16_t port = 8080;  // 0: a free one
  bool serve_metrics = true;
  bool serve_files = true;
  bool serve_console = true;

  bool operator==(const HttpListener&) const = default;
};

struct Http {
  std::vector<HttpListener> listeners = {HttpListener{}};
  std::string public_url;
  int worker_threads = 4;     // for all but files: health and metrics never wait for a download
  int streams_max = 100;      // downloads at a time, and as many threads more; beyond: 503
  int uploads_max = 4;        // likewise
  seconds stall_timeout{20};  // a client that takes or sends nothing for this long is cut
  int64_t stream_bytes_per_second_max = 0;   // of one download; 0: no limit
  int64_t streams_bytes_per_second_max = 0;  // of all downloads together; 0: no limit

  bool operator==(const Http&) const = default;
};

enum class Enrolment { kAuto, kManual };

struct Fleet {
  std::string topic_root = "fleet/v1";
  // Unset: auto when every printers' listener is on loopback, else manual.
  std::optional<Enrolment> enrolment;
  int printers_max = 10000;
  seconds silent_after{120};          // no report for this long: suspect
  seconds query_timeout{10};          // a suspect that does not answer: offline
  milliseconds change_interval{200};  // between two changes of a printer's state that are told
  milliseconds state_interval{1000};  // retained readings and status rows: at most one in this time
  seconds job_settle{20};             // free while a job is open: how long a final word may take
  seconds job_lost_after{3600};       // offline while a job is open: then it is interrupted
  int queries_per_second = 200;       // pacing of our own questions to printers
  int flapping_losses = 5;            // lost this often within flapping_window: it flaps
  seconds flapping_window{600};       // and is calm again after as long without a loss
  int outage_percent = 50;            // so many of those online are lost, and at least
  int outage_printers_min = 5;        // this many, within outage_window: the farm is out
  seconds outage_window{120};

  bool operator==(const Fleet&) const = default;
};

struct Inbound {
  int batch_messages_max = 8000;
  int64_t batch_bytes_max = 8 << 20;
  milliseconds batch_time{20};
  int payload_bytes_max = 1 << 20;
  int depth_max = 32;
  milliseconds hold_time{15000};  // how long messages are held for a store that is away
  milliseconds heartbeat_interval{1000};
  milliseconds deaf_after{10000};
  milliseconds keepalive{60000};
  int duplicate_window_messages = 1 << 16;
  int receive_max = 16000;
  int dead_letters_per_printer_per_minute = 1000;
  int dead_letter_bytes_max = 64 << 10;

  bool operator==(const Inbound&) const = default;
};

struct Commands {
  int request_bytes_max = 256 << 10;
  int depth_max = 16;
  seconds stop_stale{60};
  seconds attempt{15};        // Message Expiry of one attempt at most
  seconds stop_attempt{3};    // a stop is sent again after this, then after twice …
  seconds fresh{10};          // before start, heat and OTA a printer answered within this
  int max_in_flight = 10000;  // over the farm
  int heating_max = 0;        // printers that heat at once, over the farm; 0: no limit
  int open_max = 1000;        // commands accepted and not done
  int list_limit_max = 1000;
  seconds remember{30 * 24 * 3600};  // ids in memory, for idempotency; the tables know all
  int remembered_max = 100'000;      // and at most so many of them, about 0.3 KiB each

  bool operator==(const Commands&) const = default;
};

// Raw reports and records of stops on the local disk, while the database is away.
struct Spool {
  std::string directory;                      // empty: <data_dir>/spool
  int64_t bytes_max = int64_t{8} << 30;       // that reports may fill
  int64_t reserve_bytes = int64_t{16} << 20;  // besides, for stops alone, also on a full disk

  bool operator==(const Spool&) const = default;
};

// The files that printers are given to print, in data_dir/library.
struct Library {
  int64_t file_bytes_max = int64_t{1} << 30;
  int64_t bytes_max = int64_t{50} << 30;      // of all files together
  int64_t free_bytes_min = int64_t{1} << 30;  // what an upload leaves free on the disk

  bool operator==(const Library&) const = default;
};

struct Settings {
  std::string data_dir;
  std::string instance = "printfleet";
  std::string models_file;       // empty: the models.yaml that is installed with the program
  std::string error_codes_file;  // empty: likewise, error_codes.yaml
  std::string users_file;        // empty: <data_dir>/users
  Broker broker;
  Database database;
  Http http;
  Fleet fleet;
  Inbound inbound;
  Commands commands;
  Store store;
  Spool spool;
  Library library;
  Notify notify;
  HomeAssistant home_assistant;
  std::string log_level = "info";

  // fleet.enrolment, or its default by the listeners.
  [[nodiscard]] Enrolment EffectiveEnrolment() const;
};

}  // namespace printfleet::settings
