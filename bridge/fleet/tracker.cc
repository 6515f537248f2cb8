#include "fleet/tracker.h"

#include <algorithm>

#include "fleet/flow.h"
#include "fleet/gates.h"
#include "fleet/plan.h"
#include "fleet/respond.h"
#include "fleet/stop.h"
#include "printer/state.h"

namespace printfleet::fleet {
namespace {

constexpr milliseconds kReportDelay{100};  // gathers ends that come together into one response
constexpr milliseconds kProgressInterval{1000};

void Forget(World& world, const ExecutionKey& key) {
  if (world.open_commands.Find(key.printer_id) == nullptr) {
    return;
  }
  auto& open = world.open_commands.Mutable(key.printer_id);
  std::erase(open, key.command_id);
  if (open.empty()) {
    world.open_commands.Erase(key.printer_id);
  }
}

void ReportBy(Command& command, MonoTime due) {
  command.report_due = std::min(command.report_due.value_or(due), due);
}

void EndExecution(Turn& turn, const ExecutionKey& key, Ending ending) {
  Execution& execution = turn.world.executions.Mutable(key);
  Command& command = turn.world.commands.Mutable(key.command_id);
  const WallTime started_at = execution.sent_at.value_or(command.created_at);
  // An answer that was read before the broker's word of the message may be judged after it.
  execution.finished_at = std::max(turn.now.wall, started_at);
  execution.code = ending.code;
  execution.message = std::move(ending.message);
  execution.result = std::move(ending.result);
  execution.skip_reason = ending.reason;
  command.in_flight -= execution.started ? 1 : 0;
  ++command.final_count;
  execution.started = false;
  execution.deferred = false;
  execution.probing = false;
  execution.probe_deadline.reset();
  execution.attempt_expires.reset();
  execution.stage_deadline.reset();
  execution.total_deadline.reset();
  execution.token = 0;
  command.unreported.push_back(key.printer_id);
  ReportBy(command, turn.now.mono + kReportDelay);
  Forget(turn.world, key);
  turn.output.finished.push_back(
      {command.request.spec->name, execution.state, *execution.finished_at - started_at});
  // What did not begin in time must not begin later.
  if (command.request.artifact != nullptr && execution.attempts > 0 &&
      execution.state != ExecutionState::kSucceeded) {
    turn.output.withdrawn.push_back(key);
  }
  if (execution.job_id && execution.state != ExecutionState::kSucceeded) {
    GiveUpJob(turn, execution, execution.message);
  }
}

// Is another message of the same kind still on its way to this printer?
bool SameKindOpen(const World& world, const Command& command, const PrinterId& printer) {
  const auto* open = world.open_commands.Find(printer);
  return open != nullptr && std::ranges::any_of(*open, [&](CommandId id) {
           const Command* other = world.commands.Find(id);
           const Execution* execution = world.executions.Find({id, printer});
           return id != command.id && other != nullptr && execution != nullptr &&
                  execution->started && other->request.spec == command.request.spec;
         });
}

bool IsFresh(const Turn& turn, const printer::Printer& printer) {
  return turn.world.live && printer.status_answered_at &&
         turn.now.mono - *printer.status_answered_at <= turn.rules.settings.commands.fresh;
}

// How long it may wait for a printer that is away.
milliseconds WaitTime(const Command& command) {
  return command.request.options.timeout.value_or(command.request.spec->total);
}

void Defer(Turn& turn, const ExecutionKey& key, bool offline) {
  const Command& command = *turn.world.commands.Find(key.command_id);
  Execution& execution = turn.world.executions.Mutable(key);
  execution.deferred = true;
  if (offline && !execution.total_deadline && !command.request.options.expires_at) {
    execution.total_deadline = turn.now.mono + WaitTime(command);
  }
}

void BeginProbe(Turn& turn, const ExecutionKey& key) {
  Execution& execution = turn.world.executions.Mutable(key);
  execution.probing = true;
  execution.probe_deadline = turn.now.mono + turn.rules.settings.fleet.query_timeout;
  turn.output.ask_status.push_back(key.printer_id);
}

Gate AskGates(const Turn& turn, const ExecutionKey& key) {
  const Command& command = *turn.world.commands.Find(key.command_id);
  const printer::Printer& printer = *turn.world.printers.Find(key.printer_id);
  return CheckGates(turn.world, turn.rules, {command.request, printer, command.id, false});
}

// Its turn has come. It is sent or probed, and takes a place; or it is deferred or ended.
void StartExecution(Turn& turn, const ExecutionKey& key, Places& places) {
  const Execution* found = turn.world.executions.Find(key);
  if (IsFinal(found->state) || found->started) {
    return;
  }
  const Command& command = *turn.world.commands.Find(key.command_id);
  const printer::Printer* printer = turn.world.printers.Find(key.printer_id);
  if (printer == nullptr || printer->registration.enrolment == printer::Enrolment::kRetired) {
    Apply(turn, key, ExecutionEvent::kGaveUp, {.message = "the printer was retired"});
    return;
  }
  const bool stop = IsStop(command.request);
  if (!stop && command.request.options.wait_when_offline && !printer::IsThere(*printer)) {
    Defer(turn, key, true);
    return;
  }
  // After a restart nobody was heard yet. Its command's deadline ends the wait.
  if (!stop && found->resumed && printer->presence == printer::Presence::kUnknown) {
    Defer(turn, key, false);
    return;
  }
  if (!stop && SameKindOpen(turn.world, command, key.printer_id)) {
    Defer(turn, key, false);
    return;
  }
  const Gate gate = AskGates(turn, key);
  if (!gate.open()) {
    Apply(turn, key, ExecutionEvent::kSkipped, {.message = gate.message, .reason = gate.reason});
    return;
  }
  Execution& execution = turn.world.executions.Mutable(key);
  execution.started = true;
  execution.deferred = false;
  execution.total_deadline.reset();
  ++turn.world.commands.Mutable(key.command_id).in_flight;
  places.Take();
  if (!stop && NeedsFresh(command.request) && !IsFresh(turn, *printer)) {
    BeginProbe(turn, key);
    return;
  }
  SendExecution(turn, key);
}

}  // namespace

bool IsUnsent(const Execution& execution) {
  return execution.state == ExecutionState::kQueued &&
         (execution.attempts == 0 || !execution.started);
}

bool Apply(Turn& turn, const ExecutionKey& key, ExecutionEvent event, Ending ending) {
  const Execution& before = *turn.world.executions.Find(key);
  const bool unsent = event == ExecutionEvent::kCancelled || event == ExecutionEvent::kExpired ||
                      event == ExecutionEvent::kSkipped || event == ExecutionEvent::kGaveUp;
  if (before.maybe_out && unsent && !IsFinal(before.state)) {
    event = ExecutionEvent::kUnproved;
    ending = {.message = "sent before the daemon was restarted; nothing that proves it came back"};
  }
  const auto next = Next(before.state, event);
  if (!next) {
    return false;
  }
  Execution& execution = turn.world.executions.Mutable(key);
  execution.state = *next;
  if (IsFinal(*next)) {
    EndExecution(turn, key, std::move(ending));
  } else {
    Command& command = turn.world.commands.Mutable(key.command_id);
    ReportBy(command,
             std::max(turn.now.mono + kReportDelay, command.last_progress + kProgressInterval));
  }
  return true;
}

void EndProbe(Turn& turn, const ExecutionKey& key) {
  Execution& execution = turn.world.executions.Mutable(key);
  execution.probing = false;
  execution.probe_deadline.reset();
  const Gate gate = AskGates(turn, key);
  if (gate.open()) {
    SendExecution(turn, key);
  } else {
    Apply(turn, key, ExecutionEvent::kSkipped, {.message = gate.message, .reason = gate.reason});
  }
  Settle(turn, key);
}

void Resend(Turn& turn, const ExecutionKey& key) {
  const Gate gate = AskGates(turn, key);
  // The broker keeps the message for a printer that has just gone.
  if (gate.open() || gate.reason == SkipReason::kOffline) {
    SendExecution(turn, key);
  } else {
    Apply(turn, key, ExecutionEvent::kSkipped, {.message = gate.message, .reason = gate.reason});
  }
}

void Pump(Turn& turn, CommandId id) {
  const Command* command = turn.world.commands.Find(id);
  if (command == nullptr || command->state == CommandState::kDone ||
      command->next_to_send >= command->size()) {
    return;
  }
  Places places(turn, id);
  Command& pumped = turn.world.commands.Mutable(id);
  while (pumped.next_to_send < pumped.size() && places.Any()) {
    const PrinterId& printer = (*pumped.printers)[pumped.next_to_send];
    ++pumped.next_to_send;
    StartExecution(turn, {id, printer}, places);
  }
}

void TryPrinter(Turn& turn, const PrinterId& id) {
  const auto* open = turn.world.open_commands.Find(id);
  if (open == nullptr) {
    return;
  }
  for (const CommandId command_id : std::vector<CommandId>(*open)) {
    const Execution* execution = turn.world.executions.Find({command_id, id});
    if (execution == nullptr || !execution->deferred) {
      continue;
    }
    Places places(turn, command_id);
    if (!places.Any()) {
      Command& command = turn.world.commands.Mutable(command_id);
      // No place now: it gets its turn again when there is one.
      const auto at = std::ranges::find(*command.printers, id);
      const auto index = static_cast<size_t>(at - command.printers->begin());
      command.next_to_send = std::min(command.next_to_send, index);
      continue;
    }
    StartExecution(turn, {command_id, id}, places);
    CompleteIfDone(turn, command_id);
  }
}

void Settle(Turn& turn, const ExecutionKey& key) {
  Pump(turn, key.command_id);
  CompleteIfDone(turn, key.command_id);
  TryPrinter(turn, key.printer_id);
  if (FarmInFlight(turn.world) + 1 < turn.rules.settings.commands.max_in_flight) {
    return;
  }
  std::vector<CommandId> waiting;
  turn.world.commands.ForEach([&waiting](const CommandId& id, const Command& command) {
    if (command.state != CommandState::kDone && command.next_to_send < command.size()) {
      waiting.push_back(id);
    }
  });
  std::ranges::sort(waiting);
  for (const CommandId id : waiting) {
    Pump(turn, id);
    CompleteIfDone(turn, id);
  }
}

void ReportChanges(Turn& turn, CommandId id) {
  Command& command = turn.world.commands.Mutable(id);
  command.report_due.reset();
  RespondExecutions(turn, command, command.request.reply_to, command.unreported);
  command.unreported.clear();
  // Also with the last result: every stream shows progress, however quick the command was.
  if (turn.now.mono - command.last_progress >= kProgressInterval) {
    command.last_progress = turn.now.mono;
    RespondProgress(turn, command);
  }
}

void CompleteIfDone(Turn& turn, CommandId id) {
  const Command* found = turn.world.commands.Find(id);
  if (found == nullptr || found->state == CommandState::kDone ||
      found->final_count < static_cast<int64_t>(found->size())) {
    return;
  }
  Command& command = turn.world.commands.Mutable(id);
  command.state = CommandState::kDone;
  command.finished_at = turn.now.wall;
  command.forget_at = turn.now.mono + kForgetAfter;
  ReportChanges(turn, id);
  RespondDone(turn, command, command.request.reply_to);
  const Counts counts = CountExecutions(turn.world, command);
  json::Writer body;
  body.BeginObject()
      .Member("command_id", id.value)
      .Member("command", command.request.spec->name)
      .Member("author", command.request.reply_to.author)
      .Member("matched", static_cast<int64_t>(command.size()))
      .Member("succeeded", counts.of(ExecutionState::kSucceeded))
      .Member("skipped", counts.of(ExecutionState::kSkipped))
      .EndObject();
  turn.output.happenings.push_back({"command_done", "", body.Take()});
  Audit(turn, command.request, command.request.spec->name, "done(" + CountsText(counts) + ")");
}

void AddCommand(World& world, Command command, std::vector<Execution> executions) {
  command.in_flight = 0;
  command.final_count = 0;
  for (Execution& execution : executions) {
    const ExecutionKey key = execution.key;
    command.in_flight += execution.started ? 1 : 0;
    if (IsFinal(execution.state)) {
      ++command.final_count;
    } else {
      const auto* open = world.open_commands.Find(key.printer_id);
      if (open == nullptr) {
        world.open_commands.Put(key.printer_id, {key.command_id});
      } else {
        world.open_commands.Mutable(key.printer_id).push_back(key.command_id);
      }
    }
    world.executions.Put(key, std::move(execution));
  }
  const CommandId id = command.id;
  world.commands.Put(id, std::move(command));
}

}  // namespace printfleet::fleet
