// The checker's other half: what leaves the bridge, messages and responses.
#include "tests/sim/checker.h"

namespace printfleet::sim {
namespace {

constexpr std::string_view kServer = "anycubic/anycubicCloud/v1/server/printer/";
constexpr std::string_view kResponses = "fleet/v1/response/";
constexpr milliseconds kAgeSlack{2500};

std::string Text(json::Value value, std::string_view name) {
  return std::string(value[name].String().value_or(""));
}

std::string NameOf(const fleet::ExecutionKey& key) {
  return "command " + std::to_string(key.command_id.value) + " at " + key.printer_id;
}

// As it was accepted.
std::optional<WallTime> ExpiresAt(const core::CommandRow& row) {
  json::Parser parser;
  const auto options = parser.Parse(row.options_json, {});
  const auto text = options.ok() ? (*options)["expires_at"].String() : std::nullopt;
  return text ? ParseIso8601(*text) : std::nullopt;
}

}  // namespace

// -- What leaves --

void Checker::OnPublish(const core::Publish& publish) {
  if (publish.topic.starts_with(kResponses)) {
    CheckResponse(publish);
    return;
  }
  if (!publish.topic.starts_with(kServer)) {
    return;
  }
  ++messages_;
  const fleet::ExecutionKey& key = publish.execution;
  if (!key.command_id) {
    return;  // a question of our own, or a stop ahead of its batch
  }
  const auto stored = bridge_.store().executions().find(key);
  json::Parser parser;
  const auto payload = parser.Parse(publish.payload, {});
  if (stored == bridge_.store().executions().end() || stored->second.attempts == 0 ||
      !payload.ok() || stored->second.msgid != Text(*payload, "msgid")) {
    return Fail(NameOf(key) + ": sent, but not stored as sent");
  }
  if (fleet::IsFinal(stored->second.state)) {
    Fail(NameOf(key) + ": sent, but it is " + std::string(fleet::Name(stored->second.state)));
  }
  const fleet::Command* command = bridge_.core().world().commands.Find(key.command_id);
  if (command == nullptr) {
    return Fail(NameOf(key) + ": sent, and its command is not known");
  }
  if (publish.token == 0) {
    return;  // the second topic of the same message
  }
  Row& row = executions_[key];
  ++row.sent;
  if (row.sent > 1 && !command->request.spec->repeatable) {
    Fail(NameOf(key) + ": " + std::string(command->request.spec->name) + " sent " +
         std::to_string(row.sent) + " times");
  }
  const auto expires_at = ExpiresAt(bridge_.store().commands().at(key.command_id.value));
  if (expires_at && *expires_at + kAgeSlack < clock_.now().wall) {
    Fail(NameOf(key) + ": left after its command had expired");
  }
}

void Checker::OnRefused(const core::Publish& publish) {
  if (publish.token != 0) {
    ++executions_[publish.execution].refused;
  }
}

void Checker::OnHeard(const core::Publish& publish) {
  if (!publish.execution.command_id) {
    return;
  }
  const auto stored = bridge_.store().commands().find(publish.execution.command_id.value);
  if (stored == bridge_.store().commands().end()) {
    Fail(NameOf(publish.execution) + ": heard by its printer, and not stored");
  }
}

void Checker::CheckResponse(const core::Publish& publish) {
  json::Parser parser;
  const auto parsed = parser.Parse(publish.payload, json::Limits{.bytes_max = 8 << 20});
  if (!parsed.ok()) {
    return Fail("a response is no JSON: " + publish.payload.substr(0, 200));
  }
  const std::string_view rest = std::string_view(publish.topic).substr(kResponses.size());
  const std::string author(rest.substr(0, rest.find('/')));
  const std::string key = author + " " + Text(*parsed, "id");
  const std::string event = Text(*parsed, "event");
  if (event == "done" && (*parsed)["succeeded"].exists()) {
    CheckDoneCounts(*parsed);
  }
  if (event == "accepted") {
    CheckPair(key, *parsed);
    const auto command = ids_.find({author, Text(*parsed, "id")});
    if (command != ids_.end() && (*parsed)["matched"].exists()) {
      CommandSeen& seen = commands_[command->second];
      const int64_t matched = *(*parsed)["matched"].Int();
      if (seen.matched >= 0 && seen.matched != matched) {
        Fail(key + ": matched " + std::to_string(seen.matched) + ", then " +
             std::to_string(matched));
      }
      seen.matched = matched;
    }
  }
}

void Checker::CheckDoneCounts(json::Value response) {
  int64_t sum = 0;
  for (const char* state : {"succeeded", "failed", "timed_out", "sent_unconfirmed", "cancelled",
                            "expired", "skipped"}) {
    sum += response[state].Int().value_or(0);
  }
  if (sum != response["matched"].Int().value_or(-1)) {
    Fail(Text(response, "id") + ": done says " + std::to_string(sum) + " ends of " +
         std::to_string(response["matched"].Int().value_or(-1)) + " printers");
  }
}

// A dry run and its run, stepped one after the other: the same printers, the same skipped.
void Checker::CheckPair(const std::string& key, json::Value response) {
  if (clock_.now().mono != released_at_) {
    dry_runs_.clear();
    released_at_ = clock_.now().mono;
  }
  std::string skipped;
  for (size_t i = 0; i < response["skipped"].size(); ++i) {
    const json::Value row = response["skipped"].at(i);
    skipped += " " + Text(row, "printer_id") + ":" + Text(row, "reason");
  }
  const std::string said = Text(response, "target_hash") + skipped;
  if (response["dry_run"].Bool().value_or(false)) {
    dry_runs_[key] = said;
    return;
  }
  const auto asked = asked_.find(key);
  if (asked == asked_.end() || asked->second.pair.empty()) {
    return;
  }
  const auto dry = dry_runs_.find(asked->second.author + " " + asked->second.pair);
  if (dry != dry_runs_.end() && dry->second != said) {
    Fail(key + ": its dry run said " + dry->second + ", it says " + said);
  }
}

}  // namespace printfleet::sim
