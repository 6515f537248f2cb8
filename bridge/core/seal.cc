// The end of a batch: rows of everything that is not as it was committed, and the retained states
// whose moment has come.
#include <algorithm>

#include "core/core.h"
#include "core/discovery.h"
#include "printer/document.h"
#include "printer/state.h"

namespace printfleet::core {
namespace {

// So many printers tell their readings every fleet.state_interval; in a larger farm each waits as
// much longer, so that what the farm publishes and writes does not grow with it.
constexpr size_t kReadingsPrinters = 1000;

std::string OptionsJson(const fleet::Options& options) {
  json::Writer writer;
  writer.BeginObject()
      .Member("max_in_flight", options.max_in_flight)
      .Member("on_offline", options.wait_when_offline ? "wait" : "skip");
  if (options.interval.count() > 0) {
    writer.Member("interval_ms", static_cast<int64_t>(options.interval.count()));
  }
  if (options.heating) {
    writer.Member("heating_limit", *options.heating);
  }
  if (options.timeout) {
    writer.Member("timeout_s", static_cast<int64_t>(options.timeout->count()));
  }
  if (options.expires_at) {
    writer.Member("expires_at", FormatIso8601(*options.expires_at));
  }
  writer.EndObject();
  return writer.Take();
}

CommandRow RowOf(const fleet::Command& command) {
  CommandRow row;
  row.id = command.id;
  row.author = command.request.reply_to.author;
  row.request_id = command.request.id;
  row.command = command.request.spec != nullptr ? std::string(command.request.spec->name) : "";
  row.target_json = command.request.target_json;
  row.args_json = command.request.args_json;
  row.options_json = OptionsJson(command.request.options);
  row.state = fleet::Name(command.state);
  row.target_hash = command.target_hash;
  row.body_digest = DigestHex(command.request.body);
  row.reply_topic = command.request.reply_to.topic;
  row.correlation_data = command.request.reply_to.correlation_data;
  row.reply_stream = command.request.reply_to.stream;
  row.created_at = command.created_at;
  row.deadline_at = command.deadline_wall;
  row.finished_at = command.finished_at;
  row.result_json = command.result;
  return row;
}

// Is what the store keeps of it the same?
bool SameStored(const fleet::Execution& a, const fleet::Execution& b) {
  return a.state == b.state && a.attempts == b.attempts && a.code == b.code &&
         a.message == b.message && a.result == b.result && a.task_id == b.task_id &&
         a.job_id == b.job_id && a.msgid == b.msgid && a.sent_at == b.sent_at &&
         a.finished_at == b.finished_at;
}

StatusRow RowOf(const printer::Printer& printer) {
  StatusRow row;
  row.printer_id = printer.registration.id;
  row.online = printer::IsThere(printer);
  row.offline_reason = printer::Name(printer.offline_reason);
  row.address = printer.address;
  row.state = printer::Name(printer::EffectiveState(printer));
  row.state_since = printer.state_since;
  row.readings = printer.readings;
  if (printer.job && printer.job->open()) {
    row.progress_ratio = printer.job->progress_ratio;
    row.job_id = printer.job->id;
  }
  row.last_error = printer.last_error;
  row.reported_at = printer.reported_at;
  row.received_at = printer.received_at;
  return row;
}

}  // namespace

Effects Core::Seal(const Instant& now, bool pressed) {
  pressed_ = pressed;
  SealPrinters(now);
  SealCommands();
  SealNotifications();
  if (world_.ledger.changed() && world_.ledger.get() != world_.ledger.committed()) {
    effects_.rows.ledger = world_.ledger.get();
  }
  Effects sealed = std::move(effects_);
  effects_ = {};
  effects_.rows.reports.reserve(sealed.rows.reports.size());  // the next batch is like the last
  return sealed;
}

void Core::SealPrinters(const Instant& now) {
  const auto farms = std::max<size_t>(1, world_.printers.size() / kReadingsPrinters);
  readings_interval_ = settings_.fleet.state_interval * static_cast<int64_t>(farms);
  world_.printers.ForEachChanged(
      [&](const PrinterId& id, printer::Printer& printer) { SealPrinter(id, printer, now); });
}

void Core::SealPrinter(const PrinterId& id, printer::Printer& printer, const Instant& now) {
  const printer::Printer* before = world_.printers.FindCommitted(id);
  const bool registration_changed =
      before == nullptr || before->registration != printer.registration;
  if (registration_changed) {
    effects_.rows.registrations.push_back({printer.registration, printer.received_at});
    effects_.snapshot_changed = true;
    SealDiscovery(before, printer);
  }
  const bool retired = printer.registration.enrolment == printer::Enrolment::kRetired;
  if (retired) {
    if (registration_changed) {
      ClearState(id);
    }
    printer.dirty = false;
    return;
  }
  const auto job_state = [](const printer::Printer& p) {
    return p.job ? std::optional(std::pair(p.job->id, p.job->state)) : std::nullopt;
  };
  if (before != nullptr && before->job != printer.job) {
    printer.job_dirty = true;
    printer.dirty = true;
  }
  if (printer.job_dirty && (before == nullptr || job_state(*before) != job_state(printer))) {
    WriteJob(printer);  // what happened to it refers to it
  }
  printer.change_unsaid |=
      registration_changed || before->presence != printer.presence ||
      printer::EffectiveState(*before) != printer::EffectiveState(printer) ||
      job_state(*before) != job_state(printer) || before->last_error != printer.last_error ||
      before->offline_reason != printer.offline_reason || before->address != printer.address ||
      before->flapping.on() != printer.flapping.on();
  printer.dirty |= printer.change_unsaid;
  if (printer.dirty && (registration_changed || !printer.flushed_at ||
                        now.mono - *printer.flushed_at >= StateInterval(printer))) {
    Flush(printer, now);
  }
}

// A change goes out at once; when more follow, as often as its subscribers need, and the last one
// always. Under load it waits as readings do.
milliseconds Core::StateInterval(const printer::Printer& printer) const {
  return printer.change_unsaid && !pressed_ ? settings_.fleet.change_interval : readings_interval_;
}

void Core::WriteJob(printer::Printer& printer) {
  if (printer.job && printer.job_dirty) {
    effects_.rows.jobs.push_back(*printer.job);
    printer.job_dirty = false;
  }
}

void Core::Flush(printer::Printer& printer, const Instant& now) {
  printer.flushed_at = now.mono;
  printer.dirty = false;
  printer.change_unsaid = false;
  effects_.rows.statuses.push_back(RowOf(printer));
  WriteJob(printer);
  effects_.publishes.push_back(StatePublish(printer));
}

void Core::SealNotifications() {
  if (!notify_.changed()) {
    return;
  }
  NotifyBook& book = notify_.Mutable();
  for (const NotificationId id : book.changed) {
    effects_.rows.notifications.push_back(book.pending.at(id).row);
  }
  book.changed.clear();
}

void Core::SealCommands() {
  for (const auto& [id, command] : world_.commands.changes()) {
    const fleet::Command* before = world_.commands.FindCommitted(id);
    if (command && (before == nullptr || before->state != command->state)) {
      effects_.rows.commands.push_back(RowOf(*command));
    }
  }
  for (const auto& [key, execution] : world_.executions.changes()) {
    const fleet::Execution* before = world_.executions.FindCommitted(key);
    if (execution && (before == nullptr || !SameStored(*before, *execution))) {
      effects_.rows.executions.push_back(*execution);
    }
  }
}

Publish Core::StatePublish(const printer::Printer& printer) const {
  Publish publish;
  publish.topic = Topic("printers/" + printer.registration.id + "/state");
  publish.payload = printer::Document(printer, error_codes_);
  publish.retain = true;
  return publish;
}

// Most changes of a registration change nothing that Home Assistant shows.
void Core::SealDiscovery(const printer::Printer* before, const printer::Printer& printer) {
  if (!settings_.home_assistant.enabled) {
    return;
  }
  const auto is_there = [](const printer::Printer* each) {
    return each != nullptr && each->registration.enrolment == printer::Enrolment::kEnrolled;
  };
  const bool was = is_there(before);
  const bool is = is_there(&printer);
  if (!was && !is) {
    return;
  }
  Publish publish = DiscoveryPublish(printer.registration, is);
  if (!was || !is || DiscoveryPublish(before->registration, true).payload != publish.payload) {
    effects_.publishes.push_back(std::move(publish));
  }
}

Publish Core::DiscoveryPublish(const printer::Registration& printer, bool there) const {
  Publish publish;
  publish.topic = DiscoveryTopic(settings_.home_assistant.discovery_prefix, printer.id);
  if (there) {
    publish.payload = DiscoveryDocument(printer, settings_.fleet.topic_root);
  }
  publish.retain = true;
  return publish;
}

void Core::ClearState(const PrinterId& printer) {
  Publish publish;
  publish.topic = Topic("printers/" + printer + "/state");
  publish.retain = true;
  effects_.publishes.push_back(std::move(publish));
}

}  // namespace printfleet::core
