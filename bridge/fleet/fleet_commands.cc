// fleet.hold, fleet.release, command.cancel: what acts on no printer; and job.set and job.reprint,
// which the store has to be asked for first.
#include <algorithm>

#include "fleet/artifact.h"
#include "fleet/job_set.h"
#include "fleet/plan.h"
#include "fleet/reprint.h"
#include "fleet/tracker.h"

namespace printfleet::fleet {
namespace {

void Hold(Turn& turn, const Request& request, bool hold) {
  const std::string* reason = request.args.Get<std::string>("reason");
  std::optional<std::string>& held = turn.world.ledger.Mutable().hold;
  held.reset();
  json::Writer writer;
  writer.BeginObject().Key("hold");
  if (hold) {
    held = reason != nullptr && !reason->empty() ? *reason : "held by " + request.reply_to.author;
    writer.String(*held);
  } else {
    writer.Null();
  }
  writer.EndObject();
  Command command = MakeCommand(turn, request, Selection{});
  command.result = writer.Take();
  json::Writer body;
  body.BeginObject().Member("author", request.reply_to.author).Member("reason", held).EndObject();
  turn.output.happenings.push_back({hold ? "fleet_hold" : "fleet_released", "", body.Take()});
  FinishAtOnce(turn, std::move(command), {});
}

// The command that is meant; 0 when nobody knows it.
CommandId Meant(const World& world, const Request& request) {
  if (const int64_t* id = request.args.Get<int64_t>("command_id")) {
    return world.commands.Find(CommandId{*id}) != nullptr ? CommandId{*id} : CommandId{};
  }
  const std::string* author = request.args.Get<std::string>("author");
  const RememberedRequest* known =
      world.requests.Find({author != nullptr ? *author : request.reply_to.author,
                           *request.args.Get<std::string>("request_id")});
  return known != nullptr ? known->command_id : CommandId{};
}

struct Cancelled {
  int64_t cancelled = 0;
  int64_t going_on = 0;  // sent already
};

Cancelled CancelQueued(Turn& turn, CommandId id) {
  Cancelled counts;
  const auto printers = turn.world.commands.Find(id)->printers;
  turn.world.commands.Mutable(id).next_to_send = printers->size();
  std::vector<PrinterId> freed;
  for (const PrinterId& printer : *printers) {
    const Execution& execution = *turn.world.executions.Find({id, printer});
    if (IsFinal(execution.state)) {
      continue;
    }
    if (IsUnsent(execution) && Apply(turn, {id, printer}, ExecutionEvent::kCancelled,
                                     {.message = "command.cancel, before it was sent"})) {
      const Execution& ended = *turn.world.executions.Find({id, printer});
      ++(ended.state == ExecutionState::kCancelled ? counts.cancelled : counts.going_on);
      freed.push_back(printer);
    } else {
      ++counts.going_on;
    }
  }
  for (const PrinterId& printer : freed) {
    Settle(turn, {id, printer});
  }
  CompleteIfDone(turn, id);
  return counts;
}

void Cancel(Turn& turn, const Request& request) {
  const CommandId id = Meant(turn.world, request);
  if (!id) {
    Reject(turn, request,
           {"not_found", "args: no such command is open; command.list shows them", "args"});
    return;
  }
  Cancelled counts;
  const Command* target = turn.world.commands.Find(id);
  if (target != nullptr && target->state == CommandState::kAccepted) {
    counts = CancelQueued(turn, id);
  }
  json::Writer writer;
  writer.BeginObject()
      .Member("command_id", id.value)
      .Member("cancelled", counts.cancelled)
      .Member("going_on", counts.going_on)
      .EndObject();
  Command command = MakeCommand(turn, request, Selection{});
  command.result = writer.Take();
  FinishAtOnce(turn, std::move(command), {});
}

}  // namespace

void HandleFleetCommand(Turn& turn, const Request& request) {
  if (request.spec->name == "job.reprint") {
    AskReprint(turn, request);
    return;
  }
  if (!request.target.empty()) {
    Reject(turn, request,
           {"unknown_argument", "target: " + std::string(request.spec->name) + " takes no target",
            "target"});
    return;
  }
  const std::string_view name = request.spec->name;
  if (request.options.dry_run) {
    RespondDryRun(turn, request, Preview{});
    Audit(turn, request, name, "dry_run");
  } else if (name == "command.cancel") {
    Cancel(turn, request);
  } else if (name == "job.set") {
    AskJobSet(turn, request);
  } else if (name == "file.library.remove") {
    RemoveArtifact(turn, request);
  } else {
    Hold(turn, request, name == "fleet.hold");
  }
}

}  // namespace printfleet::fleet
