// The message of an execution: its task, deadlines, expiry; and the job that print.start begins.
#include <algorithm>

#include "fleet/artifact.h"
#include "fleet/build.h"
#include "fleet/gates.h"
#include "fleet/stop.h"
#include "fleet/tracker.h"
#include "printer/apply.h"

namespace printfleet::fleet {
namespace {

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
  job.artifact_id = command.request.artifact ? command.request.artifact->id : ArtifactId{};
  job.state = printer::JobState::kRequested;
  job.started_at = turn.now.wall;
  const PrinterContext context(turn);
  turn.output.changes.emplace_back(
      execution.key.printer_id,
      printer::ApplyStartSent(turn.world.printers.Mutable(execution.key.printer_id), std::move(job),
                              context.get()));
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
  const settings::Commands& limits = turn.rules.settings.commands;
  const bool again = execution.repeats && execution.attempts > 0;
  left = std::min<milliseconds>(left, again ? limits.stop_attempt : limits.attempt);
  if (command.request.options.expires_at) {
    left = std::min<milliseconds>(left, *command.request.options.expires_at - turn.now.wall);
  }
  return std::max(seconds(1), std::chrono::ceil<seconds>(left));
}

// Its message may still wait in the broker when the next one comes: two stops do no harm.
seconds RepeatAfter(const Rules& rules, const Execution& execution) {
  constexpr int kDoublingsMax = 4;
  const int doublings = std::clamp(execution.attempts - 1, 0, kDoublingsMax);
  return rules.settings.commands.stop_attempt * (1 << doublings);
}

// Late answers come minutes later; then it has had this many others at most.
constexpr size_t kMsgidsMax = 16;

void RememberMsgid(World& world, const PrinterId& id, const std::string& msgid) {
  if (world.msgids.Find(id) == nullptr) {
    world.msgids.Put(id, {});
  }
  std::vector<std::string>& msgids = world.msgids.Mutable(id);
  if (msgids.size() == kMsgidsMax) {
    msgids.erase(msgids.begin());
  }
  msgids.push_back(msgid);
}

// The file of this attempt gets an address of its own, that ends with the attempt's last deadline.
void OfferFile(Turn& turn, const Command& command, const Execution& execution, Outgoing& outgoing) {
  Offer offer;
  offer.execution = execution.key;
  offer.attempt = execution.attempts;
  offer.artifact = command.request.artifact;
  offer.token = FileToken(turn.world.files, execution.key, execution.attempts);
  offer.offered_at = turn.now.wall;
  offer.expires_at = turn.now.wall + (*execution.total_deadline - turn.now.mono);
  std::get<protocol::StartFromUrl>(outgoing.request).url =
      FileUrl(turn.world.files, offer.token, offer.artifact->name);
  turn.output.offers.push_back(std::move(offer));
}

// What sets the printer going is the newer will: no stop of before is sent again behind it.
void EndRepeats(World& world, const PrinterId& printer) {
  const auto* open = world.open_commands.Find(printer);
  if (open == nullptr) {
    return;
  }
  for (const CommandId id : *open) {
    const Execution* execution = world.executions.Find({id, printer});
    if (execution != nullptr && execution->repeats) {
      world.executions.Mutable({id, printer}).repeats = false;
    }
  }
}

}  // namespace

void GiveUpJob(Turn& turn, const Execution& execution, std::string_view why) {
  const PrinterId& id = execution.key.printer_id;
  const printer::Printer* found = turn.world.printers.Find(id);
  if (found == nullptr || !found->job || found->job->id != execution.job_id) {
    return;
  }
  const PrinterContext context(turn);
  turn.output.changes.emplace_back(
      id, printer::ApplyStartGivenUp(turn.world.printers.Mutable(id), execution.job_id, why,
                                     context.get()));
}

void SendExecution(Turn& turn, const ExecutionKey& key) {
  const Command& command = *turn.world.commands.Find(key.command_id);
  const auto& expires_at = command.request.options.expires_at;
  if (expires_at && *expires_at <= turn.now.wall) {
    Apply(turn, key, ExecutionEvent::kExpired, {.message = "options.expires_at has passed"});
    return;
  }
  if (command.request.args.Has("artifact") && command.request.artifact == nullptr) {
    Apply(turn, key, ExecutionEvent::kGaveUp,
          {.message = "its file was removed from the library; nothing was sent"});
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
  execution.repeats = IsStop(command.request);
  if (SetsGoing(command.request)) {
    EndRepeats(turn.world, key.printer_id);
  }
  const seconds expiry = ExpiryOf(turn, command, execution);
  ++execution.attempts;
  execution.msgid = turn.world.new_msgid();
  RememberMsgid(turn.world, key.printer_id, execution.msgid);
  execution.token = static_cast<PublishToken>(execution.attempts);
  execution.attempt_expires =
      turn.now.mono + (execution.repeats ? RepeatAfter(turn.rules, execution) : expiry);
  Outgoing outgoing;
  outgoing.printer_id = key.printer_id;
  outgoing.model_id = printer.registration.model_id;
  outgoing.form = FormFor(turn.rules, printer);
  outgoing.request = BuildRequest(command.request, printer, execution.task_id);
  outgoing.msgid = execution.msgid;
  outgoing.expiry = expiry;
  outgoing.token = execution.token;
  outgoing.execution = key;
  outgoing.sets_going = SetsGoing(command.request);
  if (command.request.artifact != nullptr) {
    OfferFile(turn, command, execution, outgoing);
  }
  turn.output.outgoing.push_back(std::move(outgoing));
}

}  // namespace printfleet::fleet
