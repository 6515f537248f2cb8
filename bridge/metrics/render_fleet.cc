// The page of the process and the fleet as a whole.
#include <map>
#include <utility>

#include "metrics/families.h"
#include "metrics/render.h"

namespace printfleet::metrics {
namespace {

using prometheus::MetricType;
using PairCounts = std::map<std::pair<std::string, std::string>, uint64_t>;
using Counts = std::map<std::string, uint64_t>;

Family Counted(Family family, const Counts& counts, const char* label) {
  for (const auto& [value, count] : counts) {
    family.Add(static_cast<double>(count), {{label, value}});
  }
  return family;
}

Family Counted(Family family, const PairCounts& counts,
               const std::pair<const char*, const char*>& labels) {
  for (const auto& [values, count] : counts) {
    family.Add(static_cast<double>(count),
               {{labels.first, values.first}, {labels.second, values.second}});
  }
  return family;
}

template <typename Histogram>
Family Observed(Family family, const Histogram& histogram) {
  family.Add(histogram);
  return family;
}

// A dead printer, a dead farm and a deaf bridge: the first has a reason here, the second is
// farm_outage, the third has all printers in state unknown.
void AddPresence(Families& page, const Snapshot& snapshot) {
  Counts offline;
  Counts offline_with_job;
  double flapping = 0;
  for (const PrinterReading& printer : snapshot.printers) {
    flapping += printer.flapping ? 1 : 0;
    const bool is_offline = !printer.offline_reason.empty();
    if (is_offline) {
      ++offline[std::string(printer.offline_reason)];
    }
    offline_with_job[printer.model] += is_offline && printer.open_job ? 1U : 0U;
  }
  page.Gauge("bridge_deaf", "1 while reports or commands do not get through the broker to us.",
             snapshot.deaf ? 1 : 0);
  page.Add(Counted({MetricType::Gauge, "printers_offline_with_job",
                    "Printers that went offline while they printed."},
                   offline_with_job, "model"));
  page.Add(Counted({MetricType::Gauge, "printers_offline", "Printers that are offline, by why."},
                   offline, "reason"));
  page.Gauge("printers_flapping", "Printers that come and go all the time.", flapping);
  page.Gauge("farm_outage", "1 while many printers are gone that were lost at once.",
             snapshot.outage.on ? 1 : 0);
  page.Gauge("farm_outage_lost_printers", "Printers lost in the outage that is on.",
             static_cast<double>(snapshot.outage.lost));
  page.Gauge("farm_outage_missing_printers", "Printers of the outage that are not back.",
             static_cast<double>(snapshot.outage.missing));
  page.Counter("farm_outages_total", "How often many printers were lost at once.",
               static_cast<double>(snapshot.counters.farm_outages));
}

void AddFleet(Families& page, const Snapshot& snapshot) {
  PairCounts printers;
  for (const PrinterReading& printer : snapshot.printers) {
    ++printers[{printer.model, std::string(printer.state)}];
  }
  page.Add(Counted({MetricType::Gauge, "printers", "Printers of the fleet, pending ones left out."},
                   printers, {"model", "state"}));
  page.Gauge("printers_pending", "Printers that were heard of and not enrolled yet.",
             static_cast<double>(snapshot.printers_pending));
  AddPresence(page, snapshot);
  const core::Counters& counters = snapshot.counters;
  page.Add(Counted({MetricType::Counter, "jobs_total", "Prints that ended."}, counters.jobs,
                   {"model", "outcome"}));
  page.Add(Observed({MetricType::Histogram, "job_duration_seconds", "How long ended prints took."},
                    counters.job_duration));
  page.Add(Counted({MetricType::Counter, "commands_total", "Executions of commands that ended."},
                   counters.commands, {"command", "result"}));
  page.Add(Observed({MetricType::Histogram, "command_duration_seconds",
                     "Time from sending a command to a printer to its result."},
                    counters.command_duration));
  const Traffic& traffic = snapshot.traffic;
  page.Gauge("open_commands", "Commands accepted and not done.", traffic.open_commands.used);
  page.Gauge("open_commands_limit", "At how many open commands new ones are refused.",
             traffic.open_commands.limit);
  page.Gauge("open_executions", "Executions sent to printers and not ended.",
             traffic.open_executions.used);
  page.Gauge("open_executions_limit", "How many executions are in flight over the farm at most.",
             traffic.open_executions.limit);
  page.Gauge("remembered_requests", "Ids of requests kept in memory against repetition.",
             traffic.remembered_requests.used);
  page.Gauge("remembered_requests_limit", "How many ids of requests are kept in memory at most.",
             traffic.remembered_requests.limit);
}

void AddSpool(Families& page, const Spool& spool) {
  page.Gauge("spool_bytes", "Bytes of the spool on the disk.", spool.bytes.used);
  page.Gauge("spool_limit_bytes", "At how many bytes it takes no more reports.", spool.bytes.limit);
  Family state(MetricType::Gauge, "spool_state", "1 with the spool's current state as label.");
  state.Add(1, {{"state", std::string(spool.state)}});
  page.Add(std::move(state));
  page.Gauge("spool_draining", "1 while reports come from the spool.", spool.draining ? 1 : 0);
  page.Counter("spool_kept_total", "Messages that were put into the spool.",
               static_cast<double>(spool.kept_total));
  page.Counter("spool_stored_total", "Messages of the spool that the store has taken.",
               static_cast<double>(spool.stored_total));
}

void AddInbound(Families& page, const Snapshot& snapshot) {
  const core::Counters& counters = snapshot.counters;
  page.Add(Counted({MetricType::Counter, "inbound_messages_total",
                    "Messages from the broker that were stored, by what they were."},
                   counters.inbound_messages, "result"));
  page.Counter("inbound_duplicates_total", "Reports that the broker delivered again.",
               static_cast<double>(counters.duplicates));
  page.Add(Counted({MetricType::Counter, "dead_letters_total",
                    "Messages that could not be used and were put aside."},
                   counters.dead_letters, "reason"));
  page.Add(Counted({MetricType::Counter, "field_errors_total",
                    "Fields of reports that were not what they should be."},
                   counters.field_errors, {"type", "field"}));
  const Traffic& traffic = snapshot.traffic;
  page.Add(Observed({MetricType::Histogram, "inbound_commit_duration_seconds",
                     "How long the store took to commit a batch."},
                    traffic.inbound_commit_duration));
  if (traffic.inbound_lag_s) {
    page.Gauge("inbound_lag_seconds", "Round trip of the last heartbeat through the broker.",
               *traffic.inbound_lag_s);
  }
  page.Gauge("held_messages", "Messages read and not acknowledged, because not committed.",
             traffic.held_messages);
  page.Gauge("spool_messages", "Messages kept on local disk that the store does not have yet.",
             traffic.spool.messages);
  page.Gauge("spool_oldest_age_seconds", "How long the oldest of them waits; 0 when none does.",
             traffic.spool.oldest_age_s);
  AddSpool(page, traffic.spool);
}

void AddOutbound(Families& page, const Traffic& traffic) {
  page.Gauge("outbound_queue_messages", "Messages that wait to be published.",
             traffic.outbound_messages.used);
  page.Gauge("outbound_queue_limit_messages", "At how many waiting messages the oldest is dropped.",
             traffic.outbound_messages.limit);
  page.Gauge("outbound_queue_bytes", "Size of the messages that wait to be published.",
             traffic.outbound_bytes.used);
  page.Gauge("outbound_queue_limit_bytes", "At how many waiting bytes the oldest is dropped.",
             traffic.outbound_bytes.limit);
  page.Gauge("outbound_in_flight_messages", "Messages published and not acknowledged.",
             traffic.outbound_in_flight);
  page.Counter("outbound_dropped_messages_total", "Messages dropped because the queue was full.",
               static_cast<double>(traffic.outbound_dropped));
  page.Counter("outbound_expired_messages_total", "Messages whose time ran out in the queue.",
               static_cast<double>(traffic.outbound_expired));
  page.Counter("outbound_refused_messages_total", "Messages that the broker refused.",
               static_cast<double>(traffic.outbound_refused));
}

// Nothing where nobody is told.
void AddNotifications(Families& page, const Snapshot& snapshot) {
  const Notifications& notifications = snapshot.notifications;
  if (notifications.queued.empty()) {
    return;
  }
  page.Add(
      Counted({MetricType::Counter, "notifications_total",
               "Messages to targets of notify: sent, failed (given up), dropped (too many), and "
               "attempts to be retried."},
              snapshot.counters.notifications, {"target", "result"}));
  page.Add(
      Counted({MetricType::Gauge, "notifications_queued", "Messages that are closed and not sent."},
              notifications.queued, "target"));
  page.Gauge("notifications_queued_limit",
             "At how many messages of a target its oldest is given up.", notifications.limit);
  page.Gauge("notifications_oldest_age_seconds",
             "How long the oldest message has waited since it was closed; 0: none does.",
             notifications.oldest_age_s);
}

void AddFiles(Families& page, const Files& files) {
  page.Gauge("http_downloads_active", "Files that are being sent now.", files.downloads_active);
  page.Gauge("http_uploads_active", "Files that are being received now.", files.uploads_active);
  page.Add(Counted({MetricType::Counter, "http_downloads_total",
                    "Requests that were answered with bytes of a file, by how they ended."},
                   files.downloads, "result"));
  page.Counter("http_uploads_total", "Files that were taken.", files.uploads);
  page.Add(Counted({MetricType::Counter, "http_files_refused_total",
                    "Uploads and downloads that were refused, by why."},
                   files.refused, "reason"));
  page.Counter("http_file_sent_bytes_total", "Bytes of files that were sent.", files.bytes_sent);
  page.Counter("http_file_received_bytes_total", "Bytes of files that were received.",
               files.bytes_received);
  page.Gauge("library_bytes", "Size of all files of the library.", files.library_bytes);
  page.Gauge("library_limit_bytes", "library.bytes_max: beyond it uploads are refused.",
             files.library_bytes_max);
}

void AddMaintenance(Families& page, const Maintenance& maintenance) {
  page.Add(Counted({MetricType::Counter, "maintenance_rows_deleted_total",
                    "Rows that were deleted because they were old."},
                   maintenance.rows_deleted, "table"));
  page.Add(Counted({MetricType::Counter, "maintenance_partitions_dropped_total",
                    "Days that were dropped because they were old, or the disk full."},
                   maintenance.partitions_dropped, "table"));
  page.Counter("maintenance_failures_total", "Passes of maintenance that did not get through.",
               static_cast<double>(maintenance.failures));
  if (maintenance.finished_at) {
    page.Gauge("maintenance_last_success_timestamp_seconds",
               "When a pass of maintenance last got through.",
               static_cast<double>(EpochMs(*maintenance.finished_at)) / 1000);
  }
}

void AddServices(Families& page, const Snapshot& snapshot) {
  page.Gauge("broker_up", "1 while all connections to the broker are up.",
             snapshot.broker.up ? 1 : 0);
  page.Counter("broker_restarts_total", "How often the managed broker was started again.",
               static_cast<double>(snapshot.broker.restarts));
  if (snapshot.broker.dropped_messages) {
    page.Counter("broker_dropped_messages_total", "Messages that the broker says it dropped.",
                 static_cast<double>(*snapshot.broker.dropped_messages));
  }
  page.Add(Counted({MetricType::Counter, "broker_refused_connections_total",
                    "Connections that the managed broker refused, by why."},
                   snapshot.broker.refused_connections, "reason"));
  if (snapshot.broker.denied_messages) {
    page.Counter("broker_denied_total",
                 "Messages that the broker's access lists refused, while it logs them.",
                 static_cast<double>(*snapshot.broker.denied_messages));
  }
  page.Gauge("database_up", "1 while the store takes batches.", snapshot.database_up ? 1 : 0);
  if (const auto& disk = snapshot.data_dir_bytes) {
    page.Gauge("data_dir_free_bytes", "Free space where data_dir is.", disk->limit - disk->used);
    page.Gauge("data_dir_size_bytes", "Size of the file system where data_dir is.", disk->limit);
  }
  Family shedding(MetricType::Gauge, "disk_shedding",
                  "1 while this is given up because the disk of data_dir is nearly full.");
  for (const auto& [step, on] : snapshot.shedding) {
    shedding.Add(on ? 1 : 0, {{"step", step}});
  }
  page.Add(std::move(shedding));
  AddMaintenance(page, snapshot.maintenance);
  page.Gauge("config_last_reload_successful",
             "1 unless the last reload of the configuration was refused.",
             snapshot.config_last_reload_successful ? 1 : 0);
  Family expiry(MetricType::Gauge, "certificate_not_after_timestamp_seconds",
                "When a certificate file of a broker's listener runs out.");
  for (const CertificateExpiry& each : snapshot.certificates) {
    expiry.Add(static_cast<double>(EpochMs(each.not_after)) / 1000,
               {{"listener", each.listener}, {"what", each.what}});
  }
  if (!snapshot.certificates.empty()) {
    page.Add(std::move(expiry));
  }
  Family build(MetricType::Gauge, "build_info", "Always 1: which version runs.");
  build.Add(1, {{"version", snapshot.version}});
  page.Add(std::move(build));
}

Family Plain(MetricType type, const char* name, const char* help, double value) {
  Family family(type, name, help, false);
  family.Add(value);
  return family;
}

// Names and meanings as Prometheus's client libraries have them.
void AddProcess(Families& page, const ProcessReading& process) {
  page.Add(Plain(MetricType::Counter, "process_cpu_seconds_total",
                 "Total user and system CPU time spent in seconds.", process.cpu_s));
  page.Add(Plain(MetricType::Gauge, "process_resident_memory_bytes",
                 "Resident memory size in bytes.", process.resident_bytes));
  page.Add(Plain(MetricType::Gauge, "process_virtual_memory_bytes", "Virtual memory size in bytes.",
                 process.virtual_bytes));
  page.Add(Plain(MetricType::Gauge, "process_open_fds", "Number of open file descriptors.",
                 process.open_fds));
  page.Add(Plain(MetricType::Gauge, "process_max_fds", "Maximum number of open file descriptors.",
                 process.max_fds));
  page.Add(Plain(MetricType::Gauge, "process_threads", "Number of threads.", process.threads));
  page.Add(Plain(MetricType::Gauge, "process_start_time_seconds",
                 "Start time of the process since unix epoch in seconds.", process.start_epoch_s));
}

}  // namespace

std::string RenderFleet(const Snapshot& snapshot, const std::optional<ProcessReading>& process) {
  Families page;
  AddFleet(page, snapshot);
  AddInbound(page, snapshot);
  AddOutbound(page, snapshot.traffic);
  AddNotifications(page, snapshot);
  AddFiles(page, snapshot.files);
  AddServices(page, snapshot);
  if (process) {
    AddProcess(page, *process);
  }
  return page.Text();
}

}  // namespace printfleet::metrics
