#include "tests/scenario/stage.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "tests/scenario/words.h"

namespace printfleet::scenario {
namespace {

constexpr std::string_view kPublic = "anycubic/anycubicCloud/v1/printer/public/";
constexpr std::string_view kServer = "anycubic/anycubicCloud/v1/server/printer/";
constexpr std::string_view kResponses = "fleet/v1/response/";
constexpr milliseconds kAnswersAfter{50};
constexpr int kTurnsAtOnceMax = 1000;

std::string Text(json::Value value, std::string_view name) {
  return std::string(value[name].String().value_or(""));
}

// Words after which a printer is at work, or is not.
std::optional<bool> BusyAfter(std::string_view state) {
  for (const char* word : {"busy", "downloading", "preheating", "printing", "paused", "resumed"}) {
    if (state == word) {
      return true;
    }
  }
  for (const char* word : {"free", "finished", "stoped"}) {
    if (state == word) {
      return false;
    }
  }
  return std::nullopt;
}

std::string_view NameOfResult(core::Published::Result result) {
  switch (result) {
    case core::Published::Result::kTaken:
      return "takes";
    case core::Published::Result::kNoSubscriber:
      return "has no subscriber for";
    case core::Published::Result::kNotSent:
      return "was not sent";
    case core::Published::Result::kOvertaken:
      return "was overtaken by a stop of";
    case core::Published::Result::kUnknown:
      return "may have";
  }
  return "";
}

}  // namespace

Stage::Stage() {
  settings_.fleet.enrolment = settings::Enrolment::kManual;
  users_["ann"] = {"ann", settings::Role::kOperator, "$7$"};
  users_["bob"] = {"bob", settings::Role::kOperator, "$7$"};
  users_["vic"] = {"vic", settings::Role::kViewer, "$7$"};
  users_["setup"] = {"setup", settings::Role::kAdmin, "$7$"};
  users_["adm"] = {"adm", settings::Role::kAdmin, "$7$"};
  users_["amy"] = {"amy", settings::Role::kAdmin, "$7$"};
}

void Stage::Begin() {
  sim::Bridge::Hooks hooks;
  hooks.publish = [this](const core::Publish& publish) { OnPublish(publish); };
  hooks.notify = [this](const core::Notify& attempt) { return OnNotify(attempt); };
  hooks.sealed = [this](const core::Effects& effects) {
    touches_commands_ = !effects.rows.commands.empty() || !effects.rows.executions.empty();
    sealed_audit_ = effects.rows.audit;
  };
  hooks.merged = [this] {
    std::ranges::move(std::exchange(sealed_audit_, {}), std::back_inserter(audit_));
  };
  bridge_ = std::make_unique<sim::Bridge>(settings_, users_, clock_, 1, std::move(hooks));
  bridge_->SessionsUp();
  Pass(milliseconds(1000));
}

Actor& Stage::Add(std::string name) {
  Actor actor;
  actor.name = name;
  actor.id = "id-" + name;
  return actors_.insert_or_assign(std::move(name), std::move(actor)).first->second;
}

Actor* Stage::Find(const std::string& name) {
  const auto found = actors_.find(name);
  return found == actors_.end() ? nullptr : &found->second;
}

std::string Stage::NameOf(const PrinterId& id) const {
  for (const auto& [name, actor] : actors_) {
    if (actor.id == id) {
      return name;
    }
  }
  return id;
}

void Stage::Say(Actor& actor, const Words& words) {
  if (!actor.there) {
    return;
  }
  actor.busy = BusyAfter(words.state).value_or(actor.busy);
  const std::string msgid =
      words.msgid.empty() ? "report-" + std::to_string(++reports_) : words.msgid;
  json::Writer writer;
  writer.BeginObject().Member("type", words.type).Member("action", words.action);
  if (msgid != "none") {
    writer.Member("msgid", msgid);
  }
  writer.Member("state", words.state);
  if (!words.code.empty()) {
    writer.Key("code").Raw(words.code);
  }
  writer.Key("data").Raw(words.data.empty() ? "null" : words.data).EndObject();
  bridge_->Publish({.topic = std::string(kPublic) + actor.model_id + "/" + actor.id + "/" +
                             words.type + "/report",
                    .payload = writer.Take()});
}

// What a printer is asked all the time, it answers by itself.
void Stage::Answer(Actor& actor, const std::string& type, const std::string& action,
                   const std::string& msgid) {
  if (!actor.there || actor.mute) {
    return;
  }
  later_.emplace(clock_.ms + kAnswersAfter.count(), [this, &actor, type, action, msgid] {
    if (type == "status") {
      Say(actor, {type, "workReport", actor.busy ? "busy" : "free", msgid, "", ""});
    } else if (type == "ota" && action == "reportVersion" && !actor.firmware.empty()) {
      Say(actor, {type, action, "done", msgid, "200",
                  R"({"firmware_version":")" + actor.firmware + "\"}"});
    }
  });
}

core::Notified Stage::OnNotify(const core::Notify& attempt) {
  const core::Notification& message = attempt.message;
  const std::string which = attempt.attempt == 1 ? "" : " #" + std::to_string(attempt.attempt);
  Show("  => " + message.target + which + ": " + core::TitleOf(message));
  for (const core::NotifyItem& item : message.items) {
    Show("      " + core::LineOf(message, item, false));
  }
  core::Notified notified;
  notified.ok = webhooks_take_;
  notified.error = webhooks_take_ ? "" : "HTTP 503";
  return notified;
}

void Stage::OnPublish(const core::Publish& publish) {
  if (publish.topic.starts_with(kServer)) {
    OnPrinterMessage(publish);
  } else if (publish.topic.starts_with(kResponses)) {
    OnResponse(publish);
  } else if (publish.topic.starts_with("fleet/v1/command")) {
    Show("clears " + publish.topic);
  }
}

void Stage::OnPrinterMessage(const core::Publish& publish) {
  json::Parser parser;
  const auto parsed = parser.Parse(publish.payload, {});
  CHECK(parsed.ok());
  const auto levels = SplitList(std::string_view(publish.topic).substr(kServer.size()), '/');
  Actor* actor = Find(NameOf(levels.at(1)));
  Actor::Heard heard{Text(*parsed, "type"), Text(*parsed, "action"), Text(*parsed, "msgid"),
                     Text((*parsed)["data"], "taskid")};
  const bool of_command = !publish.execution.printer_id.empty();
  if (of_command) {
    std::string line = "-> " + NameOf(levels.at(1)) + " " + heard.type + "/" + heard.action;
    if ((*parsed)["data"].exists() && !(*parsed)["data"].IsNull()) {
      line += " " + (*parsed)["data"].CanonicalText();
    }
    // Firmware before 3.1.0 has the action as a level of its own.
    line += levels.size() > 3 ? " (long topic, " : " (";
    line += std::to_string(publish.expiry_s.value_or(0)) + " s)";
    Show(std::move(line));
    if (actor != nullptr) {
      actor->heard = heard;
      actor->heard_of[heard.type + "/" + heard.action] = heard;
      const fleet::Command* command =
          bridge_->core().world().commands.Find(publish.execution.command_id);
      if (command != nullptr) {
        actor->heard_of[ShortId(command->request.id)] = heard;
      }
    }
  }
  if (publish.token != 0) {
    unconfirmed_.push_back(publish);
  }
  if (actor != nullptr) {
    Answer(*actor, heard.type, heard.action, heard.msgid);
  }
}

void Stage::OnResponse(const core::Publish& publish) {
  json::Parser parser;
  const auto parsed = parser.Parse(publish.payload, json::Limits{.bytes_max = 8 << 20});
  CHECK(parsed.ok());
  const std::string id(Text(*parsed, "id"));
  if ((*parsed)["target_hash"].exists()) {
    last_hash_ = Text(*parsed, "target_hash");
  }
  const std::string_view rest = std::string_view(publish.topic).substr(kResponses.size());
  const std::string author(rest.substr(0, rest.find('/')));
  std::string who = "<- " + author + " " + ShortId(id);
  if (rest != author + "/" + (id.empty() ? "-" : id)) {
    who += " on " + publish.topic;
  }
  if (!publish.correlation_data.empty()) {
    who += " for " + publish.correlation_data;
  }
  const auto lines = ResponseLines(*parsed);
  Show(who + ": " + lines.front());
  for (size_t i = 1; i < lines.size(); ++i) {
    Show("  " + lines[i]);
  }
}

void Stage::SetConfirmation(std::optional<core::Published::Result> result) {
  confirmation_ = result;
}

void Stage::Restart(milliseconds away_for) {
  bridge_->SessionsDown();
  bridge_->Kill();
  unconfirmed_.clear();
  const int64_t end = clock_.ms + away_for.count();
  clock_.ms = end;
  bridge_->Start();
  bridge_->SessionsUp();
}

// What operators ask the store: of a command what became of it, of the rest nothing is there.
void Stage::AnswerQuestions() {
  for (const fleet::Question& question : bridge_->TakeQuestions()) {
    core::Answer answer{question, true, {}, ""};
    for (const auto& [id, row] : bridge_->store().commands()) {
      if (question.kind == fleet::Question::Kind::kReplay &&
          row.author + "\n" + row.request_id == question.subject) {
        json::Writer writer;
        writer.BeginObject().Member("command", row.command).Member("command_id", id);
        writer.Member("same", row.body_digest == question.argument);
        writer.Member("target_hash", row.target_hash).EndObject();
        answer.rows = {writer.Take()};
      }
      if (question.kind != fleet::Question::Kind::kCommandGet ||
          (std::to_string(id) != question.subject && row.request_id != question.subject)) {
        continue;
      }
      json::Writer writer;
      writer.BeginObject().Member("command", row.command).Member("state", row.state).EndObject();
      answer.rows = {writer.Take()};
    }
    bridge_->Answer(std::move(answer));
  }
}

// All that can happen without time going on.
void Stage::SettleNow() {
  for (int turns = 0;; ++turns) {
    CHECK(turns < kTurnsAtOnceMax);
    while (!later_.empty() && later_.begin()->first <= clock_.ms) {
      const auto run = std::move(later_.begin()->second);
      later_.erase(later_.begin());
      run();
    }
    if (confirmation_) {
      for (const core::Publish& publish : std::exchange(unconfirmed_, {})) {
        if (*confirmation_ != core::Published::Result::kTaken) {
          Show("the broker " + std::string(NameOfResult(*confirmation_)) + ": " +
               NameOf(publish.execution.printer_id));
        }
        bridge_->Confirm(publish, *confirmation_);
      }
    }
    AnswerQuestions();
    const bool sealed = bridge_->Turn();
    if (!sealed) {
      const auto due = bridge_->NextDeadline();
      if (!due || *due > clock_.now().mono) {
        return;
      }
      continue;
    }
    sim::Fate fate = sim::Fate::kStored;
    if (fate_ && touches_commands_) {
      fate = *std::exchange(fate_, std::nullopt);
    }
    bridge_->Finish(fate);
    if (fate == sim::Fate::kDiesUnstored || fate == sim::Fate::kDiesStored) {
      Show("(the process dies, and starts again)");
      bridge_->Start();
      unconfirmed_.clear();
      bridge_->SessionsUp();
    }
  }
}

void Stage::Pass(milliseconds time) {
  const int64_t end = clock_.ms + time.count();
  for (;;) {
    SettleNow();
    int64_t next = bridge_->NextDeadline().value_or(MonoTime::max()).time_since_epoch().count();
    if (!later_.empty()) {
      next = std::min(next, later_.begin()->first);
    }
    if (next > end) {
      clock_.ms = end;
      return;
    }
    clock_.ms = std::max(clock_.ms, next);
  }
}

// -- What was seen --

void Stage::Show(std::string line) {
  if (!quiet_) {
    seen_.push_back("  " + std::move(line));
  }
}

std::vector<std::string> Stage::TakeSeen() {
  return std::exchange(seen_, {});
}

void Stage::ShowRows() {
  for (const auto& [id, row] : bridge_->store().commands()) {
    if (row.author == "setup") {
      continue;
    }
    Show("command " + row.author + " " + ShortId(row.request_id) + " " + row.command + " " +
         row.state);
    for (auto at = bridge_->store().executions().lower_bound({row.id, ""});
         at != bridge_->store().executions().end() && at->first.command_id == row.id; ++at) {
      const fleet::Execution& execution = at->second;
      std::string line = "  " + NameOf(execution.key.printer_id) + " ";
      line += fleet::Name(execution.state);
      const std::string_view reason = fleet::Name(execution.skip_reason);
      line += reason.empty() ? "" : " " + std::string(reason);
      line += execution.attempts > 0 ? ", sent " + std::to_string(execution.attempts) + "x" : "";
      line += execution.message.empty() ? "" : ": " + execution.message;
      Show(std::move(line));
    }
  }
}

void Stage::ShowAudit() {
  for (const fleet::AuditEntry& entry : std::exchange(audit_, {})) {
    if (entry.author != "setup") {
      Show("audit " + entry.author + " " + ShortId(entry.request_id) + " " +
           (entry.command.empty() ? "-" : entry.command) + " " + entry.outcome);
    }
  }
}

}  // namespace printfleet::scenario
