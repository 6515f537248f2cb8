// The section `store`.
#include <utility>

#include "settings/sections.h"

namespace printfleet::settings {
namespace {

constexpr int64_t kDaysMax = 36500;
constexpr int64_t kBytesMax = int64_t{1} << 50;

void ReadRetention(Section section, Retention& retention) {
  const std::pair<const char*, int*> days[] = {
      {"report_log_days", &retention.report_log_days},
      {"telemetry_days", &retention.telemetry_days},
      {"events_days", &retention.events_days},
      {"dead_letters_days", &retention.dead_letters_days},
      {"commands_days", &retention.commands_days},
      {"jobs_days", &retention.jobs_days},
      {"audit_days", &retention.audit_days},
      {"notifications_days", &retention.notifications_days},
      {"downloads_days", &retention.downloads_days},
      {"printer_files_days", &retention.printer_files_days},
  };
  for (const auto& [key, value] : days) {
    section.Integer(key, {0, kDaysMax}, *value);
  }
  section.Finish();
}

void ReadDisk(Section section, Disk& disk) {
  const std::pair<const char*, int64_t*> steps[] = {
      {"telemetry_free_bytes_min", &disk.telemetry_free_bytes_min},
      {"payloads_free_bytes_min", &disk.payloads_free_bytes_min},
      {"history_free_bytes_min", &disk.history_free_bytes_min},
      {"commits_free_bytes_min", &disk.commits_free_bytes_min},
  };
  int64_t before = kBytesMax;
  for (const auto& [key, value] : steps) {
    section.Integer(key, {0, kBytesMax}, *value);
    if (*value > before) {
      section.Error(key, "is above the step before it: what is given up later has less free");
    }
    before = *value == 0 ? before : *value;
  }
  section.Integer("history_days_min", {1, kDaysMax}, disk.history_days_min);
  section.Integer("reserve_bytes", {0, int64_t{1} << 40}, disk.reserve_bytes);
  section.Finish();
}

}  // namespace

void ReadStore(Section section, Store& store) {
  section.Word<Payloads>(
      "payloads",
      {{"none", Payloads::kNone}, {"unusual", Payloads::kUnusual}, {"all", Payloads::kAll}},
      store.payloads);
  section.Number("telemetry_dead_band_c", {0, 20}, store.telemetry_dead_band_c);
  section.Number("telemetry_dead_band_ratio", {0, 0.5}, store.telemetry_dead_band_ratio);
  section.Time<milliseconds>("telemetry_interval_ms", {1000, 3'600'000}, store.telemetry_interval);
  section.Time<seconds>("maintenance_interval_s", {1, 86400}, store.maintenance_interval);
  ReadRetention(section.Child("retention"), store.retention);
  ReadDisk(section.Child("disk"), store.disk);
  section.Finish();
}

}  // namespace printfleet::settings
