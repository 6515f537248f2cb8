#include "daemon/view.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "printer/state.h"

namespace printfleet::daemon {
namespace {

// Into what may be another's old one: its texts' memory is used again.
void Read(const printer::Printer& printer, metrics::PrinterReading& reading) {
  reading.id = printer.registration.id;
  reading.name = printer.registration.name;
  reading.model = printer.registration.model;
  reading.firmware = printer.registration.firmware;
  reading.up = printer::IsThere(printer);
  reading.state = printer::Name(printer::EffectiveState(printer));
  reading.offline_reason = printer::Name(printer.offline_reason);
  reading.flapping = printer.flapping.on();
  reading.nozzle_temp_c = printer.readings.nozzle_temp_c;
  reading.nozzle_target_c = printer.readings.nozzle_target_c;
  reading.bed_temp_c = printer.readings.bed_temp_c;
  reading.bed_target_c = printer.readings.bed_target_c;
  reading.open_job = printer.job && printer.job->open();
  reading.progress_ratio = reading.open_job ? printer.job->progress_ratio : std::nullopt;
  reading.remaining_s = reading.open_job ? printer.job->remaining_s : std::nullopt;
  reading.last_report_at = printer.received_at;
}

// The enrolled ones, in `readings`; returns how many are pending.
uint64_t ReadPrinters(const core::Core& core, std::vector<metrics::PrinterReading>& readings) {
  uint64_t pending = 0;
  size_t count = 0;
  readings.reserve(core.world().printers.size());
  core.world().printers.ForEach([&](const PrinterId&, const printer::Printer& printer) {
    switch (printer.registration.enrolment) {
      case printer::Enrolment::kEnrolled:
        if (count == readings.size()) {
          readings.emplace_back();
        }
        Read(printer, readings[count++]);
        break;
      case printer::Enrolment::kPending:
        ++pending;
        break;
      case printer::Enrolment::kRejected:
      case printer::Enrolment::kRetired:
        break;
    }
  });
  readings.resize(count);
  return pending;
}

metrics::Traffic TrafficOf(const settings::Settings& settings, const core::Core& core,
                           const Connections& connections, const Batcher& batcher,
                           const Instant& now) {
  metrics::Traffic traffic;
  traffic.inbound_commit_duration = batcher.commit_duration();
  if (!core.links().Deaf(core::Session::kReports, now)) {
    traffic.inbound_lag_s = core.links().LagSeconds(now);
  }
  traffic.held_messages =
      connections.held(core::Session::kReports) + connections.held(core::Session::kCommands);
  if (const mqtt::Outbound* outbound = connections.outbound()) {
    const mqtt::OutboundConfig limits;
    traffic.outbound_messages = {static_cast<double>(outbound->queued()),
                                 static_cast<double>(limits.queue_messages_max)};
    traffic.outbound_bytes = {static_cast<double>(outbound->queued_bytes()),
                              static_cast<double>(limits.queue_bytes_max)};
    traffic.outbound_in_flight = static_cast<double>(outbound->in_flight());
    traffic.outbound_dropped = outbound->dropped_total();
    traffic.outbound_expired = outbound->expired_total();
    traffic.outbound_refused = outbound->refused_total();
  }
  size_t open = 0;
  int in_flight = 0;
  core.world().commands.ForEach([&](CommandId, const fleet::Command& command) {
    open += command.state == fleet::CommandState::kAccepted ? 1U : 0U;
    in_flight += command.in_flight;
  });
  traffic.open_commands = {static_cast<double>(open),
                           static_cast<double>(settings.commands.open_max)};
  traffic.open_executions = {static_cast<double>(in_flight),
                             static_cast<double>(settings.commands.max_in_flight)};
  traffic.remembered_requests = {static_cast<double>(core.world().requests.size()),
                                 static_cast<double>(settings.commands.remembered_max)};
  return traffic;
}

metrics::Broker BrokerOf(const core::Core& core, const Connections& connections,
                         const Surroundings& surroundings) {
  metrics::Broker broker;
  broker.up = connections.outbound_up() && connections.session_up(core::Session::kReports) &&
              connections.session_up(core::Session::kCommands);
  broker.restarts = static_cast<uint64_t>(surroundings.broker_restarts);
  broker.dropped_messages = surroundings.broker_dropped;
  const core::Sessions& sessions = core.sessions();
  broker.refused_connections = sessions.refused_total();
  if (surroundings.broker_logs_denied || sessions.denied_total() > 0) {
    broker.denied_messages = sessions.denied_total();
  }
  return broker;
}

metrics::Notifications NotificationsOf(const settings::Notify& settings, const core::Core& core,
                                       const core::NotifyBook* direct, const Instant& now) {
  metrics::Notifications notifications;
  notifications.limit = static_cast<double>(settings.queue_max);
  for (const settings::NotifyTarget& target : settings.targets) {
    notifications.queued[target.name] = 0;
  }
  const auto count = [&](const core::NotifyBook& book) {
    for (const auto& [id, pending] : book.pending) {
      if (pending.row.state != core::NotificationState::kQueued) {
        continue;
      }
      ++notifications.queued[pending.row.message.target];
      const auto age = now.wall - pending.row.closed_at.value_or(now.wall);
      notifications.oldest_age_s =
          std::max(notifications.oldest_age_s, std::chrono::duration<double>(age).count());
    }
  };
  count(core.notifications());
  if (direct != nullptr) {
    count(*direct);
  }
  return notifications;
}

// Of what anybody but root may use.
std::optional<metrics::Fill> DiskOf(const std::string& directory) {
  struct statvfs status {};

  if (::statvfs(directory.c_str(), &status) != 0) {
    return std::nullopt;
  }
  const auto block = static_cast<double>(status.f_frsize);
  const auto used = static_cast<double>(status.f_blocks - status.f_bfree) * block;
  return metrics::Fill{used, used + static_cast<double>(status.f_bavail) * block};
}

metrics::Spool SpoolOf(const settings::Settings& settings, const Batcher& batcher,
                       const SpoolDesk& desk, const Instant& now) {
  const spool::Contents& contents = desk.contents();
  metrics::Spool spool;
  spool.messages = static_cast<double>(contents.reports + contents.records) +
                   static_cast<double>(desk.unwritten());
  if (contents.oldest_at) {
    const auto age = std::max(milliseconds(0), now.wall - *contents.oldest_at);
    spool.oldest_age_s = std::chrono::duration<double>(age).count();
  }
  spool.bytes = {static_cast<double>(contents.bytes),
                 static_cast<double>(settings.spool.bytes_max)};
  spool.state = spool::Name(contents.condition);
  spool.kept_total = contents.appended_total;
  spool.stored_total = contents.forgotten_total;
  spool.draining = batcher.draining();
  return spool;
}

// A rate of a counter that comes into being at 1 misses the first one.
void CountFromZero(metrics::Snapshot& snapshot) {
  using printer::Outcome;
  std::set<std::string_view> models;
  for (const metrics::PrinterReading& reading : snapshot.printers) {
    if (!models.insert(reading.model).second) {
      continue;
    }
    for (const Outcome outcome : {Outcome::kFinished, Outcome::kFailed, Outcome::kStopped,
                                  Outcome::kInterrupted, Outcome::kEndedUnknown}) {
      snapshot.counters.jobs.try_emplace({reading.model, std::string(Name(outcome))}, 0U);
    }
  }
  for (const auto* result : {"report", "dead_letter"}) {
    snapshot.counters.inbound_messages.try_emplace(result, 0U);
  }
}

metrics::Files FilesOf(const settings::Settings& settings, const Surroundings& surroundings) {
  metrics::Files files;
  files.library_bytes = static_cast<double>(surroundings.library_bytes);
  files.library_bytes_max = static_cast<double>(settings.library.bytes_max);
  if (surroundings.files == nullptr) {
    return files;
  }
  const http::Traffic& traffic = *surroundings.files;
  const auto count = [](const std::atomic<int64_t>& value) {
    return static_cast<uint64_t>(std::max<int64_t>(0, value.load()));
  };
  files.downloads_active = static_cast<double>(count(traffic.downloads_active));
  files.uploads_active = static_cast<double>(count(traffic.uploads_active));
  files.downloads = {{"sent", count(traffic.downloads)},
                     {"broken", count(traffic.downloads_broken)}};
  files.uploads = static_cast<double>(count(traffic.uploads));
  files.bytes_sent = static_cast<double>(count(traffic.bytes_sent));
  files.bytes_received = static_cast<double>(count(traffic.bytes_received));
  files.refused = {
      {"busy", count(traffic.refused_busy)},           {"key", count(traffic.refused_key)},
      {"too_large", count(traffic.refused_too_large)}, {"type", count(traffic.refused_type)},
      {"full", count(traffic.refused_full)},           {"other", count(traffic.refused_other)}};
  return files;
}

}  // namespace

std::shared_ptr<metrics::Snapshot> MakeSnapshot(
    const settings::Settings& settings, const core::Core& core, const Connections& connections,
    const Batcher& batcher, const Surroundings& surroundings,
    std::vector<metrics::PrinterReading> spare, const Instant& now) {
  auto snapshot = std::make_shared<metrics::Snapshot>();
  snapshot->printers = std::move(spare);
  snapshot->version = PRINTFLEET_VERSION;
  snapshot->shedding = surroundings.shedding;
  snapshot->maintenance = surroundings.maintenance;
  snapshot->printers_pending = ReadPrinters(core, snapshot->printers);
  snapshot->counters = core.counters();
  CountFromZero(*snapshot);
  snapshot->deaf = core.links().Deaf(core::Session::kReports, now) ||
                   core.links().Deaf(core::Session::kCommands, now);
  snapshot->broker = BrokerOf(core, connections, surroundings);
  const core::Outage& outage = core.outage();
  snapshot->outage = {outage.on(), outage.lost.size(), outage.missing.size()};
  snapshot->traffic = TrafficOf(settings, core, connections, batcher, now);
  snapshot->notifications =
      NotificationsOf(settings.notify, core, surroundings.direct_notifications, now);
  snapshot->files = FilesOf(settings, surroundings);
  snapshot->database_up = surroundings.store_connected;
  snapshot->traffic.spool = SpoolOf(settings, batcher, *surroundings.spool, now);
  snapshot->data_dir_bytes = DiskOf(settings.data_dir);
  snapshot->config_last_reload_successful = surroundings.reload_ok;
  snapshot->certificates = surroundings.certificates;
  return snapshot;
}

}  // namespace printfleet::daemon
