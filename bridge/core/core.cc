#include "core/core.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "fleet/check_schema.h"

namespace printfleet::core {
namespace {

protocol::Dialects DialectsOf(const settings::ModelRegistry& models) {
  protocol::Dialects dialects;
  for (const auto& [id, model] : models.all()) {
    protocol::Dialect& dialect = dialects[id];
    dialect.material_in_mm = model.material_in_mm;
    if (model.job_time_unit_s > 0) {
      dialect.job_time_unit_s = model.job_time_unit_s;
    }
  }
  return dialects;
}

// A random (version 4) UUID's text from 128 random bits.
std::string UuidText(uint64_t high, uint64_t low) {
  std::string raw(16, '\0');
  for (size_t i = 0; i < 8; ++i) {
    raw[i] = static_cast<char>(high >> (8 * i));
    raw[8 + i] = static_cast<char>(low >> (8 * i));
  }
  raw[6] = static_cast<char>((raw[6] & 0x0F) | 0x40);
  raw[8] = static_cast<char>((raw[8] & 0x3F) | 0x80);
  const std::string hex = HexText(raw);
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

}  // namespace

Core::Core(const settings::Settings& settings, const settings::ModelRegistry& models,
           const settings::ErrorCodes& error_codes, const settings::Users& users, uint64_t seed)
    : settings_(settings),
      models_(models),
      error_codes_(error_codes),
      users_(&users),
      policy_(printer::PolicyOf(settings.fleet)),
      decoder_(json::Limits{static_cast<size_t>(settings.inbound.payload_bytes_max),
                            settings.inbound.depth_max},
               DialectsOf(models)),
      random_(seed),
      remembered_(static_cast<size_t>(settings.commands.remembered_max),
                  settings.commands.remember),
      duplicates_(static_cast<size_t>(settings.inbound.duplicate_window_messages)),
      links_(Links::Config{Topic("heartbeat/" + settings.instance),
                           settings.inbound.heartbeat_interval, settings.inbound.deaf_after}),
      asks_(settings.fleet.queries_per_second) {
  world_.new_msgid = [this] { return UuidText(random_(), random_()); };
  next_job_id_ = [this] { return JobId{world_.ledger.Mutable().next_job_id++}; };
  next_notification_id_ = [this] {
    return NotificationId{world_.ledger.Mutable().next_notification_id++};
  };
  fleet::PrepareSchemas();
}

void Core::Merge(const Instant& now) {
  ScheduleTouched(now);
  remembered_.Follow(world_.requests, now.wall);
  world_.Merge();
  live_.Merge();
  outage_.Merge();
  notify_.Merge();
  std::erase_if(diagnoses_, [](const Listening& each) { return each.answered; });
  std::ranges::move(batch_diagnoses_, std::back_inserter(diagnoses_));
  batch_diagnoses_.clear();
  std::erase_if(ahead_, [this](const auto& entry) {
    return world_.requests.FindCommitted(entry.first) != nullptr;
  });
  duplicates_.Merge();
  counters_.Add(batch_counters_);
  for (const auto& [ask, urgent] : batch_asks_) {
    asks_.Add(ask.printer, ask.questions, urgent);
  }
  batch_counters_ = {};
  batch_asks_.clear();
  batch_due_.clear();
  adopting_.clear();
  adopting_notifications_.clear();
  stepped_ = false;
}

// Whom the batch touched may have another next moment now. Asked of the overlay, which is what will
// be committed.
void Core::ScheduleTouched(const Instant& now) {
  const auto schedule = [&](const DueKey& key) {
    if (const auto due = DueOf(key, now)) {
      deadlines_.Schedule(key, *due);
    }
  };
  for (const DueKey& key : batch_due_) {
    schedule(key);
  }
  DueKey key;  // one for all: its text keeps its memory
  for (const auto& [id, printer] : world_.printers.changes()) {
    key.printer_id = id;
    schedule(key);
  }
  key.printer_id.clear();
  for (const auto& [id, command] : world_.commands.changes()) {
    key.command_id = id;
    schedule(key);
  }
  for (const auto& [execution_key, execution] : world_.executions.changes()) {
    schedule(execution_key);
  }
}

void Core::Drop(const Instant& now) {
  world_.Drop();
  live_.Drop();
  outage_.Drop();
  notify_.Drop();
  batch_diagnoses_.clear();
  for (Listening& each : diagnoses_) {
    each.answered = false;
  }
  world_.live = live_.get();
  duplicates_.Drop();
  effects_ = {};
  batch_counters_ = {};
  batch_asks_.clear();
  stepped_ = false;
  for (const DueKey& key : batch_due_) {
    deadlines_.Schedule(key, now.mono);
  }
  batch_due_.clear();
  if (!adopting_.empty() || !adopting_notifications_.empty()) {
    AdoptCommands(now);
  }
}

printer::Context Core::ContextAt(const Instant& now, bool retained, bool live) const {
  return {now, policy_, error_codes_, retained, live, next_job_id_};
}

std::string Core::Topic(std::string_view tail) const {
  return settings_.fleet.topic_root + "/" + std::string(tail);
}

}  // namespace printfleet::core
