// World: what the daemon knows and has committed, with the running batch's overlay over it.
// Core owns it, rebuilds it from the store and merges it; fleet's functions read and change it.
// Loop thread only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/overlay_map.h"
#include "fleet/command.h"
#include "printer/printer.h"

namespace printfleet {

// Reports of a whole fleet change most printers in every batch.
template <>
inline constexpr bool kOverlayReuses<printer::Printer> = true;

}  // namespace printfleet

namespace printfleet::fleet {

// Who asked, and how he called it: idempotency is per author.
struct RequestKey {
  std::string author;
  std::string request_id;

  bool operator==(const RequestKey&) const = default;
};

struct RequestKeyHash {
  size_t operator()(const RequestKey& key) const noexcept {
    return std::hash<std::string>()(key.request_id) ^ (std::hash<std::string>()(key.author) << 1);
  }
};

// A request that was accepted (or, acting on no printer, done) within commands.remember.
struct RememberedRequest {
  CommandId command_id;
  Digest body;
  WallTime at;
};

using RememberedRequests = OverlayMap<RequestKey, RememberedRequest, RequestKeyHash>;

// High-water marks and switches; one row of the store.
struct Ledger {
  int64_t next_job_id = 1;
  int64_t next_command_id = 1;
  int64_t next_event_id = 1;
  int64_t next_task_id = 1;  // our print tasks' ids are unique decimal strings
  int64_t next_report_seq = 1;
  int64_t next_artifact_id = 1;
  int64_t next_notification_id = 1;
  std::optional<std::string> hold;  // the reason, while the fleet is on hold

  bool operator==(const Ledger&) const = default;
};

// How printers fetch files from us. Set by the daemon, of the process.
struct FileAccess {
  std::string base_url;  // "http://192.0.2.10:8080", no slash at its end; "": files are not served
  std::string secret;    // of data_dir; tokens are made of it
};

struct World {
  OverlayMap<PrinterId, printer::Printer> printers;
  OverlayMap<CommandId, Command> commands;  // not done, and done ones for a short while
  OverlayMap<ExecutionKey, Execution> executions;
  // Commands with a non-final execution at this printer, oldest first.
  OverlayMap<PrinterId, std::vector<CommandId>> open_commands;
  RememberedRequests requests;
  // The last msgids of our commands to this printer, oldest first: whose answer a report is. Of
  // this process.
  OverlayMap<PrinterId, std::vector<std::string>> msgids;
  OverlayMap<ArtifactId, Artifact> artifacts;  // those that are not removed
  OverlayValue<Ledger> ledger;

  // Not part of the overlay: of the process, not of the farm.
  bool live = false;  // the reports link is caught up
  FileAccess files;
  std::function<std::string()> new_msgid;  // a UUID, from a seeded generator

  void Merge();
  void Drop();
};

}  // namespace printfleet::fleet
