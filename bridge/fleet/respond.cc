#include "fleet/respond.h"

#include <algorithm>
#include <span>

namespace printfleet::fleet {
namespace {

constexpr size_t kEnvelopeBytes = 2048;  // what stands around a list
constexpr size_t kListBytesMax = kResponseBytesMax - kEnvelopeBytes;

void Begin(json::Writer& writer, std::string_view id, std::string_view event, const Instant& now) {
  writer.BeginObject().Key("id");
  if (id.empty()) {
    writer.Null();
  } else {
    writer.String(id);
  }
  writer.Member("event", event).Member("at", FormatIso8601(now.wall));
}

std::string SkippedJson(std::string_view printer_id, std::string_view name, std::string_view reason,
                        std::string_view message) {
  json::Writer writer;
  writer.BeginObject().Member("printer_id", printer_id).Member("name", name);
  writer.Member("reason", reason);
  if (!message.empty()) {
    writer.Member("message", message);
  }
  writer.EndObject();
  return writer.Take();
}

// By the wall clock, which may have been set back meanwhile.
int64_t DurationMs(WallTime begin, WallTime end) {
  return std::max<int64_t>(0, (end - begin).count());
}

std::string ExecutionJson(const Execution& execution, WallTime created_at) {
  json::Writer writer;
  writer.BeginObject()
      .Member("printer_id", execution.key.printer_id)
      .Member("name", execution.printer_name)
      .Member("state", Name(execution.state));
  if (execution.skip_reason != SkipReason::kNone) {
    writer.Member("reason", Name(execution.skip_reason));
  }
  writer.Member("code", execution.code).Member("message", execution.message).Key("result");
  writer.Raw(execution.result.empty() ? "{}" : execution.result);
  if (!execution.task_id.empty()) {
    writer.Member("task_id", execution.task_id);
  }
  if (execution.job_id) {
    writer.Member("job_id", execution.job_id.value);
  }
  if (execution.finished_at) {
    const WallTime start = execution.sent_at.value_or(created_at);
    writer.Member("duration_ms", DurationMs(start, *execution.finished_at));
  }
  writer.EndObject();
  return writer.Take();
}

std::string RowJson(const PreviewRow& row) {
  json::Writer writer;
  writer.BeginObject()
      .Member("printer_id", row.printer_id)
      .Member("name", row.name)
      .Member("state", row.state);
  if (!row.reason.empty()) {
    writer.Member("reason", row.reason);
  }
  if (!row.message.empty()) {
    writer.Member("message", row.message);
  }
  if (!row.sends.empty()) {
    writer.Key("sends").Raw(row.sends);
  }
  writer.EndObject();
  return writer.Take();
}

// Appends "name":[rows…] and, when cut, "name_truncated":true.
void WriteList(json::Writer& writer, std::string_view name, const std::vector<std::string>& rows) {
  std::string list;
  const size_t taken = ListJson(name, rows, list);
  writer.Key(name).Raw("[" + list + "]");
  if (taken < rows.size()) {
    writer.Member(std::string(name) + "_truncated", true);
  }
}

void WriteCounts(json::Writer& writer, const Counts& counts) {
  using enum ExecutionState;
  for (const ExecutionState state :
       {kSucceeded, kFailed, kTimedOut, kSentUnconfirmed, kCancelled, kExpired, kSkipped}) {
    writer.Member(Name(state), counts.of(state));
  }
}

// Progress has the first two as well: they are not final.
void WriteOpenCounts(json::Writer& writer, const Counts& counts) {
  writer.Member("queued", counts.of(ExecutionState::kQueued))
      .Member("sent", counts.of(ExecutionState::kSent) + counts.of(ExecutionState::kAcknowledged));
}

std::vector<std::string> ExecutionRows(const World& world, const Command& command) {
  std::vector<std::string> rows;
  if (command.printers) {
    for (const PrinterId& id : *command.printers) {
      rows.push_back(ExecutionJson(*world.executions.Find({command.id, id}), command.created_at));
    }
  }
  return rows;
}

std::vector<std::string> PreviewRows(const Preview& preview) {
  std::vector<std::string> rows;
  for (const PreviewRow& row : preview.rows) {
    rows.push_back(RowJson(row));
  }
  return rows;
}

bool IsOnPage(const Execution& execution, const ExecutionsPage& page) {
  const bool wanted = page.state.empty() || page.state == Name(execution.state) ||
                      (page.state == "open" && !IsFinal(execution.state));
  return wanted && execution.key.printer_id > page.after;
}

// The page's executions as "executions":[…], and what comes `after` them: JSON, "null" at the end.
std::string WritePage(json::Writer& writer, const World& world, const Command& command,
                      const ExecutionsPage& page) {
  std::vector<const Execution*> executions;
  if (command.printers) {
    for (const PrinterId& id : *command.printers) {
      const Execution* execution = world.executions.Find({command.id, id});
      if (IsOnPage(*execution, page)) {
        executions.push_back(execution);
      }
    }
  }
  std::ranges::sort(executions, {}, [](const Execution* each) { return each->key.printer_id; });
  const size_t taken_max = std::min(executions.size(), static_cast<size_t>(page.limit));
  std::vector<std::string> rows;
  for (size_t i = 0, bytes = 0; i < taken_max && bytes < kListBytesMax; ++i) {
    rows.push_back(ExecutionJson(*executions[i], command.created_at));
    bytes += rows.back().size();
  }
  std::string list;
  const size_t taken = ListJson("executions", rows, list);
  writer.Key("executions").Raw("[" + list + "]");
  if (taken == executions.size()) {
    return "null";
  }
  writer.Member("executions_truncated", true);
  json::Writer after;
  after.String(executions[taken - 1]->key.printer_id);
  return after.Take();
}

// One of a stored command's executions, as ExecutionJson would have it.
std::string StoredExecutionJson(json::Value execution) {
  json::Writer writer;
  writer.BeginObject();
  for (size_t i = 0; i < execution.size(); ++i) {
    const std::string_view name = execution.member_name(i);
    const json::Value value = execution.member_value(i);
    if (!value.IsNull() || name == "code") {
      writer.Key(name).Raw(value.Text());
    }
  }
  writer.EndObject();
  return writer.Take();
}

void Send(const ReplyTo& to, json::Writer& writer, Output& output) {
  writer.EndObject();
  output.responses.push_back({to, writer.Take()});
}

// `execution`, in as many messages as the rows need.
void SendExecutions(Turn& turn, std::string_view id, const ReplyTo& to, bool dry_run,
                    std::span<const std::string> rows) {
  while (!rows.empty()) {
    json::Writer writer;
    Begin(writer, id, "execution", turn.now);
    if (dry_run) {
      writer.Member("dry_run", true);
    }
    std::string list;
    const size_t taken = ListJson("executions", rows, list);
    writer.Key("executions").Raw("[" + list + "]");
    Send(to, writer, turn.output);
    rows = rows.subspan(taken);
  }
}

}  // namespace

size_t ListJson(std::string_view name, std::span<const std::string> rows, std::string& list) {
  size_t taken = 0;
  while (taken < rows.size() &&
         (list.empty() || list.size() + rows[taken].size() + name.size() < kListBytesMax)) {
    list.append(list.empty() ? "" : ",").append(rows[taken]);
    ++taken;
  }
  return taken;
}

Counts CountExecutions(const World& world, const Command& command) {
  Counts counts;
  if (command.printers) {
    for (const PrinterId& id : *command.printers) {
      const Execution* execution = world.executions.Find({command.id, id});
      ++counts.by_state[static_cast<size_t>(execution->state)];
    }
  }
  return counts;
}

std::string CountsText(const Counts& counts) {
  std::string text;
  for (int at = 0; at <= static_cast<int>(ExecutionState::kSkipped); ++at) {
    const auto state = static_cast<ExecutionState>(at);
    if (counts.of(state) > 0) {
      text += (text.empty() ? "" : ",") + std::string(Name(state)) + "=" +
              std::to_string(counts.of(state));
    }
  }
  return text;
}

void RespondRejected(const ReplyTo& to, std::string_view id, const Rejection& rejection,
                     const Instant& now, Output& output) {
  json::Writer writer;
  Begin(writer, id, "rejected", now);
  writer.Member("reason", rejection.reason).Member("message", rejection.message);
  if (!rejection.path.empty()) {
    writer.Member("path", rejection.path);
  }
  Send(to, writer, output);
}

void RespondResult(const ReplyTo& to, std::string_view id, const std::string& result,
                   const Instant& now, Output& output) {
  json::Writer writer;
  Begin(writer, id, "done", now);
  writer.Key("result").Raw(result.empty() ? "{}" : result);
  Send(to, writer, output);
}

void RespondListening(const ReplyTo& to, std::string_view id, seconds listen, const Instant& now,
                      Output& output) {
  if (!to.stream) {
    return;
  }
  json::Writer writer;
  Begin(writer, id, "accepted", now);
  writer.Member("listening_s", static_cast<int64_t>(listen.count()));
  Send(to, writer, output);
}

void RespondAccepted(Turn& turn, const Command& command, const ReplyTo& to) {
  if (!to.stream) {
    return;
  }
  std::vector<std::string> rows;
  std::vector<PrinterId> skipped;
  for (const PrinterId& id : *command.printers) {
    const Execution& execution = *turn.world.executions.Find({command.id, id});
    if (execution.state == ExecutionState::kSkipped) {
      rows.push_back(
          SkippedJson(id, execution.printer_name, Name(execution.skip_reason), execution.message));
      skipped.push_back(id);
    }
  }
  json::Writer writer;
  Begin(writer, command.request.id, "accepted", turn.now);
  writer.Member("command_id", command.id.value)
      .Member("matched", static_cast<int64_t>(command.size()))
      .Member("target_hash", command.target_hash);
  std::string list;
  const size_t taken = ListJson("skipped", rows, list);
  writer.Key("skipped").Raw("[" + list + "]");
  Send(to, writer, turn.output);
  // What did not fit follows as executions.
  skipped.erase(skipped.begin(), skipped.begin() + static_cast<std::ptrdiff_t>(taken));
  RespondExecutions(turn, command, to, skipped);
}

void RespondExecutions(Turn& turn, const Command& command, const ReplyTo& to,
                       const std::vector<PrinterId>& printers) {
  if (!to.stream) {
    return;
  }
  std::vector<std::string> rows;
  rows.reserve(printers.size());
  for (const PrinterId& id : printers) {
    rows.push_back(
        ExecutionJson(*turn.world.executions.Find({command.id, id}), command.created_at));
  }
  SendExecutions(turn, command.request.id, to, false, rows);
}

void RespondProgress(Turn& turn, const Command& command) {
  if (!command.request.reply_to.stream) {
    return;
  }
  const Counts counts = CountExecutions(turn.world, command);
  json::Writer writer;
  Begin(writer, command.request.id, "progress", turn.now);
  WriteOpenCounts(writer, counts);
  WriteCounts(writer, counts);
  Send(command.request.reply_to, writer, turn.output);
}

void RespondDone(Turn& turn, const Command& command, const ReplyTo& to) {
  json::Writer writer;
  Begin(writer, command.request.id, "done", turn.now);
  if (command.id) {
    writer.Member("command_id", command.id.value);
  }
  if (command.request.spec->kind == CommandKind::kFleet) {
    writer.Key("result").Raw(command.result.empty() ? "{}" : command.result);
    Send(to, writer, turn.output);
    return;
  }
  writer.Member("matched", static_cast<int64_t>(command.size()))
      .Member("target_hash", command.target_hash);
  WriteCounts(writer, CountExecutions(turn.world, command));
  const WallTime end = command.finished_at.value_or(turn.now.wall);
  writer.Member("duration_ms", DurationMs(command.created_at, end));
  const bool registry = command.request.spec->kind == CommandKind::kRegistry;
  if (registry) {
    writer.Key("result").Raw(command.result.empty() ? "{}" : command.result);
  }
  if (!to.stream || registry) {
    WriteList(writer, "executions", ExecutionRows(turn.world, command));
  }
  Send(to, writer, turn.output);
}

void RespondStored(Turn& turn, const ReplyTo& to, std::string_view id, json::Value row) {
  const CommandSpec* spec = FindCommand(row["command"].String().value_or(""));
  const bool to_fleet = spec != nullptr && spec->kind == CommandKind::kFleet;
  const json::Value executions = row["executions"];
  Counts counts;
  std::vector<std::string> rows;
  for (size_t i = 0; i < executions.size(); ++i) {
    const auto state = ParseExecutionState(executions.at(i)["state"].String().value_or(""));
    ++counts.by_state[static_cast<size_t>(state.value_or(ExecutionState::kFailed))];
    rows.push_back(StoredExecutionJson(executions.at(i)));
  }
  const auto begin = [&](json::Writer& writer, std::string_view event) {
    Begin(writer, id, event, turn.now);
    writer.Key("command_id").Raw(row["command_id"].Text());
    if (!to_fleet) {
      writer.Member("matched", static_cast<int64_t>(rows.size()));
      writer.Member("target_hash", row["target_hash"].String().value_or(""));
    }
  };
  if (to.stream && spec != nullptr && spec->kind == CommandKind::kPrinter) {
    json::Writer accepted;
    begin(accepted, "accepted");
    accepted.Key("skipped").Raw("[]");
    Send(to, accepted, turn.output);
  }
  json::Writer done;
  begin(done, "done");
  if (!to_fleet) {
    WriteCounts(done, counts);
    done.Member("duration_ms", row["duration_ms"].Int().value_or(0));
    WriteList(done, "executions", rows);
  }
  if (row["result"].exists() && !row["result"].IsNull()) {
    done.Key("result").Raw(row["result"].Text());
  }
  Send(to, done, turn.output);
}

void RespondDryRun(Turn& turn, const Request& request, const Preview& preview) {
  std::vector<std::string> skipped;
  for (const PreviewRow& row : preview.rows) {
    if (!row.reason.empty()) {
      skipped.push_back(SkippedJson(row.printer_id, row.name, row.reason, row.message));
    }
  }
  const auto begin = [&](json::Writer& writer, std::string_view event) {
    Begin(writer, request.id, event, turn.now);
    writer.Member("dry_run", true)
        .Member("matched", static_cast<int64_t>(preview.rows.size()))
        .Member("target_hash", preview.target_hash);
  };
  if (request.reply_to.stream) {
    json::Writer writer;
    begin(writer, "accepted");
    WriteList(writer, "skipped", skipped);
    Send(request.reply_to, writer, turn.output);
  }
  const std::vector<std::string> rows = PreviewRows(preview);
  std::string list;
  if (request.reply_to.stream && ListJson("executions", rows, list) < rows.size()) {
    SendExecutions(turn, request.id, request.reply_to, true, rows);
  }
  json::Writer writer;
  begin(writer, "done");
  writer.Member("would_send", static_cast<int64_t>(preview.rows.size() - skipped.size()))
      .Member("skipped", static_cast<int64_t>(skipped.size()));
  WriteList(writer, "executions", rows);
  Send(request.reply_to, writer, turn.output);
}

std::string StopDoneJson(std::string_view id, const Preview& preview, const Instant& now) {
  Counts counts;
  for (const PreviewRow& row : preview.rows) {
    ++counts.by_state[static_cast<size_t>(row.reason.empty() ? ExecutionState::kSentUnconfirmed
                                                             : ExecutionState::kSkipped)];
  }
  json::Writer writer;
  Begin(writer, id, "done", now);
  writer.Member("matched", static_cast<int64_t>(preview.rows.size()))
      .Member("target_hash", preview.target_hash);
  WriteCounts(writer, counts);
  writer.Member("duration_ms", 0)
      .Member("message", "sent while the store was away; what the printers say is not awaited");
  WriteList(writer, "executions", PreviewRows(preview));
  writer.EndObject();
  return writer.Take();
}

std::string CommandPageJson(const World& world, const Command& command,
                            const ExecutionsPage& page) {
  json::Writer writer;
  writer.BeginObject()
      .Member("command_id", command.id.value)
      .Member("author", command.request.reply_to.author)
      .Member("request_id", command.request.id)
      .Member("command", command.request.spec->name)
      .Key("target")
      .Raw(command.request.target_json)
      .Key("args")
      .Raw(command.request.args_json)
      .Member("state", Name(command.state))
      .Member("target_hash", command.target_hash)
      .Member("created_at", FormatIso8601(command.created_at))
      .Key("finished_at");
  if (command.finished_at) {
    writer.String(FormatIso8601(*command.finished_at));
  } else {
    writer.Null();
  }
  if (!command.result.empty()) {
    writer.Key("result").Raw(command.result);
  }
  const Counts counts = CountExecutions(world, command);
  writer.Key("counts").BeginObject();
  WriteOpenCounts(writer, counts);
  WriteCounts(writer, counts);
  writer.EndObject();
  const std::string after = WritePage(writer, world, command, page);
  writer.EndObject();
  return "{\"command\":" + writer.Take() + ",\"after\":" + after + "}";
}

}  // namespace printfleet::fleet
