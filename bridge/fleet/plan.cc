#include "fleet/plan.h"

#include <algorithm>

#include "base/check.h"
#include "fleet/artifact.h"
#include "fleet/flow.h"
#include "fleet/parse.h"
#include "fleet/replay.h"
#include "fleet/stop.h"
#include "fleet/tracker.h"

namespace printfleet::fleet {
namespace {

constexpr char kDraining[] =
    "what the printers said while the store was away is still being stored; nothing was done, send "
    "it again when /readyz says ready";

size_t OpenCommands(const World& world) {
  size_t open = 0;
  world.commands.ForEach([&open](const CommandId&, const Command& command) {
    open += command.state == CommandState::kAccepted ? 1 : 0;
  });
  return open;
}

// Does it wait at this gate instead of being skipped? Then the other gates are asked now, and all
// of them again when the printer is back.
bool Waits(const Request& request, const Gate& gate) {
  return gate.reason == SkipReason::kOffline && request.options.wait_when_offline;
}

void KeepFirst(const std::optional<int64_t>& first, Plan& plan) {
  int64_t open = 0;
  for (Gate& gate : plan.gates) {
    if (first && gate.open() && ++open > *first) {
      gate = {SkipReason::kLimit,
              "options.first: " + std::to_string(*first) + " of them is enough"};
    }
  }
}

std::vector<Execution> MakeExecutions(const World& world, const Command& command, const Plan& plan,
                                      const Instant& now) {
  std::vector<Execution> executions;
  for (size_t i = 0; i < plan.gates.size(); ++i) {
    const PrinterId& id = plan.selection.printers[i];
    Execution execution;
    execution.key = {command.id, id};
    execution.printer_name = world.printers.Find(id)->registration.name;
    if (!plan.gates[i].open()) {
      execution.state = ExecutionState::kSkipped;
      execution.skip_reason = plan.gates[i].reason;
      execution.message = plan.gates[i].message;
      execution.finished_at = now.wall;
    }
    executions.push_back(std::move(execution));
  }
  return executions;
}

// What PlanStop had sent already counts as sent.
void MarkSent(const Turn& turn, const StopPlan& sent, const Request& request,
              std::vector<Execution>& executions) {
  const Instant& now = turn.now;
  const CommandSpec& spec = *request.spec;
  for (Execution& execution : executions) {
    const auto found =
        std::ranges::find(sent.outgoing, execution.key.printer_id, &Outgoing::printer_id);
    if (found == sent.outgoing.end()) {
      continue;
    }
    execution.state = ExecutionState::kSent;
    execution.skip_reason = SkipReason::kNone;
    execution.message.clear();
    execution.finished_at.reset();
    execution.started = true;
    execution.attempts = 1;
    execution.msgid = found->msgid;
    execution.sent_at = now.wall;
    execution.repeats = true;
    execution.attempt_expires = now.mono + turn.rules.settings.commands.stop_attempt;
    execution.stage_deadline = now.mono + request.options.timeout.value_or(spec.deadline);
    execution.total_deadline = now.mono + request.options.timeout.value_or(spec.total);
    if (const auto* control = std::get_if<protocol::ControlJob>(&found->request)) {
      execution.task_id = control->task_id;
    }
  }
}

void CountSkipped(Turn& turn, const Command& command, const std::vector<Execution>& executions) {
  for (const Execution& execution : executions) {
    if (execution.state == ExecutionState::kSkipped) {
      turn.output.finished.push_back(
          {command.request.spec->name, ExecutionState::kSkipped, milliseconds(0)});
    }
  }
}

// A round of printers that may heat at once has had its turn after this long.
constexpr seconds kHeatingRound{20 * 60};

// How long a command to `count` printers may take until the last one has got its message.
milliseconds TimeFor(const Rules& rules, const Request& request, int64_t count) {
  const auto rounds = [count](int64_t at_once) {
    return std::max<int64_t>(1, (count + at_once - 1) / at_once);
  };
  const milliseconds one =
      request.options.timeout.value_or(request.spec->total) + rules.settings.fleet.query_timeout;
  milliseconds time = one * rounds(request.options.max_in_flight);
  time += request.options.interval * count;
  if (const auto limit = HeatingLimit(rules, request)) {
    time += kHeatingRound * rounds(*limit);
  }
  return time;
}

bool IsOfAge(const Rejection& rejection) {
  return rejection.reason == "stale" || rejection.reason == "expired";
}

}  // namespace

void Audit(Turn& turn, const Request& request, std::string_view command, std::string outcome) {
  turn.output.audit.push_back({turn.now.wall, request.reply_to.author, request.id,
                               std::string(command), request.target_json, request.args_json,
                               std::move(outcome)});
}

void Reject(Turn& turn, const Request& request, const Rejection& rejection) {
  RespondRejected(request.reply_to, request.id, rejection, turn.now, turn.output);
  Audit(turn, request, request.spec != nullptr ? request.spec->name : "",
        "rejected(" + rejection.reason + ")");
}

std::variant<Plan, Rejection> MakePlan(const World& world, const Rules& rules,
                                       const Request& request) {
  if (request.target.empty()) {
    return Rejection{"empty_target",
                     "target: names no printers; say which, or {\"all\":true} for all", "target"};
  }
  auto selected = Select(world, rules, request.target);
  if (auto* rejection = std::get_if<Rejection>(&selected)) {
    return std::move(*rejection);
  }
  Plan plan;
  plan.selection = std::move(std::get<Selection>(selected));
  if (!request.options.if_matched.empty() &&
      request.options.if_matched != plan.selection.target_hash) {
    return Rejection{"target_changed",
                     "options.if_matched: the target matches other printers now (" +
                         std::to_string(plan.selection.printers.size()) +
                         "); look at a dry run again",
                     "options.if_matched"};
  }
  if (auto rejected = CheckRequest(world, rules, request, plan.selection.printers)) {
    return *rejected;
  }
  plan.gates.resize(plan.selection.printers.size());
  if (request.spec->kind != CommandKind::kPrinter) {
    return plan;
  }
  for (size_t i = 0; i < plan.gates.size(); ++i) {
    const printer::Printer& printer = *world.printers.Find(plan.selection.printers[i]);
    Gate gate = CheckGates(world, rules, {request, printer, CommandId{}, false});
    if (Waits(request, gate)) {
      gate = CheckGates(world, rules, {request, printer, CommandId{}, true});
    }
    plan.gates[i] = std::move(gate);
  }
  KeepFirst(request.options.first, plan);
  return plan;
}

Command MakeCommand(Turn& turn, const Request& request, const Selection& selection) {
  Command command;
  command.id = CommandId{turn.world.ledger.Mutable().next_command_id++};
  command.request = request;
  command.created_at = turn.now.wall;
  command.target_hash = selection.target_hash;
  command.printers = std::make_shared<const std::vector<PrinterId>>(selection.printers);
  command.deadline_wall = request.options.expires_at.value_or(
      turn.now.wall +
      TimeFor(turn.rules, request, static_cast<int64_t>(selection.printers.size())));
  if (HeatingLimit(turn.rules, request)) {
    // A heater that never gets there must not keep the others waiting for ever.
    command.request.options.expires_at = command.deadline_wall;
  }
  return command;
}

void Remember(Turn& turn, const Command& command) {
  const Request& request = command.request;
  turn.world.requests.Put({request.reply_to.author, request.id},
                          {command.id, request.body, turn.now.wall});
}

void FinishAtOnce(Turn& turn, Command command, std::vector<Execution> executions) {
  command.state = CommandState::kDone;
  command.finished_at = turn.now.wall;
  command.forget_at = turn.now.mono + kForgetAfter;
  command.next_to_send = command.size();
  const CommandId id = command.id;
  Remember(turn, command);
  AddCommand(turn.world, std::move(command), std::move(executions));
  const Command& added = *turn.world.commands.Find(id);
  RespondDone(turn, added, added.request.reply_to);
  Audit(turn, added.request, added.request.spec->name, "done");
}

void AcceptPrinterCommand(Turn& turn, const Request& request, const StopPlan* sent) {
  if (request.args.Has("artifact") && request.artifact == nullptr) {
    Request with_file = request;
    if (const auto rejection = TakeArtifact(turn.world, with_file)) {
      Reject(turn, request, *rejection);
    } else {
      AcceptPrinterCommand(turn, with_file, sent);
    }
    return;
  }
  auto planned = MakePlan(turn.world, turn.rules, request);
  if (const auto* rejection = std::get_if<Rejection>(&planned)) {
    Reject(turn, request, *rejection);
    return;
  }
  const Plan& plan = std::get<Plan>(planned);
  if (request.options.dry_run) {
    RespondDryRun(turn, request, PreviewOfMessages(turn.world, turn.rules, request, plan));
    Audit(turn, request, request.spec->name, "dry_run");
    return;
  }
  const auto open_max = static_cast<size_t>(turn.rules.settings.commands.open_max);
  if (!IsStop(request) && OpenCommands(turn.world) >= open_max) {
    Reject(turn, request,
           {"too_many",
            "commands.open_max (" + std::to_string(open_max) +
                ") commands are open; try again when some are done",
            ""});
    return;
  }
  Command command = MakeCommand(turn, request, plan.selection);
  std::vector<Execution> executions = MakeExecutions(turn.world, command, plan, turn.now);
  if (sent != nullptr) {
    MarkSent(turn, *sent, request, executions);
  }
  CountSkipped(turn, command, executions);
  const CommandId id = command.id;
  Remember(turn, command);
  AddCommand(turn.world, std::move(command), std::move(executions));
  Audit(turn, request, request.spec->name, "accepted");
  RespondAccepted(turn, *turn.world.commands.Find(id), request.reply_to);
  if (IsStop(request)) {
    WithdrawOvertaken(turn, id);
  }
  Pump(turn, id);
  CompleteIfDone(turn, id);
}

void HandleRequest(World& world, const Rules& rules, const Delivery& delivery,
                   std::string_view payload, const Instant& now, const StopPlan* sent,
                   Output& output) {
  Turn turn{world, rules, now, output};
  const Parsed parsed = ParseRequest(rules, delivery, payload, now);
  const Request& request = parsed.request;
  const bool acts = request.spec != nullptr && !request.id.empty() &&
                    request.spec->kind != CommandKind::kQuestion && !request.options.dry_run;
  const bool readable = !parsed.rejection || IsOfAge(*parsed.rejection);
  if (acts && readable && Replay(turn, request)) {
    return;
  }
  if (parsed.rejection) {
    RespondRejected(request.reply_to, request.id, *parsed.rejection, now, output);
    Audit(turn, request, parsed.command, "rejected(" + parsed.rejection->reason + ")");
    return;
  }
  CHECK(request.spec != nullptr);
  if (delivery.draining && request.spec->kind == CommandKind::kPrinter && !IsStop(request) &&
      !request.options.dry_run) {
    RespondRejected(request.reply_to, request.id, {"unavailable", kDraining, ""}, now, output);
    Audit(turn, request, parsed.command, "rejected(unavailable)");
    return;
  }
  switch (request.spec->kind) {
    case CommandKind::kPrinter:
      AcceptPrinterCommand(turn, request, sent);
      return;
    case CommandKind::kRegistry:
      HandleRegistryCommand(turn, request);
      return;
    case CommandKind::kFleet:
      HandleFleetCommand(turn, request);
      return;
    case CommandKind::kQuestion:
      HandleQuestion(turn, request);
      return;
  }
}

}  // namespace printfleet::fleet
