#include "tests/unit/core/memory_store.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/json.h"
#include "base/text.h"

namespace printfleet::core::testing {
namespace {

void CheckText(std::string_view text) {
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
    for (const SmallText* text : {&row.type, &row.action, &row.state, &row.msgid}) {
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
  for (const NotificationRow& row : rows.notifications) {
    CheckJson(BodyJson(row.message));
    CheckText(row.last_error);
    CHECK(row.message.id && !row.message.items.empty());
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

// What the store keeps of an execution: the rest is set anew after a restart.
fleet::Execution Stored(const fleet::Execution& execution) {
  fleet::Execution stored;
  stored.key = execution.key;
  stored.state = execution.state;
  stored.skip_reason = execution.skip_reason;
  stored.task_id = execution.task_id;
  stored.job_id = execution.job_id;
  stored.code = execution.code;
  stored.message = execution.message;
  stored.result = execution.result;
  stored.attempts = execution.attempts;
  stored.msgid = execution.msgid;
  stored.sent_at = execution.sent_at;
  stored.finished_at = execution.finished_at;
  return stored;
}

}  // namespace

void CheckEffects(const Effects& effects) {
  CheckRows(effects.rows);
  CheckPublishes(effects.publishes);
}

void MemoryStore::Write(const Rows& rows) {
  for (const RegistrationRow& row : rows.registrations) {
    LoadedPrinter& printer = printers_[row.registration.id];
    printer.registration = row.registration;
    printer.last_seen_at = row.last_seen_at;
  }
  for (const StatusRow& row : rows.statuses) {
    printers_.at(row.printer_id.text()).status = row;
  }
  for (const printer::Job& job : rows.jobs) {
    jobs_.insert_or_assign(job.id.value, job);
  }
  for (const CommandRow& row : rows.commands) {
    commands_.insert_or_assign(row.id.value, row);
  }
  for (const fleet::Execution& execution : rows.executions) {
    executions_.insert_or_assign(execution.key, Stored(execution));
  }
  for (const NotificationRow& row : rows.notifications) {
    notifications_.insert_or_assign(row.message.id.value, row);
  }
  ledger_ = rows.ledger.value_or(ledger_);
}

Loaded MemoryStore::Load() const {
  Loaded loaded;
  loaded.ledger = ledger_;
  for (const auto& [id, printer] : printers_) {
    loaded.printers.push_back(printer);
  }
  for (const auto& [id, row] : notifications_) {
    if (row.state == NotificationState::kOpen || row.state == NotificationState::kQueued) {
      NotificationRow& stored = loaded.notifications.emplace_back(row);
      stored.message = ReadBody(BodyJson(row.message)).value();
    }
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
    for (auto at = executions_.lower_bound({row.id, ""});
         at != executions_.end() && at->first.command_id == row.id; ++at) {
      command.executions.push_back(at->second);
    }
    loaded.commands.push_back(std::move(command));
  }
  return loaded;
}

}  // namespace printfleet::core::testing
