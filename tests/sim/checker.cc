#include "tests/sim/checker.h"

#include <algorithm>

namespace printfleet::sim {
namespace {

constexpr milliseconds kAgeSlack{2500};

using fleet::ExecutionState;

std::string Text(json::Value value, std::string_view name) {
  return std::string(value[name].String().value_or(""));
}

std::string NameOf(const fleet::ExecutionKey& key) {
  return "command " + std::to_string(key.command_id.value) + " at " + key.printer_id;
}

bool IsStop(const fleet::Request& request) {
  const std::string_view name = request.spec->name;
  const auto is_zero = [&](const char* target) {
    const double* value = request.args.Get<double>(target);
    return value == nullptr || *value == 0;
  };
  const bool heaters = request.args.Has("nozzle_target_c") || request.args.Has("bed_target_c");
  const bool others = request.args.Has("fan_ratio") || request.args.Has("print_speed_mode") ||
                      request.args.Has("z_offset_mm");
  return name == "print.stop" || name == "print.pause" ||
         (name == "print.update" && heaters && !others && is_zero("nozzle_target_c") &&
          is_zero("bed_target_c"));
}

bool IsExclusive(const fleet::Request& request) {
  return request.spec->name == "print.start" || request.spec->name == "ota.update";
}

bool Heats(const fleet::Request& request) {
  const auto above = [&](const char* target) {
    const double* value = request.args.Get<double>(target);
    return value != nullptr && *value > 0;
  };
  return request.spec->name == "print.update" &&
         (above("nozzle_target_c") || above("bed_target_c"));
}

bool Flag(const fleet::Request& request, std::string_view name) {
  const bool* flag = request.args.Get<bool>(name);
  return flag != nullptr && *flag;
}

}  // namespace

void Checker::Fail(const std::string& what) {
  if (violation_.empty()) {
    violation_ = what + " (virtual time " + std::to_string(clock_.ms) + " ms)";
  }
}

void Checker::OnAsked(Asked asked) {
  const std::string key = asked.author + " " + asked.request_id;
  const auto [known, added] = asked_.try_emplace(key, asked);
  if (!added) {  // again: it may be this one that is taken
    known->second.at = asked.at;
    known->second.has_age |= asked.has_age;
    known->second.pair.clear();
  }
}

// -- After every step, on the overlay --

void Checker::OnStepped() {
  ++steps_;
  const fleet::World& world = bridge_.core().world();
  for (const auto& [key, execution] : world.executions.changes()) {
    if (!execution) {
      continue;
    }
    const fleet::Execution* before = world.executions.FindCommitted(key);
    const fleet::Command* command = world.commands.Find(key.command_id);
    if (command == nullptr) {
      continue;
    }
    if (before != nullptr && fleet::IsFinal(before->state) && before->state != execution->state) {
      Fail(NameOf(key) + ": a final state changed from " + std::string(fleet::Name(before->state)) +
           " to " + std::string(fleet::Name(execution->state)));
    }
    const int known = AttemptsBefore(key, before);
    if (execution->attempts > known) {
      CheckStarted(*command, *execution, before);
    }
    attempts_[key] = execution->attempts;
    if (execution->started && (before == nullptr || !before->started)) {
      begun_.insert(key.command_id);
      CheckTogether(key.printer_id);
    }
  }
  CheckPlaces();
  for (const auto& [id, printer] : world.printers.changes()) {
    if (printer) {
      gates_[id] = {printer->registration.enrolment, printer->registration.bed,
                    printer->registration.maintenance.has_value()};
    }
  }
  hold_ = world.ledger.get().hold.has_value();
}

// After a restart the overlay has what the store knew.
int Checker::AttemptsBefore(const fleet::ExecutionKey& key, const fleet::Execution* before) const {
  if (const auto seen = attempts_.find(key); seen != attempts_.end()) {
    return seen->second;
  }
  if (before != nullptr) {
    return before->attempts;
  }
  const auto stored = bridge_.store().executions().find(key);
  return stored == bridge_.store().executions().end() ? 0 : stored->second.attempts;
}

// A message of it is about to go out.
void Checker::CheckStarted(const fleet::Command& command, const fleet::Execution& execution,
                           const fleet::Execution* before) {
  const fleet::Request& request = command.request;
  if (before != nullptr && fleet::IsFinal(before->state)) {
    Fail(NameOf(execution.key) + ": sent after it had ended");
  }
  if (!request.spec->repeatable && execution.attempts > 1) {
    Fail(NameOf(execution.key) + ": " + std::string(request.spec->name) + " sent again");
  }
  if (!IsStop(request)) {
    CheckGates(command, execution);
  }
}

Checker::Gate Checker::GateOf(const PrinterId& id) const {
  if (const auto found = gates_.find(id); found != gates_.end()) {
    return found->second;
  }
  const printer::Printer* printer = bridge_.core().world().printers.FindCommitted(id);
  if (printer == nullptr) {
    return {};
  }
  return {printer->registration.enrolment, printer->registration.bed,
          printer->registration.maintenance.has_value()};
}

void Checker::CheckGates(const fleet::Command& command, const fleet::Execution& execution) {
  const fleet::World& world = bridge_.core().world();
  const fleet::Request& request = command.request;
  const PrinterId& id = execution.key.printer_id;
  const Gate gate = GateOf(id);
  const bool hold = hold_.value_or(world.ledger.committed().hold.has_value());
  const bool start = request.spec->name == "print.start";
  const bool moves = IsExclusive(request) || Heats(request);
  if (gate.enrolment != printer::Enrolment::kEnrolled) {
    Fail(NameOf(execution.key) + ": sent to a printer that is not enrolled");
  }
  if (moves && gate.maintenance) {
    Fail(NameOf(execution.key) + ": " + std::string(request.spec->name) +
         " sent to a printer in maintenance, attempt " + std::to_string(execution.attempts));
  }
  if (moves && hold) {
    Fail(NameOf(execution.key) + ": sent while the fleet is on hold");
  }
  if (start && (gate.bed == printer::Bed::kOccupied ||
                (gate.bed == printer::Bed::kUnknown && !Flag(request, "bed_unknown_ok")))) {
    Fail(NameOf(execution.key) + ": started on a bed that is not clear");
  }
  const printer::Printer* printer = world.printers.Find(id);
  const bool has_job = printer != nullptr && printer->job && printer->job->open();
  if (Heats(request) && !has_job && !Flag(request, "unattended_ok")) {
    Fail(NameOf(execution.key) + ": heats a printer that has no job");
  }
}

// Who shares a printer.
void Checker::CheckTogether(const PrinterId& id) {
  const fleet::World& world = bridge_.core().world();
  const auto* open = world.open_commands.Find(id);
  if (open == nullptr) {
    return;
  }
  std::map<std::string_view, int> kinds;
  int exclusive = 0;
  for (const CommandId command_id : *open) {
    const fleet::Command* command = world.commands.Find(command_id);
    const fleet::Execution* execution = world.executions.Find({command_id, id});
    if (command == nullptr || execution == nullptr || !execution->started ||
        IsStop(command->request)) {
      continue;
    }
    exclusive += IsExclusive(command->request) ? 1 : 0;
    if (++kinds[command->request.spec->name] > 1) {
      Fail(id + ": two of " + std::string(command->request.spec->name) + " in flight");
    }
  }
  if (exclusive > 1) {
    Fail(id + ": a print start and an update of firmware together");
  }
}

// The limits, where something began.
void Checker::CheckPlaces() {
  if (begun_.empty()) {
    return;
  }
  const fleet::World& world = bridge_.core().world();
  for (const CommandId id : begun_) {
    const fleet::Command* command = world.commands.Find(id);
    if (command == nullptr || IsStop(command->request)) {
      continue;
    }
    int in_flight = 0;
    for (const PrinterId& printer : *command->printers) {
      const fleet::Execution* execution = world.executions.Find({id, printer});
      in_flight += execution != nullptr && execution->started ? 1 : 0;
    }
    if (in_flight > command->request.options.max_in_flight) {
      Fail("command " + std::to_string(id.value) + ": " + std::to_string(in_flight) +
           " in flight, max_in_flight is " +
           std::to_string(command->request.options.max_in_flight));
    }
  }
  begun_.clear();
}

// -- The store --

// What names itself is stored once, however often it is delivered. A will's bytes may come again.
void Checker::CheckReport(const core::ReportRow& row) {
  if (row.msgid.empty() || !row.payload || row.type == "lastWill") {
    return;
  }
  const Digest digest = MessageDigest(row.printer_id, *row.payload);
  if (!reports_.insert(digest).second) {
    Fail(row.printer_id.text() + ": a report is stored twice: " + row.payload->text());
  }
}

void Checker::CheckReports() {
  if (const size_t lost = bridge_.LostReports(); lost > 0) {
    Fail(std::to_string(lost) + " reports are lost");
  }
}

void Checker::OnStored(const core::Rows& rows) {
  for (const core::ReportRow& row : rows.reports) {
    CheckReport(row);
  }
  for (const core::CommandRow& row : rows.commands) {
    const auto [id, added] = ids_.try_emplace({row.author, row.request_id}, row.id.value);
    if (!added && id->second != row.id.value) {
      Fail(row.author + " " + row.request_id + ": a second effect, command " +
           std::to_string(row.id.value) + " after " + std::to_string(id->second));
    }
    CommandSeen& seen = commands_[row.id.value];
    if (seen.author.empty()) {
      seen = {row.author, row.request_id, row.command, -1, false};
      CheckAge(row);
    }
    seen.done |= row.state == "done";
  }
  for (const fleet::Execution& row : rows.executions) {
    Row& seen = executions_[row.key];
    if (fleet::IsFinal(seen.state) && (seen.state != row.state || seen.message != row.message)) {
      Fail(NameOf(row.key) + ": stored as " + std::string(fleet::Name(row.state)) +
           " after it had ended as " + std::string(fleet::Name(seen.state)));
    }
    const bool unsent = row.state == ExecutionState::kCancelled ||
                        row.state == ExecutionState::kExpired ||
                        row.state == ExecutionState::kSkipped;
    if (unsent && seen.sent > seen.refused) {
      Fail(NameOf(row.key) + ": ended as " + std::string(fleet::Name(row.state)) +
           ", but it had been sent");
    }
    if (row.state == ExecutionState::kSucceeded && seen.state != row.state) {
      CheckProof(row, commands_[row.key.command_id.value].command);
    }
    seen.state = row.state;
    seen.message = row.message;
    changed_.push_back(row.key);
  }
  for (const core::CommandRow& row : rows.commands) {
    if (row.state == "done") {
      CheckDone(row.id.value, commands_[row.id.value]);
    }
  }
}

// What is said to have succeeded was done.
void Checker::CheckProof(const fleet::Execution& row, const std::string& command) {
  const auto printer = printers_.find(row.key.printer_id);
  if (printer == printers_.end()) {
    return;
  }
  if (command == "print.start" && !printer->second->begun().contains(row.task_id)) {
    Fail(NameOf(row.key) + ": the start succeeded, but the printer never began it");
  }
  if (command == "file.delete_local") {
    const auto stored = bridge_.store().commands().find(row.key.command_id.value);
    json::Parser parser;
    const auto args = parser.Parse(stored->second.args_json, {});
    if (args.ok() && !printer->second->deleted().contains(Text(*args, "filename"))) {
      Fail(NameOf(row.key) + ": the deletion succeeded, but the printer never had it");
    }
  }
}

// A request that waited is stale, but a stop that waited a little, and what says its own time.
void Checker::CheckAge(const core::CommandRow& row) {
  const auto asked = asked_.find(row.author + " " + row.request_id);
  if (asked == asked_.end() || asked->second.has_age) {
    return;
  }
  const milliseconds waited =
      row.created_at - (clock_.now().wall - (clock_.now().mono - asked->second.at));
  const bool stop =
      row.command == "print.stop" || row.command == "print.pause" || row.command == "print.update";
  const milliseconds allowed = stop ? settings_.commands.stop_stale + kAgeSlack : kAgeSlack;
  if (waited > allowed) {
    Fail("command " + std::to_string(row.id.value) + " (" + row.command + "): taken " +
         std::to_string(waited.count()) + " ms after it was published");
  }
}

void Checker::CheckDone(int64_t id, const CommandSeen& seen) {
  const auto& executions = bridge_.store().executions();
  int64_t count = 0;
  for (auto at = executions.lower_bound({CommandId{id}, ""});
       at != executions.end() && at->first.command_id.value == id; ++at) {
    ++count;
    if (!fleet::IsFinal(at->second.state)) {
      Fail(NameOf(at->first) + ": its command is done, and it is " +
           std::string(fleet::Name(at->second.state)));
    }
  }
  if (seen.matched >= 0 && seen.matched != count) {
    Fail("command " + std::to_string(id) + ": matched " + std::to_string(seen.matched) +
         " printers, ended at " + std::to_string(count));
  }
}

void Checker::OnMerged() {
  for (const fleet::ExecutionKey& key : changed_) {
    CompareExecution(key);
  }
  const fleet::Ledger& kept = bridge_.core().world().ledger.committed();
  if (!(kept == bridge_.store().ledger())) {
    Fail("the ledger is not as it is stored");
  }
  OnDropped();
}

void Checker::OnDropped() {
  gates_.clear();
  hold_.reset();
  attempts_.clear();
  begun_.clear();
  changed_.clear();
}

void Checker::OnStarted() {
  OnDropped();
  OnStepped();  // what it adopted
}

void Checker::CompareExecution(const fleet::ExecutionKey& key) {
  const fleet::Execution* kept = bridge_.core().world().executions.FindCommitted(key);
  const auto stored = bridge_.store().executions().find(key);
  if (kept == nullptr || stored == bridge_.store().executions().end()) {
    return;  // done, and forgotten
  }
  const fleet::Execution& row = stored->second;
  if (row.state != kept->state || row.attempts != kept->attempts || row.msgid != kept->msgid ||
      row.message != kept->message || row.task_id != kept->task_id ||
      row.finished_at != kept->finished_at) {
    Fail(NameOf(key) + ": stored as " + std::string(fleet::Name(row.state)) + ", kept as " +
         std::string(fleet::Name(kept->state)));
  }
}

void Checker::CompareAll() {
  const fleet::World& world = bridge_.core().world();
  for (const auto& [id, stored] : bridge_.store().printers()) {
    const printer::Printer* kept = world.printers.FindCommitted(id);
    if (kept == nullptr || !(kept->registration == stored.registration)) {
      Fail(id + ": its registration is not as it is stored");
    }
  }
  for (const auto& [id, row] : bridge_.store().commands()) {
    const fleet::Command* kept = world.commands.FindCommitted(CommandId{id});
    const bool open = kept != nullptr && kept->state == fleet::CommandState::kAccepted;
    if (open != (row.state == "accepted")) {
      Fail("command " + std::to_string(id) + ": stored as " + row.state +
           (open ? ", kept as open" : ", not kept as open"));
    }
    if (world.requests.FindCommitted({row.author, row.request_id}) == nullptr) {
      Fail(row.author + " " + row.request_id + ": its id is not remembered");
    }
  }
  world.executions.ForEach(
      [this](const fleet::ExecutionKey& key, const fleet::Execution&) { CompareExecution(key); });
}

bool Checker::AllDone() const {
  return std::ranges::all_of(commands_, [](const auto& entry) { return entry.second.done; });
}

// Among thousands of printers somebody always begins a print at the panel: a command that may heat
// few at a time then waits as long as it may.
bool Checker::WaitsForHeaters(int64_t id) const {
  const fleet::Command* command = bridge_.core().world().commands.Find(CommandId{id});
  return command != nullptr && command->request.options.heating && command->in_flight == 0 &&
         command->next_turn && command->deadline_wall > clock_.now().wall;
}

void Checker::CheckAllDone() {
  CheckReports();
  for (const auto& [id, seen] : commands_) {
    if (!seen.done && !WaitsForHeaters(id)) {
      Fail("command " + std::to_string(id) + " (" + seen.command + ") never ended");
    }
  }
}

}  // namespace printfleet::sim
