// Checker: what must hold of a bridge after every step, whatever happens to it. The first thing
// that does not is kept; nothing is checked after it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tests/sim/bridge.h"
#include "tests/sim/printer.h"

namespace printfleet::sim {

// A request as its author published it.
struct Asked {
  std::string author;
  std::string request_id;
  std::string payload;
  MonoTime at;
  bool heard = true;     // the bridge's sessions were up
  bool has_age = false;  // expires_at or Message Expiry
  std::string pair;      // the id of the dry run that was sent just before it, "" for none
};

class Checker {
 public:
  Checker(const Bridge& bridge, const settings::Settings& settings, const Clock& clock,
          const std::map<std::string, Printer*>& printers)
      : bridge_(bridge), settings_(settings), clock_(clock), printers_(printers) {}

  // -- What happens, in order --
  void OnAsked(Asked asked);
  void OnStepped();
  void OnStored(const core::Rows& rows);
  void OnMerged();
  void OnDropped();
  void OnStarted();  // a new process, rebuilt from the store
  void OnPublish(const core::Publish& publish);
  // Outbound could not send it, and says so.
  void OnRefused(const core::Publish& publish);
  // A message came to a printer.
  void OnHeard(const core::Publish& publish);
  // Is everything done that was accepted?
  [[nodiscard]] bool AllDone() const;
  void CheckAllDone();
  // Every report that was published is in the tables, with the broker, or in the spool.
  void CheckReports();

  // "" as long as everything holds.
  [[nodiscard]] const std::string& violation() const { return violation_; }

  [[nodiscard]] uint64_t steps() const { return steps_; }

  [[nodiscard]] uint64_t commands() const { return commands_.size(); }

  [[nodiscard]] uint64_t executions() const { return executions_.size(); }

  [[nodiscard]] uint64_t messages() const { return messages_; }

  // Whole stores compared with whole cores.
  void CompareAll();

 private:
  void CheckReport(const core::ReportRow& row);
  [[nodiscard]] bool WaitsForHeaters(int64_t id) const;

  struct Row {
    fleet::ExecutionState state = fleet::ExecutionState::kQueued;
    std::string message;
    int sent = 0;     // messages handed to outbound
    int refused = 0;  // … of these: certainly not with the broker
  };

  struct CommandSeen {
    std::string author;
    std::string request_id;
    std::string command;
    int64_t matched = 0;
    bool done = false;
  };

  // What a gate must know of a printer before a step.
  struct Gate {
    printer::Enrolment enrolment = printer::Enrolment::kPending;
    printer::Bed bed = printer::Bed::kUnknown;
    bool maintenance = false;
  };

  void Fail(const std::string& what);
  [[nodiscard]] int AttemptsBefore(const fleet::ExecutionKey& key,
                                   const fleet::Execution* before) const;
  void CheckStarted(const fleet::Command& command, const fleet::Execution& execution,
                    const fleet::Execution* before);
  void CheckGates(const fleet::Command& command, const fleet::Execution& execution);
  void CheckTogether(const PrinterId& id);
  void CheckPlaces();
  void CheckProof(const fleet::Execution& row, const std::string& command);
  void CheckAge(const core::CommandRow& row);
  void CheckDone(int64_t id, const CommandSeen& seen);
  void CheckResponse(const core::Publish& publish);
  void CheckDoneCounts(json::Value response);
  void CheckPair(const std::string& key, json::Value response);
  [[nodiscard]] Gate GateOf(const PrinterId& id) const;
  void CompareExecution(const fleet::ExecutionKey& key);

  const Bridge& bridge_;
  const settings::Settings& settings_;
  const Clock& clock_;
  const std::map<std::string, Printer*>& printers_;
  std::unordered_set<Digest> reports_;  // that name themselves, stored
  std::string violation_;
  uint64_t steps_ = 0;
  uint64_t messages_ = 0;

  // As stored.
  std::map<fleet::ExecutionKey, Row> executions_;
  std::map<int64_t, CommandSeen> commands_;
  std::map<std::pair<std::string, std::string>, int64_t> ids_;  // of a request: its command
  std::unordered_map<std::string, Asked> asked_;                // by author and id; the first

  // Of the running batch.
  std::unordered_map<std::string, Gate> gates_;
  std::optional<bool> hold_;
  std::unordered_map<fleet::ExecutionKey, int> attempts_;
  std::vector<fleet::ExecutionKey> changed_;
  std::set<CommandId> begun_;

  // Responses of one release, for pairs of a dry run and its run.
  MonoTime released_at_;
  std::map<std::string, std::string> dry_runs_;  // by author and id: hash and skipped
};

}  // namespace printfleet::sim
