// A toy farm: a World with printers, its clock, and fake printers that answer as they are told.
// Every step is a batch of its own, merged at once.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "fleet/handle.h"
#include "printer/apply.h"

namespace printfleet::fleet {

// How a fake printer reacts to pause, resume and stop.
enum class Manner { kObeys, kLate, kTwice, kFails, kSilent };

class Farm {
 public:
  Farm();

  // Id "<name>-id"; enrolled, online, idle, firmware 3.1.2, bed clear.
  printer::Printer& Add(const std::string& name, const std::string& model_id = "20021");
  // Gives it a job in state printing, with `task_id`.
  void StartPrinting(const std::string& name, const std::string& task_id);

  void SetManner(const std::string& name, Manner manner) { manners_[name + "-id"] = manner; }

  // Sends a request as `author`; messages it causes are confirmed and answered unless told so.
  void Send(const std::string& payload);
  void Send(const std::string& payload, const Delivery& delivery, const StopPlan* sent = nullptr);
  // {"id":<uuid of number>,"command":…,"target":…,"args":…,"options":…}
  static std::string Make(int number, const std::string& command, const std::string& target,
                          const std::string& args = "{}", const std::string& options = "{}");
  static std::string Id(int number);

  // Lets time pass in steps of 100 ms; deadlines and late answers come in their turn.
  void Pass(milliseconds time);

  void Report(const std::string& name, protocol::ReportBody body, protocol::Envelope envelope,
              bool live = true);
  void ReportPrint(const std::string& name, protocol::PrintAction action, protocol::PrintWord word,
                   const std::string& task_id, std::optional<int64_t> code = 200);
  void ReportStatus(const std::string& name, protocol::WorkState work);

  void Absorb(Output output);

  printer::Printer& At(const std::string& name) { return world.printers.Mutable(name + "-id"); }

  [[nodiscard]] const Execution* Find(const std::string& name) const;  // of the last command
  [[nodiscard]] std::string State(const std::string& name) const;
  // Responses whose event is `event`, in order.
  [[nodiscard]] std::vector<std::string> Events(const std::string& event) const;
  [[nodiscard]] std::string Last(const std::string& event) const;
  // Names of printers that were sent a message, sorted, joined by blanks.
  [[nodiscard]] std::string SentTo() const;

  void Clear() { all = Output{}; }

  [[nodiscard]] Rules rules() const { return {settings, models, error_codes}; }

  settings::Settings settings;
  settings::ModelRegistry models;
  settings::ErrorCodes error_codes;
  World world;
  Instant now;
  Delivery operator_;
  Output all;                 // everything that came out
  bool confirm = true;        // the broker takes every message at once
  bool accept = true;         // … or refuses it
  bool answer_status = true;  // printers answer probes after 200 ms

 private:
  struct Later {
    MonoTime at;
    std::function<void()> what;
  };

  void RunDeadlines();
  void React(const Outgoing& outgoing);
  void Answer(const Outgoing& outgoing);

  std::map<PrinterId, Manner> manners_;
  std::vector<Later> later_;
  int next_msgid_ = 1;
};

protocol::Envelope MakeEnvelope(const char* type, const char* action = "", const char* state = "");

// The value at a dotted path of a JSON text, as JSON text ("missing" when there is none).
std::string At(const std::string& json_text, const std::string& path);

}  // namespace printfleet::fleet
