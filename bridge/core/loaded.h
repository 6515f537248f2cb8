// Loaded: what the store gives core to rebuild itself from, at start.
#pragma once

#include <string>
#include <vector>

#include "base/digest.h"
#include "core/rows.h"

namespace printfleet::core {

struct LoadedPrinter {
  printer::Registration registration;
  std::optional<WallTime> last_seen_at;
  std::optional<StatusRow> status;
};

struct LoadedCommand {
  CommandRow row;
  std::vector<fleet::Execution> executions;
};

struct Loaded {
  std::vector<LoadedPrinter> printers;  // retired ones too
  std::vector<printer::Job> jobs;       // of each printer: the open one, or else the last one
  std::vector<LoadedCommand> commands;  // not done
  std::vector<std::pair<fleet::RequestKey, fleet::RememberedRequest>> requests;
  std::vector<fleet::Artifact> artifacts;      // not removed
  std::vector<NotificationRow> notifications;  // open and queued
  fleet::Ledger ledger;
  int64_t next_batch_seq = 1;
  SpoolMark spool;
};

}  // namespace printfleet::core
