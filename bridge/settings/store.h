// The section `store`: what is kept, and how closely. See settings.h.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace printfleet::settings {

enum class Payloads { kNone, kUnusual, kAll };

// How long what is stored is kept, in days on which the daemon ran. 0: for ever. What is still open
// (jobs, commands, messages to people), and what is needed, stays whatever its age.
struct Retention {
  int report_log_days = 30;
  int telemetry_days = 365;
  int events_days = 365;
  int dead_letters_days = 30;
  int commands_days = 365;  // not before commands.remember
  int jobs_days = 0;        // with their events, and removed files of the library
  int audit_days = 0;
  int notifications_days = 90;
  int downloads_days = 365;
  int printer_files_days = 30;  // of retired printers

  bool operator==(const Retention&) const = default;
};

// What is given up, in this order, when so little is free where data_dir is; undone when a quarter
// more is. 0: never. Before all of these, library.free_bytes_min refuses uploads.
struct Disk {
  int64_t telemetry_free_bytes_min = int64_t{768} << 20;  // telemetry is not stored
  int64_t payloads_free_bytes_min = int64_t{512} << 20;   // payloads only of unusual reports
  int64_t history_free_bytes_min = int64_t{384}
                                   << 20;  // the oldest partitions go before their time
  int history_days_min = 7;                // but so many days stay
  int64_t commits_free_bytes_min = int64_t{128} << 20;  // nothing is stored; reports wait
  int64_t reserve_bytes = int64_t{32} << 20;            // kept for the end of a full disk's daemon

  bool operator==(const Disk&) const = default;
};

struct Store {
  Payloads payloads = Payloads::kAll;
  // A reading within its dead band of the one stored last is not stored, but for one row in each
  // telemetry_interval. 0: every change is.
  double telemetry_dead_band_c = 0.5;
  double telemetry_dead_band_ratio = 0.02;  // fan and progress
  milliseconds telemetry_interval{60000};
  seconds maintenance_interval{3600};  // how often what is old is looked for
  Retention retention;
  Disk disk;

  bool operator==(const Store&) const = default;
};

}  // namespace printfleet::settings
