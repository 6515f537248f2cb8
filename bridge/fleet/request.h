// Request: what arrived on the fleet command topic, parsed and checked as far as that needs no
// printer. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/time.h"
#include "fleet/catalog.h"
#include "printer/printer.h"
#include "protocol/request.h"
#include "settings/settings.h"

namespace printfleet::fleet {

// How a request came. Filled by core from the MQTT message.
struct Delivery {
  std::string author;  // the topic's last level; "local" for the bare topic
  settings::Role role = settings::Role::kViewer;
  bool author_known = true;  // false: no such user (external broker): refused
  bool retained = false;
  bool backlog = false;   // read while the session was catching up: it waited for us
  seconds deaf_for{0};    // with backlog: how long the daemon was deaf at most
  bool draining = false;  // what printers said meanwhile is still being read from the spool
  std::optional<uint32_t> message_expiry_s;
  std::string response_topic;    // MQTT 5, "" for none
  std::string correlation_data;  // MQTT 5
};

// Where responses go.
struct ReplyTo {
  std::string author;
  std::string topic;  // full topic name
  std::string correlation_data;
  bool stream = true;  // every event, or `done` alone with every execution
};

struct Target {
  bool all = false;
  std::vector<std::string> printers;  // ids or unique names
  std::vector<std::string> models;
  std::vector<std::string> groups;
  std::map<std::string, std::string> labels;
  std::vector<printer::State> states;
  std::vector<printer::Bed> bed;
  std::vector<printer::Enrolment> enrolment;
  std::string firmware;  // "<3.1.2", ">=3.0.9", "3.1.0", "!=…"
  std::vector<std::string> exclude;
  std::optional<int64_t> limit;
  std::optional<double> percent;

  [[nodiscard]] bool empty() const;
};

// A file of the library. What a slicer did not say is empty.
struct Artifact {
  ArtifactId id;
  std::string kind = "gcode";  // or "firmware"
  std::string name;            // unique among those that are not removed
  std::string sha256;          // what it is: hex
  std::string md5;             // what the printer compares: hex
  int64_t size_bytes = 0;
  std::string slicer;
  std::string model;     // the printer, as the slicer names it
  std::string model_id;  // the model of models.yaml that this is
  std::optional<int64_t> estimated_s;
  std::string material;
  std::optional<double> filament_mm;
  std::optional<double> filament_g;
  std::optional<int64_t> layers;
  std::string thumbnail_type;  // "image/png" and the like
  std::string added_by;
  WallTime added_at;
  std::optional<WallTime> removed_at;

  bool operator==(const Artifact&) const = default;
};

struct Options {
  bool dry_run = false;
  std::optional<seconds> timeout;
  std::optional<WallTime> expires_at;  // also from Message Expiry: the earlier of both
  int max_in_flight = 100;
  milliseconds interval{0};        // at least this long between two printers' turns
  std::optional<int64_t> heating;  // heating_limit: printers of the farm that heat at once, at most
  bool wait_when_offline = false;  // on_offline: skip | wait
  std::string if_matched;
  std::optional<int64_t> first;  // of the printers that nothing holds back, only so many, by name
};

struct Request {
  const CommandSpec* spec = nullptr;  // never nullptr after parsing
  std::string id;                     // the sender's; "" where optional and absent
  Digest body;                        // of the canonical JSON: same id, other body = conflict
  Target target;
  std::string target_json;
  std::string args_json;  // canonical, with secret arguments as "***"
  Arguments args;
  Options options;
  ReplyTo reply_to;
  std::shared_ptr<const Artifact> artifact;  // that args.artifact names; see TakeArtifact
};

// Why a request is refused, and what to change. `reason` is a stable word (a metric's label is
// not made of it): malformed, too_large, unknown_command, unknown_argument, missing_argument,
// wrong_type, out_of_range, empty_target, unknown_printer, unsupported, conflict, retained, stale,
// expired, forbidden, bad_response_topic, unavailable, too_many, not_found, target_changed,
// confirm_required.
struct Rejection {
  std::string reason;
  std::string message;
  std::string path;  // "args.bed_target_c", "" for none
};

}  // namespace printfleet::fleet
