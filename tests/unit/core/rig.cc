#include "tests/unit/core/rig.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/json.h"
#include "base/text.h"
#include "printer/document.h"

namespace printfleet::core::testing {
namespace {

constexpr std::string_view kPublic = "anycubic/anycubicCloud/v1/printer/public/";
// Deadlines served at one moment before time must go on: printers, commands and our questions.
constexpr int kTicksAtOnceMax = 1000;
constexpr std::array kBoth{Session::kReports, Session::kCommands};

void CheckText(const std::string& text) {
  CHECK(IsCleanUtf8(text));
}

void CheckNumber(const std::optional<double>& number) {
  CHECK(!number || std::isfinite(*number));
}

void CheckReadings(const printer::Readings& readings) {
  CheckNumber(readings.nozzle_temp_c);
  CheckNumber(readings.nozzle_target_c);
  CheckNumber(readings.bed_temp_c);
  CheckNumber(readings.bed_target_c);
  CheckNumber(readings.fan_ratio);
  CheckNumber(readings.z_offset_mm);
}

void CheckJson(const std::string& text) {
  CheckText(text);
  json::Parser parser;
  CHECK(parser.Parse(text, json::Limits{.bytes_max = size_t{64} << 20, .depth_max = 64}).ok());
}

void CheckJob(const printer::Job& job) {
  CHECK(job.open() == (job.outcome == printer::Outcome::kNone));
  CHECK(job.open() != job.ended_at.has_value());
  CheckNumber(job.elapsed_s);
  CheckNumber(job.remaining_s);
  CheckNumber(job.material_used_mm);
  CHECK(!job.progress_ratio || (*job.progress_ratio >= 0 && *job.progress_ratio <= 1));
}

// What PostgreSQL takes: clean text, finite numbers, JSON where JSON belongs.
void CheckRows(const Rows& rows) {
  for (const ReportRow& row : rows.reports) {
    for (const std::string* text : {&row.type, &row.action, &row.state, &row.msgid}) {
      CheckText(*text);
    }
    CheckText(row.payload.value_or(""));
  }
  for (const TelemetryRow& row : rows.telemetry) {
    CheckReadings(row.readings);
    CheckNumber(row.progress_ratio);
  }
  for (const StatusRow& row : rows.statuses) {
    CheckReadings(row.readings);
    CheckText(row.last_error ? row.last_error->text : "");
  }
  for (const printer::Job& job : rows.jobs) {
    CheckJob(job);
  }
  for (const EventRow& row : rows.events) {
    CheckJson(row.body_json);
  }
  for (const DeadLetterRow& row : rows.dead_letters) {
    CheckText(row.topic);
    CheckText(row.detail);
  }
  for (const CommandRow& row : rows.commands) {
    CheckJson(row.target_json);
    CheckJson(row.args_json);
    CheckJson(row.options_json);
  }
}

// What a broker takes: a topic name that is none of a filter; documents that are JSON.
void CheckPublishes(const std::vector<Publish>& publishes) {
  for (const Publish& publish : publishes) {
    CheckText(publish.topic);
    CHECK(!publish.topic.empty());
    CHECK(publish.topic.find_first_of("+#") == std::string::npos);
    CHECK(publish.expiry_s != uint32_t{0});
    if (!publish.payload.empty()) {
      CheckJson(publish.payload);
    }
  }
}

uint64_t CountOf(const std::map<std::string, uint64_t>& counts, const std::string& name) {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

// Reports, duplicates, dead letters and what retired printers say: every report is one of them.
uint64_t Accounted(const Counters& counters) {
  uint64_t accounted = 0;
  for (const char* result : {"report", "duplicate", "dead_letter", "muted"}) {
    accounted += CountOf(counters.inbound_messages, result);
  }
  return accounted;
}

settings::Model ModelOf(std::string id, std::string name) {
  settings::Model model;
  model.id = std::move(id);
  model.name = std::move(name);
  return model;
}

}  // namespace

void MemoryStore::Write(const Rows& rows) {
  for (const RegistrationRow& row : rows.registrations) {
    LoadedPrinter& printer = printers_[row.registration.id];
    printer.registration = row.registration;
    printer.last_seen_at = row.last_seen_at;
  }
  for (const StatusRow& row : rows.statuses) {
    printers_.at(row.printer_id).status = row;
  }
  for (const printer::Job& job : rows.jobs) {
    jobs_.insert_or_assign(job.id.value, job);
  }
  for (const CommandRow& row : rows.commands) {
    commands_.insert_or_assign(row.id.value, row);
  }
  for (const fleet::Execution& execution : rows.executions) {
    executions_.insert_or_assign(execution.key, execution);
  }
  ledger_ = rows.ledger.value_or(ledger_);
}

Loaded MemoryStore::Load() const {
  Loaded loaded;
  loaded.ledger = ledger_;
  for (const auto& [id, printer] : printers_) {
    loaded.printers.push_back(printer);
  }
  std::map<PrinterId, printer::Job> last;
  for (const auto& [id, job] : jobs_) {
    const auto known = last.find(job.printer_id);
    if (known == last.end() || !known->second.open()) {
      last.insert_or_assign(job.printer_id, job);
    }
  }
  for (const auto& [id, job] : last) {
    loaded.jobs.push_back(job);
  }
  for (const auto& [id, row] : commands_) {
    loaded.requests.push_back({{row.author, row.request_id},
                               {row.id, DigestFromHex(row.body_digest).value(), row.created_at}});
    if (row.state == "done") {
      continue;
    }
    LoadedCommand command{row, {}};
    for (const auto& [key, execution] : executions_) {
      if (key.command_id == row.id) {
        command.executions.push_back(execution);
      }
    }
    loaded.commands.push_back(std::move(command));
  }
  return loaded;
}

Rig::Rig() {
  settings_.fleet.enrolment = settings::Enrolment::kAuto;
  // Few heartbeats: most of what passes in a script is time.
  settings_.inbound.heartbeat_interval = seconds(20);
  settings_.inbound.deaf_after = seconds(50);
  settings_.inbound.duplicate_window_messages = 1 << 10;
  models_.Add(ModelOf("20021", "K2Pro"));
  models_.Add(ModelOf("20022", "K2Plus"));
  models_.Add(ModelOf("20023", "K2Max"));
  users_["ann"] = {"ann", settings::Role::kOperator, "$7$"};
  users_["vic"] = {"vic", settings::Role::kViewer, "$7$"};
  core_ = std::make_unique<Core>(settings_, models_, error_codes_, users_, 1);
}

void Rig::BecomeLive() {
  hears_ = true;
  for (const Session session : kBoth) {
    core_->links().OnUp(session, now());
    Step(SessionUp{session});
  }
  Beat();
  Step(Tick{});
}

void Rig::LoseLinks() {
  hears_ = false;
  for (const Session session : kBoth) {
    core_->links().OnDown(session);
    Step(SessionDown{session, "lost"});
  }
}

// Sends the heartbeat that is due, if one is, and hears it.
void Rig::Beat() {
  const auto heartbeat = core_->Heartbeat(now());
  if (!heartbeat || !hears_) {
    return;
  }
  for (const Session session : kBoth) {
    (void)Said(session, heartbeat->topic, heartbeat->payload);
  }
}

Message Rig::Said(Session session, std::string topic, std::string payload) {
  Message message;
  message.session = session;
  message.topic = std::move(topic);
  message.payload = std::move(payload);
  message.received = now();
  message.digest = MessageDigest(message.topic, message.payload);
  core_->Receive(message);
  return message;
}

Message Rig::Report(std::string_view model_id, std::string_view printer_id, std::string_view type,
                    std::string payload) {
  std::string topic(kPublic);
  topic.append(model_id).append("/").append(printer_id).append("/").append(type).append("/report");
  return Said(Session::kReports, std::move(topic), std::move(payload));
}

void Rig::Step(const Event& event) {
  const auto* message = std::get_if<Message>(&event);
  if (message != nullptr && message->session == Session::kReports) {
    ++reports_;
  }
  core_->Step(event, now());
}

Effects Rig::Commit() {
  const uint64_t accounted = Accounted(core_->counters());
  Effects effects = core_->Seal(now());
  CheckRows(effects.rows);
  CheckPublishes(effects.publishes);
  store_.Write(effects.rows);
  core_->Merge(now());
  // Dead letters are of requests and poison too.
  CHECK(Accounted(core_->counters()) - accounted >= std::exchange(reports_, 0));
  return effects;
}

void Rig::Drop() {
  (void)core_->Seal(now());
  core_->Drop(now());
  reports_ = 0;
}

void Rig::Pass(milliseconds time, std::vector<Publish>& publishes) {
  const int64_t end = now_ms_ + time.count();
  int ticks_at_once = 0;
  for (;;) {
    const MonoTime beat = core_->links().next_heartbeat();
    const MonoTime due = std::min(core_->NextDeadline(now()).value_or(beat), beat);
    const int64_t due_ms = due.time_since_epoch().count();
    if (due_ms > end) {
      now_ms_ = end;
      return;
    }
    ticks_at_once = due_ms > now_ms_ ? 0 : ticks_at_once + 1;
    CHECK(ticks_at_once < kTicksAtOnceMax);
    now_ms_ = std::max(now_ms_, due_ms);
    Beat();
    Step(Tick{});
    for (Publish& publish : Commit().publishes) {
      publishes.push_back(std::move(publish));
    }
  }
}

std::string Rig::StateDocument(const PrinterId& id) const {
  return printer::Document(*core_->world().printers.Find(id), error_codes_);
}

void Rig::Restart() {
  core_ = std::make_unique<Core>(settings_, models_, error_codes_, users_, 1);
  hears_ = false;
  reports_ = 0;
  core_->Rebuild(store_.Load(), now());
  (void)Commit();
}

}  // namespace printfleet::core::testing
