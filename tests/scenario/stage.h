// Stage: a bridge, the printers of a scenario, and what is seen of both, as lines of text. A
// printer answers questions about its state and version by itself; what it says of commands, the
// scenario says.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/bridge.h"

namespace printfleet::scenario {

struct Actor {
  std::string name;
  std::string id;
  std::string model_id = "20021";
  std::string firmware = "3.1.2";
  bool there = true;
  bool mute = false;  // hears, and answers nothing by itself
  bool busy = false;

  // The last message of a command that went to it.
  struct Heard {
    std::string type;
    std::string action;
    std::string msgid;
    std::string task_id;
  };

  std::optional<Heard> heard;
  std::map<std::string, Heard> heard_of;  // by the request's short id, and by type/action
};

class Stage {
 public:
  Stage();

  // Before anything else happened.
  settings::Settings& settings() { return settings_; }

  void Begin();

  // -- Printers --
  Actor& Add(std::string name);
  Actor* Find(const std::string& name);

  [[nodiscard]] std::map<std::string, Actor>& actors() { return actors_; }

  // It says something, at once. `state` may be empty.
  struct Words {
    std::string type;
    std::string action;
    std::string state;
    std::string msgid;
    std::string code;
    std::string data;
  };

  void Say(Actor& actor, const Words& words);

  // -- Time --
  // Everything that has to happen until then, in order.
  void Pass(milliseconds time);

  // -- Trouble --
  // Of the next batch that touches commands.
  void SetFate(sim::Fate fate) { fate_ = fate; }

  // How the broker answers for messages to printers from now on; nullopt: not at all.
  void SetConfirmation(std::optional<core::Published::Result> result);

  // Do targets of notify take what they are sent from now on?
  void SetWebhooks(bool take) { webhooks_take_ = take; }

  // The process is away for a while; its sessions come up again with it.
  void Restart(milliseconds away_for);

  sim::Bridge& bridge() { return *bridge_; }

  [[nodiscard]] Instant now() const { return clock_.now(); }

  // -- What was seen --
  void SetQuiet(bool quiet) { quiet_ = quiet; }

  void Show(std::string line);

  // Of the last response that had one.
  [[nodiscard]] const std::string& last_hash() const { return last_hash_; }

  std::vector<std::string> TakeSeen();
  // The rows of commands and executions, as stored.
  void ShowRows();
  // What stands in audit_log since the last time.
  void ShowAudit();

 private:
  void OnPublish(const core::Publish& publish);
  void OnPrinterMessage(const core::Publish& publish);
  void OnResponse(const core::Publish& publish);
  void Answer(Actor& actor, const std::string& type, const std::string& action,
              const std::string& msgid);
  void AnswerQuestions();
  core::Notified OnNotify(const core::Notify& attempt);
  void SettleNow();
  [[nodiscard]] std::string NameOf(const PrinterId& id) const;

  settings::Settings settings_;
  settings::Users users_;
  sim::Clock clock_;
  std::unique_ptr<sim::Bridge> bridge_;
  std::map<std::string, Actor> actors_;
  std::multimap<int64_t, std::function<void()>> later_;
  std::optional<core::Published::Result> confirmation_ = core::Published::Result::kTaken;
  std::vector<core::Publish> unconfirmed_;
  std::vector<fleet::AuditEntry> sealed_audit_;
  std::vector<fleet::AuditEntry> audit_;
  std::optional<sim::Fate> fate_;
  bool touches_commands_ = false;
  bool webhooks_take_ = true;
  bool quiet_ = false;
  uint64_t reports_ = 0;
  std::string last_hash_;
  std::vector<std::string> seen_;
};

}  // namespace printfleet::scenario
