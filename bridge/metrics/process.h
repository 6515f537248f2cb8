// What Prometheus's own client libraries say of a process, from /proc/self. Any thread.
#pragma once

#include <optional>

namespace printfleet::metrics {

struct ProcessReading {
  double cpu_s = 0;  // user and system
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double open_fds = 0;
  double max_fds = 0;
  double threads = 0;
  double start_epoch_s = 0;
};

// nullopt where /proc cannot be read.
std::optional<ProcessReading> ReadProcess();

}  // namespace printfleet::metrics
