// What comes from outside after a command was accepted: reports, the broker's confirmations, time.
#include <algorithm>

#include "fleet/build.h"
#include "fleet/flow.h"
#include "fleet/gates.h"
#include "fleet/match.h"
#include "fleet/respond.h"
#include "fleet/tracker.h"
#include "printer/state.h"

namespace printfleet::fleet {
namespace {

constexpr milliseconds kRepublishAfter{1000};

using Keys = std::vector<ExecutionKey>;

Keys OpenAt(const World& world, const PrinterId& printer) {
  Keys keys;
  if (const auto* open = world.open_commands.Find(printer)) {
    for (const CommandId id : *open) {
      keys.push_back({id, printer});
    }
  }
  return keys;
}

// A message of it may be at the printer.
bool IsOut(const Execution& execution) {
  return !IsFinal(execution.state) && execution.attempts > 0 &&
         ((execution.started && !execution.probing) || execution.maybe_out);
}

void Renew(Turn& turn, const ExecutionKey& key, const CommandSpec& spec) {
  if (spec.total <= spec.deadline) {
    return;
  }
  Execution& execution = turn.world.executions.Mutable(key);
  if (execution.stage_deadline && execution.total_deadline) {
    execution.stage_deadline =
        std::min<MonoTime>(turn.now.mono + spec.deadline, *execution.total_deadline);
  }
}

void Take(Turn& turn, const ExecutionKey& key, Evidence evidence) {
  const CommandSpec& spec = *turn.world.commands.Find(key.command_id)->request.spec;
  Ending ending{evidence.code, std::move(evidence.message), std::move(evidence.result)};
  switch (evidence.verdict) {
    case Verdict::kNothing:
      return;
    case Verdict::kShown:
      Apply(turn, key, ExecutionEvent::kShown);
      return;
    case Verdict::kProgress:
      Apply(turn, key, ExecutionEvent::kShown);
      Renew(turn, key, spec);
      return;
    case Verdict::kProved:
      Apply(turn, key, ExecutionEvent::kProved, std::move(ending));
      Settle(turn, key);
      return;
    case Verdict::kRefuted:
      Apply(turn, key, ExecutionEvent::kRefuted, std::move(ending));
      Settle(turn, key);
      return;
  }
}

// Does the report name a message of ours to this printer, of these or an earlier one?
bool NamesOurs(const World& world, const protocol::Report& report, const Keys& keys) {
  const std::string_view msgid = report.envelope.msgid;
  if (msgid.empty()) {
    return false;
  }
  const auto* sent = world.msgids.Find(PrinterId(report.printer_id));
  return (sent != nullptr && std::ranges::find(*sent, msgid) != sent->end()) ||
         std::ranges::any_of(keys, [&](const ExecutionKey& key) {
           const Execution* execution = world.executions.Find(key);
           return execution != nullptr && execution->msgid == msgid;
         });
}

// Its message leaves with this batch: nothing that was read before can be an answer to it.
bool LeavesNow(const World& world, const ExecutionKey& key, const Execution& execution) {
  const Execution* committed = world.executions.FindCommitted(key);
  return execution.started && execution.state == ExecutionState::kQueued &&
         (committed == nullptr || committed->attempts < execution.attempts);
}

void JudgeAll(Turn& turn, const protocol::Report& report, const Keys& keys, bool live) {
  const std::string_view msgid = report.envelope.msgid;
  const bool ours = NamesOurs(turn.world, report, keys);
  for (const ExecutionKey& key : keys) {
    const Execution* execution = turn.world.executions.Find(key);
    const Command* command = turn.world.commands.Find(key.command_id);
    if (execution == nullptr || command == nullptr || !IsOut(*execution) ||
        LeavesNow(turn.world, key, *execution)) {
      continue;
    }
    // What waited for us proves nothing about now; but it answers the message that it names.
    if (!live && (msgid.empty() || execution->msgid != msgid)) {
      continue;
    }
    Evidence evidence = Judge(command->request, *execution, report, turn.rules.error_codes);
    // A refusal or an answer that names another message of ours is about that one.
    if (ours && execution->msgid != msgid &&
        (evidence.verdict == Verdict::kRefuted || IsAnswered(*command->request.spec))) {
      continue;
    }
    Take(turn, key, std::move(evidence));
  }
}

void EndProbes(Turn& turn, const Keys& keys) {
  for (const ExecutionKey& key : keys) {
    const Execution* execution = turn.world.executions.Find(key);
    if (execution != nullptr && execution->probing) {
      EndProbe(turn, key);
    }
  }
}

std::string SecondsText(milliseconds time) {
  return std::to_string(std::chrono::ceil<seconds>(time).count()) + " s";
}

void EndByDeadline(Turn& turn, const ExecutionKey& key) {
  const Execution& execution = *turn.world.executions.Find(key);
  const Command& command = *turn.world.commands.Find(key.command_id);
  const printer::Printer* printer = turn.world.printers.Find(key.printer_id);
  if (execution.attempts == 0) {
    Apply(turn, key, ExecutionEvent::kGaveUp,
          {.message = "the broker did not take the message in time; nothing was sent"});
    return;
  }
  const Silence silence =
      JudgeSilence(command.request, execution, printer != nullptr ? *printer : printer::Printer{});
  if (silence.succeeded) {
    Apply(turn, key, ExecutionEvent::kProved, {.result = silence.result});
  } else if (silence.timed_out) {
    const bool shown = execution.state == ExecutionState::kAcknowledged;
    Apply(turn, key, ExecutionEvent::kUnanswered,
          {.message = shown ? "it began, but did not finish in time" : "no answer in time"});
  } else {
    Apply(turn, key, ExecutionEvent::kUnproved,
          {.message = "sent; nothing that proves it came back"});
  }
}

bool Passed(const std::optional<MonoTime>& deadline, const Instant& now) {
  return deadline && *deadline <= now.mono;
}

// Refused by outbound, to be handed out again.
bool IsResend(const Execution& execution) {
  return execution.started && !execution.probing && !execution.verify_only &&
         execution.token == 0 && execution.state == ExecutionState::kQueued;
}

// A stop that the broker took and nothing answered: a printer that was away for a moment never had
// it.
bool IsRepeat(const Execution& execution) {
  return execution.repeats && execution.started && !execution.verify_only && execution.token == 0 &&
         execution.state == ExecutionState::kSent;
}

// Does the printer stand still, by what it said since this was sent? Not while something that sets
// it going may be on its way.
bool StandsStill(const World& world, const printer::Printer& printer, const Execution& execution) {
  if (!printer::IsThere(printer) || printer.work_state != printer::State::kIdle ||
      (printer.job && printer.job->open()) || printer.received_at <= execution.sent_at) {
    return false;
  }
  return std::ranges::none_of(OpenAt(world, execution.key.printer_id), [&](const auto& key) {
    const Execution* other = world.executions.Find(key);
    return other != nullptr && other->attempts > 0 &&
           SetsGoing(world.commands.Find(key.command_id)->request);
  });
}

// Has the printer begun another job since this was sent? Then that is not what was to be stopped.
bool IsOutdated(const printer::Printer& printer, const Execution& execution) {
  return printer.job && !printer.job->task_id.empty() && !execution.task_id.empty() &&
         printer.job->task_id != execution.task_id;
}

void Repeat(Turn& turn, const ExecutionKey& key) {
  const Request& request = turn.world.commands.Find(key.command_id)->request;
  const printer::Printer& printer = *turn.world.printers.Find(key.printer_id);
  const Execution& execution = *turn.world.executions.Find(key);
  const Gate gate = CheckGates(turn.world, turn.rules, {request, printer, key.command_id, false});
  const auto& expires_at = request.options.expires_at;
  if (!gate.open() || (expires_at && *expires_at <= turn.now.wall) ||
      IsOutdated(printer, execution) || StandsStill(turn.world, printer, execution)) {
    turn.world.executions.Mutable(key).repeats = false;  // still watched
    return;
  }
  SendExecution(turn, key);
}

void ExpireUnsent(Turn& turn, CommandId id) {
  const auto printers = turn.world.commands.Find(id)->printers;
  for (const PrinterId& printer : *printers) {
    const Execution& execution = *turn.world.executions.Find({id, printer});
    if (execution.state == ExecutionState::kQueued && !execution.started) {
      Apply(turn, {id, printer}, ExecutionEvent::kExpired,
            {.message = "options.expires_at has passed; nothing was sent"});
    }
  }
  CompleteIfDone(turn, id);
}

void Erase(World& world, CommandId id) {
  const auto printers = world.commands.Find(id)->printers;
  if (printers) {
    for (const PrinterId& printer : *printers) {
      world.executions.Erase({id, printer});
    }
  }
  world.commands.Erase(id);
}

}  // namespace

std::vector<protocol::Request> RequestsOut(const World& world, const PrinterId& printer,
                                           std::string_view command, std::string_view msgid) {
  std::vector<protocol::Request> requests;
  for (const ExecutionKey& key : OpenAt(world, printer)) {
    const Execution* execution = world.executions.Find(key);
    const Command* open = world.commands.Find(key.command_id);
    if (execution == nullptr || open == nullptr || !IsOut(*execution) ||
        open->request.spec->name != command) {
      continue;
    }
    protocol::Request request =
        BuildRequest(open->request, *world.printers.Find(printer), execution->task_id);
    if (!msgid.empty() && execution->msgid == msgid) {
      return {std::move(request)};
    }
    requests.push_back(std::move(request));
  }
  return requests;
}

void HandleReport(World& world, const Rules& rules, const protocol::Report& report,
                  const printer::Change& change, bool live, const Instant& now, Output& output) {
  if (world.open_commands.Find(report.printer_id) == nullptr) {
    return;  // nearly always
  }
  const PrinterId printer(report.printer_id);
  const Keys keys = OpenAt(world, printer);
  if (keys.empty()) {
    return;
  }
  Turn turn{world, rules, now, output};
  JudgeAll(turn, report, keys, live);
  if (!live) {
    return;
  }
  if (change.answered_status) {
    EndProbes(turn, keys);
  }
  TryPrinter(turn, printer);
}

void HandlePublished(World& world, const Rules& rules, const ExecutionKey& key, PublishToken token,
                     bool ok, const Instant& now, Output& output) {
  const Execution* found = world.executions.Find(key);
  if (found == nullptr || token == 0 || found->token != token || IsFinal(found->state)) {
    return;
  }
  Turn turn{world, rules, now, output};
  Execution& execution = world.executions.Mutable(key);
  execution.token = 0;
  if (ok) {
    execution.sent_at = now.wall;
    Apply(turn, key, ExecutionEvent::kPublished);
    return;
  }
  if (execution.state != ExecutionState::kQueued) {
    return;  // the printer has answered it already
  }
  if (world.commands.Find(key.command_id)->request.spec->repeatable) {
    --execution.attempts;
    execution.attempt_expires = now.mono + kRepublishAfter;
    return;
  }
  // It is not repeated, and bytes may have left before the link broke: only watched, not longer
  // than it could still reach the printer.
  execution.verify_only = true;
  const MonoTime last =
      execution.attempt_expires.value_or(now.mono) + rules.settings.fleet.query_timeout;
  execution.stage_deadline = std::min(execution.stage_deadline.value_or(last), last);
}

void HandleOvertaken(World& world, const Rules& rules, const ExecutionKey& key, const Instant& now,
                     Output& output) {
  const Execution* found = world.executions.Find(key);
  if (found == nullptr || found->state != ExecutionState::kQueued) {
    return;
  }
  Turn turn{world, rules, now, output};
  world.executions.Mutable(key).attempts = 0;
  Apply(turn, key, ExecutionEvent::kCancelled, {.message = "a stop came first; nothing was sent"});
  Settle(turn, key);
}

void HandleExecutionDue(World& world, const Rules& rules, const ExecutionKey& key,
                        const Instant& now, Output& output) {
  const Execution* execution = world.executions.Find(key);
  if (execution == nullptr || IsFinal(execution->state)) {
    return;
  }
  Turn turn{world, rules, now, output};
  if (execution->probing) {
    if (!Passed(execution->probe_deadline, now)) {
      return;
    }
    Apply(turn, key, ExecutionEvent::kGaveUp,
          {.message = "did not answer a status query within " +
                      SecondsText(rules.settings.fleet.query_timeout) + "; nothing was sent"});
  } else if (!execution->started) {
    if (!Passed(execution->total_deadline, now)) {
      return;
    }
    Apply(turn, key, ExecutionEvent::kExpired, {.message = "it stayed offline; nothing was sent"});
  } else if (Passed(execution->stage_deadline, now) || Passed(execution->total_deadline, now)) {
    EndByDeadline(turn, key);
  } else if (IsResend(*execution) && Passed(execution->attempt_expires, now)) {
    Resend(turn, key);
  } else if (IsRepeat(*execution) && Passed(execution->attempt_expires, now)) {
    Repeat(turn, key);
  } else {
    return;
  }
  Settle(turn, key);
}

void HandleCommandDue(World& world, const Rules& rules, CommandId id, const Instant& now,
                      Output& output) {
  const Command* command = world.commands.Find(id);
  if (command == nullptr) {
    return;
  }
  Turn turn{world, rules, now, output};
  if (Passed(command->forget_at, now)) {
    Erase(world, id);
    return;
  }
  const auto& expires_at = command->request.options.expires_at;
  if (command->state != CommandState::kDone && command->waiting() > 0 && expires_at &&
      *expires_at <= now.wall) {
    ExpireUnsent(turn, id);
  }
  if (WaitsForTurn(*world.commands.Find(id)) && Passed(world.commands.Find(id)->next_turn, now)) {
    Pump(turn, id);
    CompleteIfDone(turn, id);
  }
  command = world.commands.Find(id);
  if (Passed(command->report_due, now)) {
    ReportChanges(turn, id);
  }
}

void HandleUnsent(World& world, const Rules& rules, CommandId id, const Instant& now,
                  Output& output) {
  const Command* command = world.commands.Find(id);
  if (command == nullptr || !command->printers || command->state == CommandState::kDone) {
    return;
  }
  Turn turn{world, rules, now, output};
  const auto printers = command->printers;
  for (const PrinterId& printer : *printers) {
    const ExecutionKey key{id, printer};
    Apply(turn, key, ExecutionEvent::kCancelled, {.message = "store_unavailable"});
  }
  world.commands.Mutable(id).next_to_send = printers->size();
  CompleteIfDone(turn, id);
  for (const PrinterId& printer : *printers) {
    TryPrinter(turn, printer);
  }
}

std::optional<MonoTime> NextDeadline(const Execution& execution) {
  if (IsFinal(execution.state)) {
    return std::nullopt;
  }
  std::optional<MonoTime> next;
  const auto consider = [&next](const std::optional<MonoTime>& other) {
    if (other && (!next || *other < *next)) {
      next = other;
    }
  };
  if (execution.probing) {
    return execution.probe_deadline;
  }
  consider(execution.stage_deadline);
  consider(execution.total_deadline);
  if (IsResend(execution) || IsRepeat(execution)) {
    consider(execution.attempt_expires);
  }
  return next;
}

std::optional<MonoTime> NextDeadline(const Command& command, const World&, const Rules&,
                                     const Instant& now) {
  if (command.state == CommandState::kDone) {
    return command.forget_at;
  }
  std::optional<MonoTime> next = command.report_due;
  if (WaitsForTurn(command)) {
    next = std::min(next.value_or(*command.next_turn), *command.next_turn);
  }
  if (command.waiting() > 0 && command.request.options.expires_at) {
    const MonoTime expires = now.mono + (*command.request.options.expires_at - now.wall);
    next = next ? std::min(*next, expires) : expires;
  }
  return next;
}

}  // namespace printfleet::fleet
