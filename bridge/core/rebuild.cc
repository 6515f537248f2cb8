// Core out of the store: what is open goes on, nothing is marked cancelled.
#include "base/text.h"
#include "core/core.h"
#include "core/snapshot.h"

namespace printfleet::core {
namespace {

// What the store knew of its state, until the printer says something new.
void AdoptStatus(printer::Printer& printer, const StatusRow& status) {
  const auto state = printer::ParseState(status.state);
  printer.cut_off = state == printer::State::kOffline;
  // Presence is of the past: the printer is `unknown` until it is heard.
  printer.work_state =
      state && *state != printer::State::kOffline ? *state : printer::State::kUnknown;
  printer.state_since = status.state_since;
  printer.readings = status.readings;
  printer.address = status.address;
  printer.last_error = status.last_error;
  printer.reported_at = status.reported_at;
  printer.received_at = status.received_at;
}

// The options as seal.cc wrote them.
fleet::Options OptionsOf(const std::string& options_json) {
  fleet::Options options;
  json::Parser parser;
  const auto parsed = parser.Parse(options_json, json::Limits{});
  if (!parsed.ok()) {
    return options;
  }
  if (const auto timeout = (*parsed)["timeout_s"].Int()) {
    options.timeout = seconds(*timeout);
  }
  if (const auto max = (*parsed)["max_in_flight"].Int()) {
    options.max_in_flight = static_cast<int>(*max);
  }
  options.interval = milliseconds((*parsed)["interval_ms"].Int().value_or(0));
  options.heating = (*parsed)["heating_limit"].Int();
  options.wait_when_offline = (*parsed)["on_offline"].String() == "wait";
  if (const auto expires = (*parsed)["expires_at"].String()) {
    options.expires_at = ParseIso8601(*expires);
  }
  return options;
}

}  // namespace

void Core::Rebuild(Loaded loaded, const Instant& now) {
  const bool live = world_.live;
  auto new_msgid = std::move(world_.new_msgid);
  fleet::FileAccess files = std::move(world_.files);
  world_ = fleet::World{};
  remembered_ = Remembered(static_cast<size_t>(settings_.commands.remembered_max),
                           settings_.commands.remember);
  world_.new_msgid = std::move(new_msgid);
  world_.files = std::move(files);
  world_.live = live;
  world_.ledger.Mutable() = loaded.ledger;
  notify_ = {};
  for (LoadedPrinter& stored : loaded.printers) {
    printer::Printer printer;
    printer.registration = std::move(stored.registration);
    printer.registration.model = models_.NameOf(printer.registration.model_id);
    printer.state_since = now.wall;
    if (stored.status) {
      AdoptStatus(printer, *stored.status);
    }
    const PrinterId id = printer.registration.id;
    sessions_.Learn(id, printer.address);
    if (printer.registration.enrolment != printer::Enrolment::kRetired) {
      batch_asks_.push_back({Asks::Ask{id, printer::Questions{true, true, true}}, false});
    }
    world_.printers.Put(id, std::move(printer));
  }
  for (printer::Job& job : loaded.jobs) {
    if (world_.printers.Find(job.printer_id) != nullptr) {
      const PrinterId id = job.printer_id;
      printer::AdoptJob(world_.printers.Mutable(id), std::move(job), ContextAt(now, false, live));
    }
  }
  for (fleet::Artifact& artifact : loaded.artifacts) {
    const ArtifactId id = artifact.id;
    world_.artifacts.Put(id, std::move(artifact));
  }
  for (auto& [key, remembered] : loaded.requests) {
    world_.requests.Put(key, remembered);
  }
  // What was loaded is committed already; what adopting changes is the first batch.
  Merge(now);
  adopting_notifications_ = std::move(loaded.notifications);
  adopting_ = std::move(loaded.commands);
  AdoptCommands(now);
}

void Core::AdoptCommands(const Instant& now) {
  fleet::Output output;
  for (const LoadedCommand& stored : adopting_) {
    AdoptStored(stored, now, output);
  }
  stepped_ = true;
  Absorb(std::move(output), now);
  if (!adopting_notifications_.empty()) {
    NotifyOutput notifications;
    AdoptNotifications(notify_.Mutable(), NotifyContextAt(now), adopting_notifications_,
                       notifications);
    Take(std::move(notifications), now);
  }
}

void Core::AdoptStored(LoadedCommand stored, const Instant& now, fleet::Output& output) {
  CommandRow& row = stored.row;
  fleet::Command command;
  command.id = row.id;
  command.created_at = row.created_at;
  command.deadline_wall = row.deadline_at;
  command.target_hash = row.target_hash;
  command.request.spec = fleet::FindCommand(row.command);
  command.request.id = row.request_id;
  command.request.target_json = row.target_json;
  command.request.args_json = row.args_json;
  command.request.options = OptionsOf(row.options_json);
  command.request.body = DigestFromHex(row.body_digest).value_or(Digest{});
  command.request.reply_to = {row.author, row.reply_topic, row.correlation_data, row.reply_stream};
  if (command.request.spec == nullptr) {
    return;  // of a newer program; left as it is
  }
  for (fleet::Execution& execution : stored.executions) {
    const printer::Printer* printer = world_.printers.Find(execution.key.printer_id);
    execution.printer_name = printer != nullptr ? printer->registration.name : "";
  }
  fleet::AdoptCommand(world_, rules(), std::move(command), std::move(stored.executions), now,
                      output);
}

void Core::AdoptSnapshot(std::vector<printer::Registration> registrations) {
  for (printer::Registration& registration : registrations) {
    printer::Printer printer;
    printer.registration = std::move(registration);
    const PrinterId id = printer.registration.id;
    world_.printers.Put(id, std::move(printer));
  }
  world_.Merge();
}

std::string Core::SnapshotText() const {
  std::string text;
  world_.printers.ForEach([&text](const PrinterId&, const printer::Printer& printer) {
    text += SnapshotLine(printer.registration);
  });
  return text;
}

}  // namespace printfleet::core
