#include "tests/unit/core/rig.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "printer/document.h"

namespace printfleet::core::testing {
namespace {

constexpr std::string_view kPublic = "anycubic/anycubicCloud/v1/printer/public/";
// Deadlines served at one moment before time must go on: printers, commands and our questions.
constexpr int kTicksAtOnceMax = 1000;
constexpr std::array kBoth{Session::kReports, Session::kCommands};

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
  CheckEffects(effects);
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

Effects Rig::Restart() {
  core_ = std::make_unique<Core>(settings_, models_, error_codes_, users_, 1);
  hears_ = false;
  reports_ = 0;
  core_->Rebuild(store_.Load(), now());
  return Commit();
}

}  // namespace printfleet::core::testing
