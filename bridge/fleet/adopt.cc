// After a restart: open commands go on as the store had them.
#include <algorithm>

#include "fleet/artifact.h"
#include "fleet/parse.h"
#include "fleet/stop.h"
#include "fleet/tracker.h"

namespace printfleet::fleet {
namespace {

bool HasSecrets(const CommandSpec& spec, json::Value args) {
  return std::ranges::any_of(spec.arguments, [&](const ArgumentSpec& argument) {
    return argument.secret && args[argument.name].exists();
  });
}

// The arguments again, from what was stored. False when they are not complete: secrets are gone.
bool RestoreRequest(const World& world, Command& command) {
  Request& request = command.request;
  json::Parser parser;
  const auto args = parser.Parse(request.args_json, {request.args_json.size(), 64});
  if (!args.ok() || HasSecrets(*request.spec, *args) ||
      ParseArguments(*request.spec, *args, request.args)) {
    return false;
  }
  if (const std::string* sha256 = request.args.Get<std::string>("artifact")) {
    const Artifact* artifact = FindArtifact(world, *sha256);
    request.artifact = artifact != nullptr ? std::make_shared<const Artifact>(*artifact) : nullptr;
  }
  if (!request.options.expires_at) {
    request.options.expires_at = command.deadline_wall;
  }
  return true;
}

// Out already, or maybe: watched until its deadlines, counted from now.
void Watch(const Request& request, const Instant& now, Execution& execution) {
  execution.started = true;
  execution.verify_only = true;
  execution.stage_deadline = now.mono + request.options.timeout.value_or(request.spec->deadline);
  execution.total_deadline = now.mono + request.options.timeout.value_or(request.spec->total);
}

// A stop of the very job that is open at its printer goes on being sent (due.cc): the broker or the
// printer may have lost it. Of what else repeats nobody knows any more whether a newer will came
// behind it.
bool RepeatsOn(const World& world, const Request& request, const Execution& execution) {
  const printer::Printer* printer = world.printers.Find(execution.key.printer_id);
  return request.spec->name == "print.stop" && execution.state == ExecutionState::kSent &&
         printer != nullptr && printer->job && printer->job->open() && !execution.task_id.empty() &&
         printer->job->task_id == execution.task_id;
}

// What the printer must be asked, to learn what became of it.
void AskAbout(const Command& command, const Execution& execution, Output& output) {
  if (execution.verify_only && !command.request.spec->repeatable) {
    output.ask_status.push_back(execution.key.printer_id);
  }
}

void AdoptExecution(const Turn& turn, const Command& command, Execution& execution) {
  const Instant& now = turn.now;
  if (IsFinal(execution.state)) {
    return;
  }
  const CommandSpec& spec = *command.request.spec;
  const bool maybe_sent = execution.attempts > 0;
  const bool too_late = command.deadline_wall <= now.wall;
  if (execution.state != ExecutionState::kQueued ||
      (maybe_sent && (!spec.repeatable || too_late))) {
    Watch(command.request, now, execution);
    if (!too_late && RepeatsOn(turn.world, command.request, execution)) {
      execution.verify_only = false;
      execution.repeats = true;
      execution.attempt_expires = now.mono + turn.rules.settings.commands.stop_attempt;
    }
    return;
  }
  // Queued: never sent, or sent by a daemon that died before the broker's word; repeating it is
  // harmless.
  execution.resumed = true;
  execution.maybe_out = maybe_sent;
}

}  // namespace

void AdoptCommand(World& world, const Rules& rules, Command command,
                  std::vector<Execution> executions, const Instant& now, Output& output) {
  Turn turn{world, rules, now, output};
  std::ranges::sort(executions, [](const Execution& a, const Execution& b) {
    return std::pair(a.printer_name, a.key.printer_id) <
           std::pair(b.printer_name, b.key.printer_id);
  });
  std::vector<PrinterId> printers;
  const bool complete = RestoreRequest(world, command);
  for (Execution& execution : executions) {
    execution.key.command_id = command.id;
    printers.push_back(execution.key.printer_id);
    if (complete) {
      AdoptExecution(turn, command, execution);
      AskAbout(command, execution, output);
    }
  }
  command.printers = std::make_shared<const std::vector<PrinterId>>(std::move(printers));
  const CommandId id = command.id;
  AddCommand(world, std::move(command), std::move(executions));
  const auto all = world.commands.Find(id)->printers;
  if (!complete) {
    for (const PrinterId& printer : *all) {
      Apply(turn, {id, printer}, ExecutionEvent::kGaveUp,
            {.message = "interrupted: the daemon was restarted and its secret arguments are gone"});
    }
  }
  HandleCommandDue(world, rules, id, now, output);
  Pump(turn, id);
  CompleteIfDone(turn, id);
}

}  // namespace printfleet::fleet
