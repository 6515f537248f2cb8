#include "fleet/stop.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "fleet/build.h"
#include "fleet/gates.h"
#include "fleet/parse.h"
#include "fleet/plan.h"
#include "fleet/tracker.h"

namespace printfleet::fleet {
namespace {

constexpr int kRecordDepthMax = 8;
constexpr const char* kSentAway = "sent while the store was away";

bool IsZeroOrAbsent(const Request& request, std::string_view name) {
  const double* target = request.args.Get<double>(name);
  return target == nullptr || *target == 0;
}

seconds ExpiryOf(const Rules& rules, const Request& request, const Instant& now) {
  milliseconds left = request.options.timeout.value_or(request.spec->deadline);
  left = std::min<milliseconds>(left, rules.settings.commands.attempt);
  if (request.options.expires_at) {
    left = std::min<milliseconds>(left, *request.options.expires_at - now.wall);
  }
  return std::max(seconds(1), std::chrono::ceil<seconds>(left));
}

// What the spool keeps to make rows of it later.
std::string RecordJson(const Delivery& delivery, std::string_view payload, const StopPlan& plan,
                       const Preview& preview, const Instant& now) {
  json::Writer writer;
  writer.BeginObject()
      .Member("v", 1)
      .Member("at_ms", EpochMs(now.wall))
      .Member("author", delivery.author)
      .Member("role", settings::Name(delivery.role))
      .Member("response_topic", delivery.response_topic)
      .Member("correlation_data_b64", Base64Text(delivery.correlation_data))
      .Member("payload_b64", Base64Text(payload))
      .Member("target_hash", preview.target_hash)
      .Key("printers")
      .BeginArray();
  for (const PreviewRow& row : preview.rows) {
    writer.BeginObject().Member("printer_id", row.printer_id).Member("name", row.name);
    const auto sent = std::ranges::find(plan.outgoing, row.printer_id, &Outgoing::printer_id);
    if (sent != plan.outgoing.end()) {
      const auto* control = std::get_if<protocol::ControlJob>(&sent->request);
      writer.Member("msgid", sent->msgid)
          .Member("task_id", control != nullptr ? control->task_id : "");
    } else {
      writer.Member("message", row.message);
    }
    writer.EndObject();
  }
  writer.EndArray().EndObject();
  return writer.Take();
}

Outgoing MakeStop(const World& world, const Rules& rules, const Request& request,
                  const PrinterId& id) {
  const printer::Printer& printer = *world.printers.Find(id);
  Outgoing outgoing;
  outgoing.printer_id = id;
  outgoing.model_id = printer.registration.model_id;
  outgoing.form = FormFor(rules, printer);
  outgoing.request = BuildRequest(request, printer, TaskIdFor(rules, request, printer));
  outgoing.msgid = world.new_msgid();
  outgoing.execution.printer_id = id;
  return outgoing;
}

std::string Text(json::Value value, std::string_view name) {
  return std::string(value[name].String().value_or(""));
}

Execution RecordedExecution(json::Value printer, CommandId id, WallTime at) {
  Execution execution;
  execution.key = {id, Text(printer, "printer_id")};
  execution.printer_name = Text(printer, "name");
  execution.finished_at = at;
  execution.msgid = Text(printer, "msgid");
  if (execution.msgid.empty()) {
    execution.state = ExecutionState::kSkipped;
    execution.skip_reason = SkipReason::kNoJob;
    execution.message = Text(printer, "message");
    return execution;
  }
  execution.state = ExecutionState::kSentUnconfirmed;
  execution.task_id = Text(printer, "task_id");
  execution.attempts = 1;
  execution.sent_at = at;
  execution.message = kSentAway;
  return execution;
}

// The request as it was, judged at the time it was sent.
Parsed RecordedRequest(const Rules& rules, json::Value record, const Instant& then) {
  Delivery delivery;
  delivery.author = Text(record, "author");
  delivery.role = settings::ParseRole(Text(record, "role")).value_or(settings::Role::kOperator);
  delivery.response_topic = Text(record, "response_topic");
  std::string payload;
  if (!DecodeBase64(Text(record, "correlation_data_b64"), delivery.correlation_data) ||
      !DecodeBase64(Text(record, "payload_b64"), payload)) {
    payload.clear();
  }
  return ParseRequest(rules, delivery, payload, then);
}

std::string WhyRefused(std::string_view reason) {
  if (reason == "unknown") {
    return "whether it was stored is not known yet; ask command.get with its id";
  }
  if (reason == "unavailable") {
    return "the store is away; nothing was done, send it again later";
  }
  return "it cannot be taken as it is (see dead_letters); nothing was done";
}

}  // namespace

bool IsStop(const Request& request) {
  if (request.spec == nullptr) {
    return false;
  }
  if (request.spec->name == "print.stop" || request.spec->name == "print.pause") {
    return true;
  }
  const Arguments& args = request.args;
  const bool heaters = args.Has("nozzle_target_c") || args.Has("bed_target_c");
  const bool others =
      args.Has("fan_ratio") || args.Has("print_speed_mode") || args.Has("z_offset_mm");
  return request.spec->name == "print.update" && heaters && !others &&
         IsZeroOrAbsent(request, "nozzle_target_c") && IsZeroOrAbsent(request, "bed_target_c");
}

void WithdrawOvertaken(Turn& turn, CommandId stop) {
  const Command& command = *turn.world.commands.Find(stop);
  const std::string message = std::string(command.request.spec->name) + " (command " +
                              std::to_string(stop.value) + ") came first; nothing was sent";
  const auto printers = command.printers;
  std::set<CommandId> touched;
  for (const PrinterId& printer : *printers) {
    const auto* found = turn.world.open_commands.Find(printer);
    if (found == nullptr ||
        turn.world.executions.Find({stop, printer})->state == ExecutionState::kSkipped) {
      continue;
    }
    for (const CommandId id : std::vector<CommandId>(*found)) {
      const Execution& execution = *turn.world.executions.Find({id, printer});
      if (id != stop && IsUnsent(execution) && SetsGoing(turn.world.commands.Find(id)->request) &&
          Apply(turn, {id, printer}, ExecutionEvent::kCancelled, {.message = message})) {
        touched.insert(id);
      }
    }
  }
  for (const CommandId id : touched) {
    Pump(turn, id);
    CompleteIfDone(turn, id);
  }
}

std::optional<StopPlan> PlanStop(const World& world, const Rules& rules, const Delivery& delivery,
                                 std::string_view payload, const Instant& now) {
  const Parsed parsed = ParseRequest(rules, delivery, payload, now);
  const Request& request = parsed.request;
  if (parsed.rejection || !IsStop(request) || request.options.dry_run ||
      world.requests.Find({delivery.author, request.id}) != nullptr) {
    return std::nullopt;
  }
  const auto planned = MakePlan(world, rules, request);
  const Plan* plan = std::get_if<Plan>(&planned);
  if (plan == nullptr) {
    return std::nullopt;
  }
  StopPlan stop;
  stop.reply_to = request.reply_to;
  stop.request_id = request.id;
  stop.body = request.body;
  for (size_t i = 0; i < plan->gates.size(); ++i) {
    if (plan->gates[i].open()) {
      stop.outgoing.push_back(MakeStop(world, rules, request, plan->selection.printers[i]));
      stop.outgoing.back().expiry = ExpiryOf(rules, request, now);
    }
  }
  Preview preview = PreviewOf(world, *plan, Name(ExecutionState::kSentUnconfirmed));
  for (PreviewRow& row : preview.rows) {
    row.message = row.reason.empty() ? kSentAway : row.message;
  }
  stop.response_json = StopDoneJson(request.id, preview, now);
  stop.record_json = RecordJson(delivery, payload, stop, preview, now);
  return stop;
}

void HandleStopRecord(World& world, const Rules& rules, std::string_view record_json,
                      const Instant& now, Output& output) {
  Turn turn{world, rules, now, output};
  json::Parser parser;
  const auto record = parser.Parse(record_json, {record_json.size(), kRecordDepthMax});
  if (!record.ok()) {
    return;
  }
  const WallTime at = FromEpochMs((*record)["at_ms"].Int().value_or(EpochMs(now.wall)));
  const Parsed parsed = RecordedRequest(rules, *record, {at, now.mono});
  const Request& request = parsed.request;
  if (parsed.rejection || world.requests.Find({request.reply_to.author, request.id}) != nullptr) {
    return;
  }
  const json::Value printers = (*record)["printers"];
  Selection selection;
  selection.target_hash = Text(*record, "target_hash");
  for (size_t i = 0; i < printers.size(); ++i) {
    selection.printers.push_back(Text(printers.at(i), "printer_id"));
  }
  Command command = MakeCommand(turn, request, selection);
  command.created_at = at;
  command.deadline_wall = at;
  command.state = CommandState::kDone;
  command.finished_at = at;
  command.forget_at = now.mono + kForgetAfter;
  command.next_to_send = command.size();
  std::vector<Execution> executions;
  for (size_t i = 0; i < printers.size(); ++i) {
    executions.push_back(RecordedExecution(printers.at(i), command.id, at));
    output.finished.push_back({request.spec->name, executions.back().state, milliseconds(0)});
  }
  Remember(turn, command);
  output.audit.push_back({at, request.reply_to.author, request.id, std::string(request.spec->name),
                          request.target_json, request.args_json, "done(store_unavailable)"});
  const CommandId id = command.id;
  AddCommand(world, std::move(command), std::move(executions));
  WithdrawOvertaken(turn, id);
}

std::optional<StopPlan> RecordedStop(const Rules& rules, std::string_view record_json) {
  json::Parser parser;
  const auto record = parser.Parse(record_json, {record_json.size(), kRecordDepthMax});
  if (!record.ok()) {
    return std::nullopt;
  }
  const Instant then{FromEpochMs((*record)["at_ms"].Int().value_or(0)), MonoTime()};
  const Parsed parsed = RecordedRequest(rules, *record, then);
  if (parsed.rejection) {
    return std::nullopt;
  }
  Preview preview;
  preview.target_hash = Text(*record, "target_hash");
  const json::Value printers = (*record)["printers"];
  for (size_t i = 0; i < printers.size(); ++i) {
    const Execution execution = RecordedExecution(printers.at(i), CommandId{}, then.wall);
    preview.rows.push_back({execution.key.printer_id, execution.printer_name, Name(execution.state),
                            Name(execution.skip_reason), execution.message});
  }
  StopPlan stop;
  stop.reply_to = parsed.request.reply_to;
  stop.request_id = parsed.request.id;
  stop.body = parsed.request.body;
  stop.response_json = StopDoneJson(stop.request_id, preview, then);
  return stop;
}

Output Refuse(const Rules& rules, const Delivery& delivery, std::string_view payload,
              const Instant& now, std::string_view reason) {
  const Parsed parsed = ParseRequest(rules, delivery, payload, now);
  Rejection rejection{std::string(reason), WhyRefused(reason), ""};
  // Of one that may not be read nobody knows what was wrong with it.
  if (parsed.rejection && reason != "malformed") {
    rejection = *parsed.rejection;
  }
  Output output;
  RespondRejected(parsed.request.reply_to, parsed.request.id, rejection, now, output);
  output.audit.push_back({now.wall, delivery.author, parsed.request.id, parsed.command,
                          parsed.request.target_json, parsed.request.args_json,
                          "rejected(" + rejection.reason + ")"});
  return output;
}

}  // namespace printfleet::fleet
