// The message of an execution: its task, deadlines, expiry; and the job that print.start begins.
#include <algorithm>

#include "fleet/build.h"
#include "fleet/tracker.h"
#include "printer/apply.h"

namespace printfleet::fleet {
namespace {

// Applies `apply` to the printer, as now, and hands what it changed to core.
template <typename Apply>
void ChangePrinter(Turn& turn, const PrinterId& id, Apply&& apply) {
  const printer::Policy policy = printer::PolicyOf(turn.rules.settings.fleet);
  const std::function<JobId()> next_job_id = [&turn] {
    return JobId{turn.world.ledger.Mutable().next_job_id++};
  };
  const printer::Context context{turn.now, policy,          turn.rules.error_codes,
                                 false,    turn.world.live, next_job_id};
  turn.output.changes.emplace_back(id, apply(turn.world.printers.Mutable(id), context));
}

// What a start needs before its message: a task id, and the job it will be.
void BeginJob(Turn& turn, const Command& command, Execution& execution) {
  Ledger& ledger = turn.world.ledger.Mutable();
  execution.task_id = NewTaskId(ledger.next_task_id++);
  execution.job_id = JobId{ledger.next_job_id++};
  printer::Job job;
  job.id = execution.job_id;
  job.printer_id = execution.key.printer_id;
  job.task_id = execution.task_id;
  job.filename = StartFilename(command.request);
  job.source = printer::JobSource::kCommand;
  job.command_id = command.id;
  job.state = printer::JobState::kRequested;
  job.started_at = turn.now.wall;
  ChangePrinter(turn, execution.key.printer_id,
                [&job](printer::Printer& printer, const printer::Context& context) {
                  return printer::ApplyStartSent(printer, std::move(job), context);
                });
}

// Deadlines of a first attempt: of the stage, and of the whole.
void SetDeadlines(const Command& command, const Instant& now, Execution& execution) {
  if (execution.total_deadline) {
    return;
  }
  const CommandSpec& spec = *command.request.spec;
  const milliseconds total = command.request.options.timeout.value_or(spec.total);
  const milliseconds stage =
      spec.deadline == spec.total ? total : std::min<milliseconds>(spec.deadline, total);
  execution.total_deadline = now.mono + total;
  execution.stage_deadline = now.mono + stage;
}

seconds ExpiryOf(const Turn& turn, const Command& command, const Execution& execution) {
  milliseconds left = *execution.stage_deadline - turn.now.mono;
  left = std::min<milliseconds>(left, turn.rules.settings.commands.attempt);
  if (command.request.options.expires_at) {
    left = std::min<milliseconds>(left, *command.request.options.expires_at - turn.now.wall);
  }
  return std::max(seconds(1), std::chrono::ceil<seconds>(left));
}

}  // namespace

void GiveUpJob(Turn& turn, const Execution& execution, std::string_view why) {
  const PrinterId& id = execution.key.printer_id;
  const printer::Printer* found = turn.world.printers.Find(id);
  if (found == nullptr || !found->job || found->job->id != execution.job_id) {
    return;
  }
  ChangePrinter(turn, id, [&](printer::Printer& printer, const printer::Context& context) {
    return printer::ApplyStartGivenUp(printer, execution.job_id, why, context);
  });
}

void SendExecution(Turn& turn, const ExecutionKey& key) {
  const Command& command = *turn.world.commands.Find(key.command_id);
  const auto& expires_at = command.request.options.expires_at;
  if (expires_at && *expires_at <= turn.now.wall) {
    Apply(turn, key, ExecutionEvent::kExpired, {.message = "options.expires_at has passed"});
    return;
  }
  Execution& execution = turn.world.executions.Mutable(key);
  if (command.request.spec->name == "print.start" && !execution.job_id) {
    BeginJob(turn, command, execution);
  }
  const printer::Printer& printer = *turn.world.printers.Find(key.printer_id);
  if (execution.task_id.empty()) {
    execution.task_id = TaskIdFor(turn.rules, command.request, printer);
  }
  SetDeadlines(command, turn.now, execution);
  const seconds expiry = ExpiryOf(turn, command, execution);
  ++execution.attempts;
  execution.msgid = turn.world.new_msgid();
  execution.token = static_cast<PublishToken>(execution.attempts);
  execution.attempt_expires = turn.now.mono + expiry;
  Outgoing outgoing;
  outgoing.printer_id = key.printer_id;
  outgoing.model_id = printer.registration.model_id;
  outgoing.form = FormFor(turn.rules, printer);
  outgoing.request = BuildRequest(command.request, printer, execution.task_id);
  outgoing.msgid = execution.msgid;
  outgoing.expiry = expiry;
  outgoing.token = execution.token;
  outgoing.execution = key;
  turn.output.outgoing.push_back(std::move(outgoing));
}

}  // namespace printfleet::fleet
