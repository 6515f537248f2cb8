// Construction of the daemon, in the order of what depends on what.
#include <malloc.h>
#include <unistd.h>

#include <csignal>

#include "base/log.h"
#include "broker/config.h"
#include "child/install.h"
#include "child/run.h"
#include "core/snapshot.h"
#include "daemon/clock.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/external.h"
#include "daemon/files.h"
#include "daemon/servers.h"
#include "metrics/render.h"
#include "store/migrate.h"

namespace printfleet::daemon {
namespace {

constexpr int kArenasMax = 2;  // glibc's heaps: of the loop, and of all others together
// What is larger leaves no hole in a heap (a page of ten thousand printers, three minutes'
// digests): glibc would raise its threshold to the largest it saw [mallopt(3)].
constexpr int kOwnMappingBytes = 4 * 1024 * 1024;

// A broker with a life of its own is told to save its (new) sessions.
void SaveOwnBroker(const settings::Settings& settings) {
  if (!SignalOwnBroker(settings, SIGUSR1)) {
    LogWarning("broker", "could not be told to save; a crash before its next save may forget us");
  }
}

}  // namespace

Daemon::Daemon(const settings::Loaded& loaded)
    : settings_(loaded.settings),
      models_(loaded.models),
      error_codes_(loaded.error_codes),
      bridge_notices_(settings_.notify) {}

Daemon::~Daemon() = default;

Status Daemon::Open() {
  for (const auto step : {&Daemon::OpenDataDir, &Daemon::OpenServers, &Daemon::OpenStore,
                          &Daemon::OpenNotify, &Daemon::OpenDiscovery, &Daemon::OpenHttp}) {
    if (const Status opened = (this->*step)(); !opened.ok()) {
      return opened;
    }
  }
  OpenSpool();
  OpenBatcher();
  // Also before it is ready: a stop, or a look at why it is not, must find it.
  if (!MqttAddress().empty()) {
    WriteAddresses();
  }
  return Ok{};
}

Status Daemon::OpenDataDir() {
  if (const Status made = MakeDataDir(settings_.data_dir); !made.ok()) {
    return made;
  }
  auto lock = child::LockFile::Take(PathOf("printfleet.lock"));
  if (!lock.ok()) {
    return lock.error().Within("another daemon uses this data_dir");
  }
  lock_ = std::move(*lock);
  if (const Status pid =
          WriteFileAtomically(PathOf("printfleet.pid"), std::to_string(::getpid()) + "\n");
      !pid.ok()) {
    return pid;
  }
  auto users =
      settings::LoadUsers(settings_.users_file.empty() ? PathOf("users") : settings_.users_file);
  if (!users.ok()) {
    return users.error();
  }
  users_ = std::move(*users);
  if (const Status guarded = guard_.Open(PathOf("stepping")); !guarded.ok()) {
    return guarded;
  }
  core_ = std::make_unique<core::Core>(settings_, models_, error_codes_, users_, RandomSeed());
  if (const auto alive = ReadAlive(PathOf("alive"))) {
    const auto away = std::max(milliseconds(0), Now().wall - *alive);
    core_->links().SetDeafBeforeStart(std::chrono::ceil<seconds>(away), Now());
  } else {
    core_->links().SetDeafBeforeStart(std::chrono::hours(24 * 365), Now());
  }
  if (const auto snapshot = ReadFile(PathOf("printers.snapshot")); snapshot.ok()) {
    core_->AdoptSnapshot(core::ReadSnapshot(*snapshot));
  }
  auto secret = LoadOrMakeSecret(PathOf("secret"));
  if (!secret.ok()) {
    return secret.error();
  }
  secret_ = *secret;
  connections_ = std::make_unique<Connections>(settings_, *core_, secret_);
  return Ok{};
}

Status Daemon::OpenServers() {
  LookAtCertificates();
  if (settings_.broker.mode == settings::Mode::kExternal) {
    auto address = ExternalBroker(settings_.broker);
    if (!address.ok()) {
      return address.error();
    }
    connections_->SetBroker(std::move(*address), Now());
  } else if (settings_.broker.lifetime == settings::Lifetime::kWithDaemon) {
    // Settled now, so that a port that is taken is said at once.
    auto launch = broker::Prepare(settings_, users_, {});
    if (!launch.ok()) {
      return launch.error();
    }
    launch_ = std::move(*launch);
    for (const std::string& warning : launch_->warnings) {
      LogWarning("broker", warning);
    }
    broker_ = MakeBroker(
        settings_, users_,
        [this](const broker::Launch& started) {
          launch_ = started;
          logs_denied_ = settings_.broker.log_denied;
          AdoptBroker(started);
        },
        [this](std::string_view line) { OnBrokerLine(line); });
    // A broker that lost its newest sessions to a SIGKILL would lose reports.
    connections_->on_new_session = [this] { broker_->Signal(SIGUSR1); };
  } else {
    connections_->on_new_session = [this] { SaveOwnBroker(settings_); };
  }
  if (settings_.database.mode == settings::Mode::kManaged &&
      settings_.database.lifetime == settings::Lifetime::kOwn) {
    cluster_ = store::LocateCluster(settings_);
  } else if (settings_.database.mode == settings::Mode::kManaged) {
    auto cluster = store::PrepareCluster(settings_);
    if (!cluster.ok()) {
      return cluster.error();
    }
    cluster_ = std::move(*cluster);
    database_ = MakeDatabase(settings_);
  }
  const Instant now = Now();
  if (broker_) {
    broker_->Start(now);
  }
  if (database_) {
    database_->Start(now);
  }
  return Ok{};
}

Status Daemon::OpenStore() {
  store::Config config;
  if (cluster_) {
    config.conninfo = cluster_->conninfo;
    config.owner_conninfo = cluster_->owner_conninfo;
    config.admin_conninfo = cluster_->admin_conninfo;
  } else {
    auto conninfo = ExternalConninfo(settings_.database);
    if (!conninfo.ok()) {
      return conninfo.error();
    }
    config.conninfo = *conninfo;
  }
  config.schema_dir = store::DefaultSchemaDir();
  // Of this data_dir: another daemon of the same name must not be taken for an old self.
  config.instance = settings_.instance + "-" + secret_.substr(0, 8);
  config.connect_timeout = settings_.database.connect_timeout;
  config.retry_max = settings_.database.retry_max;
  config.request_timeout = settings_.database.request_timeout;
  config.remember = settings_.commands.remember;
  config.remembered_max = settings_.commands.remembered_max;
  config.digest_horizon = seconds(3 * settings_.broker.autosave_interval_s);
  upkeep_ = std::make_unique<Upkeep>(
      settings_,
      store::MaintainerConfig{
          .conninfo = config.owner_conninfo.empty() ? config.conninfo : config.owner_conninfo,
          .instance = config.instance,
          .connect_timeout = config.connect_timeout,
          .remember = settings_.commands.remember,
          .store = settings_.store});
  worker_ = std::make_unique<store::Worker>(std::move(config));
  worker_->Start(true);
  return Ok{};
}

void Daemon::OpenSpool() {
  spool::Config config;
  config.directory =
      settings_.spool.directory.empty() ? PathOf("spool") : settings_.spool.directory;
  config.bytes_max = settings_.spool.bytes_max;
  config.reserve_bytes = settings_.spool.reserve_bytes;
  spool_ = std::make_unique<spool::Spool>(std::move(config));
  spool_desk_ = std::make_unique<SpoolDesk>(*spool_);
  const spool::Opened opened = spool_->Open();
  spool_desk_->Adopt(opened);
  left_stops_ = opened.stops;
}

void Daemon::OpenBatcher() {
  Batcher::Hooks hooks;
  hooks.publish = [this](core::Publish publish) {
    desk_->OnPublish(publish);
    connections_->Publish(std::move(publish));
  };
  hooks.release = [this](core::Session session, uint64_t through) {
    connections_->Release(session, through);
  };
  hooks.drop_reports = [this] { connections_->DropReports(); };
  hooks.snapshot_changed = [this] { snapshot_changed_ = true; };
  hooks.notify = [this](core::Notify attempt) { SendNotification(std::move(attempt)); };
  hooks.library = [this](core::Effects& effects) { desk_->Release(effects); };
  hooks.loaded = [this] { desk_->Adopt(core_->OpenOffers()); };
  hooks.broker_status = [this](const core::Message& message) { OnBrokerStatus(message); };
  batcher_ = std::make_unique<Batcher>(settings_, *core_, *worker_, guard_, *spool_desk_,
                                       std::move(hooks));
  batcher_->AdoptStops(std::exchange(left_stops_, {}));
  connections_->SetBatcher(batcher_.get());
}

Status Daemon::OpenHttp() {
  http::Pages pages;
  pages.metrics = [this] {
    const auto snapshot = published_.Get();
    return snapshot ? metrics::RenderFleet(*snapshot, metrics::ReadProcess()) : std::string();
  };
  pages.printer_metrics = [this] {
    const auto snapshot = published_.Get();
    return snapshot ? metrics::RenderPrinters(*snapshot) : std::string();
  };
  pages.readiness = [this] {
    metrics::Condition condition = published_.condition();
    return http::Readiness{condition.trouble.empty(), std::move(condition.trouble),
                           std::move(condition.warnings)};
  };
  auto library = library::Library::Open(settings_.data_dir, settings_.library);
  if (!library.ok()) {
    return library.error();
  }
  library_ = std::move(*library);
  desk_ = std::make_unique<FileDesk>(settings_, *library_);
  desk_->SetUsers(users_);
  std::vector<http::Route> routes =
      http::MakeLibraryRoutes(*library_, desk_->Hooks(), settings_.http);
  for (http::Route& route :
       http::MakeSlicerRoutes(*library_, desk_->SlicerHooks(), PRINTFLEET_VERSION)) {
    routes.push_back(std::move(route));
  }
  auto server = http::Server::Start(settings_.http, pages, routes);
  if (!server.ok()) {
    return server.error();
  }
  http_ = std::move(*server);
  core_->SetFileAccess({PublicUrl(), secret_});
  return Ok{};
}

// How printers reach our files: as configured, or where only this machine can be meant.
std::string Daemon::PublicUrl() const {
  std::string url = settings_.http.public_url;
  while (url.ends_with('/')) {
    url.pop_back();
  }
  for (size_t i = 0; url.empty() && i < settings_.http.listeners.size(); ++i) {
    const settings::HttpListener& listener = settings_.http.listeners[i];
    if (listener.serve_files && broker::IsLoopback(listener.address)) {
      url = "http://" + http_->addresses()[i];
    }
  }
  return url;
}

std::string Daemon::MqttAddress() const {
  if (!launch_) {
    return settings_.broker.url;
  }
  std::string addresses;
  for (const settings::BrokerListener& listener : launch_->listeners) {
    addresses +=
        (addresses.empty() ? "" : ",") + listener.address + ":" + std::to_string(listener.port);
  }
  return addresses;
}

std::string Daemon::HttpAddress() const {
  std::string joined;
  for (const std::string& address : http_->addresses()) {
    joined += (joined.empty() ? "" : ",") + address;
  }
  return joined;
}

std::string Daemon::DatabaseAddress() const {
  return cluster_ ? cluster_->owner_conninfo : "external";
}

// Where everything is, for scripts and for the command line: ports may have been chosen by us.
void Daemon::WriteAddresses() {
  const std::string text = "mqtt=" + MqttAddress() + "\nhttp=" + HttpAddress() +
                           "\ndatabase=" + DatabaseAddress() + "\n";
  if (const Status written = WriteFileAtomically(PathOf("addresses"), text); !written.ok()) {
    LogWarning("daemon", "the addresses cannot be written", {{"error", written.error().message}});
  }
}

int Serve(const settings::Loaded& loaded) {
  // Each of HTTP's many threads would keep what the largest page it ever answered needed.
  ::mallopt(M_ARENA_MAX, kArenasMax);
  ::mallopt(M_MMAP_THRESHOLD, kOwnMappingBytes);
  if (const Status trusted = CheckTrust(loaded.settings.broker); !trusted.ok()) {
    LogError("daemon", trusted.error().message);
    return 2;
  }
  Daemon daemon(loaded);
  if (const Status opened = daemon.Open(); !opened.ok()) {
    LogError("daemon", opened.error().message);
    return 2;
  }
  return daemon.Run();
}

}  // namespace printfleet::daemon
