#include "store/load.h"

#include <algorithm>
#include <unordered_map>

#include "base/json.h"
#include "base/log.h"
#include "store/cell_reader.h"
#include "store/statements.h"
#include "store/write.h"

namespace printfleet::store {
namespace {

std::optional<printer::JobSource> ParseJobSource(std::string_view name) {
  for (const printer::JobSource source :
       {printer::JobSource::kCommand, printer::JobSource::kPanel}) {
    if (Name(source) == name) {
      return source;
    }
  }
  return std::nullopt;
}

std::optional<fleet::SkipReason> ParseSkipReason(std::string_view name) {
  for (int at = 0; at <= static_cast<int>(fleet::SkipReason::kLimit); ++at) {
    const auto reason = static_cast<fleet::SkipReason>(at);
    if (Name(reason) == name) {
      return reason;
    }
  }
  return std::nullopt;
}

void ReadGroups(CellReader& reader, std::vector<std::string>& groups) {
  json::Parser parser;
  const Result<json::Value> array = parser.Parse(reader.Text(), {});
  if (!array || !array->IsArray()) {
    reader.Fail();
    return;
  }
  for (size_t at = 0; at < array->size(); ++at) {
    groups.emplace_back(array->at(at).String().value_or(""));
  }
}

void ReadLabels(CellReader& reader, std::map<std::string, std::string>& labels) {
  json::Parser parser;
  const Result<json::Value> object = parser.Parse(reader.Text(), {});
  if (!object || !object->IsObject()) {
    reader.Fail();
    return;
  }
  for (size_t at = 0; at < object->size(); ++at) {
    labels.emplace(object->member_name(at), object->member_value(at).String().value_or(""));
  }
}

core::StatusRow ReadStatus(CellReader& reader, const PrinterId& printer_id) {
  core::StatusRow status;
  status.printer_id = printer_id;
  status.online = reader.Bool();
  status.offline_reason = reader.Text();
  status.address = reader.Text();
  status.state = reader.Text();
  status.state_since = reader.Time();
  status.readings.nozzle_temp_c = reader.MaybeNumber();
  status.readings.nozzle_target_c = reader.MaybeNumber();
  status.readings.bed_temp_c = reader.MaybeNumber();
  status.readings.bed_target_c = reader.MaybeNumber();
  status.readings.fan_ratio = reader.MaybeNumber();
  status.readings.speed_mode = reader.MaybeWord(protocol::ParseSpeedMode);
  status.readings.z_offset_mm = reader.MaybeNumber();
  status.progress_ratio = reader.MaybeNumber();
  status.job_id = JobId{reader.Int()};
  const std::optional<int64_t> error_code = reader.MaybeInt();
  const std::string error_text = reader.Text();
  const WallTime error_at = reader.Time();
  if (error_code) {
    status.last_error = printer::LastError{*error_code, error_text, error_at};
  }
  status.reported_at = reader.MaybeTime();
  status.received_at = reader.MaybeTime();
  return status;
}

Error Unreadable(const char* table, const SqlRow& row) {
  return {Errc::kInternal, std::string("fleet.") + table + ": cannot read the row of " +
                               (row.empty() ? "" : row.front().value_or("NULL"))};
}

// Runs `statement` and reads each row.
template <typename Value, typename Read>
Status LoadRows(Session& session, const Statement& statement, Read&& read,
                std::vector<Value>& values) {
  const Result<SqlRows> rows = session.Run(statement);
  if (!rows) {
    return rows.error();
  }
  values.reserve(rows->size());
  for (const SqlRow& row : *rows) {
    Result<Value> value = read(row);
    if (!value) {
      return value.error();
    }
    values.push_back(std::move(*value));
  }
  return Ok{};
}

Status LoadCommands(Session& session, std::vector<core::LoadedCommand>& commands) {
  std::vector<core::CommandRow> rows;
  std::vector<fleet::Execution> executions;
  Status status = LoadRows(session, kLoadCommands, ReadCommand, rows);
  if (status) {
    status = LoadRows(session, kLoadExecutions, ReadExecution, executions);
  }
  if (!status) {
    return status;
  }
  std::unordered_map<CommandId, size_t> places;
  for (core::CommandRow& row : rows) {
    places.emplace(row.id, commands.size());
    commands.push_back({.row = std::move(row), .executions = {}});
  }
  for (fleet::Execution& execution : executions) {
    const auto place = places.find(execution.key.command_id);
    if (place != places.end()) {
      commands[place->second].executions.push_back(std::move(execution));
    }
  }
  return Ok{};
}

Status LoadRequests(Session& session, milliseconds remember, int64_t remembered_max,
                    core::Loaded& loaded) {
  const Result<SqlRows> rows = session.Run(
      kLoadRequests, {std::to_string(remember.count()), std::to_string(remembered_max)});
  if (!rows) {
    return rows.error();
  }
  for (const SqlRow& row : *rows) {
    CellReader reader(row);
    fleet::RequestKey key;
    key.author = reader.Text();
    key.request_id = reader.Text();
    fleet::RememberedRequest request;
    request.command_id = CommandId{reader.Int()};
    request.body = reader.Word(DigestFromHex);
    request.at = reader.Time();
    if (!reader.ok()) {
      return Unreadable("commands", row);
    }
    loaded.requests.emplace_back(std::move(key), request);
  }
  return Ok{};
}

// One that cannot be read is not worth a daemon that does not start.
Status LoadNotifications(Session& session, std::vector<core::NotificationRow>& notifications) {
  const Result<SqlRows> rows = session.Run(kLoadNotifications);
  if (!rows) {
    return rows.error();
  }
  for (const SqlRow& row : *rows) {
    Result<core::NotificationRow> notification = ReadNotification(row);
    if (notification) {
      notifications.push_back(std::move(*notification));
    } else {
      LogWarning("store", "left out", {{"error", notification.error().message}});
    }
  }
  return Ok{};
}

Status LoadLedger(Session& session, core::Loaded& loaded) {
  const Result<SqlRows> rows = session.Run(kLoadLedger);
  if (!rows) {
    return rows.error();
  }
  if (rows->empty()) {
    return Error{Errc::kInternal, "fleet.ledger: its row is missing"};
  }
  CellReader reader(rows->front());
  loaded.next_batch_seq = reader.Int() + 1;
  loaded.ledger.next_job_id = reader.Int();
  loaded.ledger.next_command_id = reader.Int();
  loaded.ledger.next_event_id = reader.Int();
  loaded.ledger.next_task_id = reader.Int();
  loaded.ledger.next_report_seq = reader.Int();
  loaded.ledger.hold = reader.MaybeText();
  loaded.ledger.next_artifact_id = reader.Int();
  loaded.ledger.next_notification_id = reader.Int();
  loaded.spool.identity = reader.MaybeText().value_or("");
  loaded.spool.through = reader.Int();
  return reader.ok() ? Status(Ok{}) : Unreadable("ledger", rows->front());
}

}  // namespace

Result<core::LoadedPrinter> ReadPrinter(const SqlRow& row) {
  CellReader reader(row);
  core::LoadedPrinter loaded;
  printer::Registration& printer = loaded.registration;
  printer.id = reader.Text();
  printer.model_id = reader.Text();
  printer.model = reader.Text();
  printer.name = reader.Text();
  ReadGroups(reader, printer.groups);
  ReadLabels(reader, printer.labels);
  printer.enrolment = reader.Word(printer::ParseEnrolment);
  printer.firmware = reader.Text();
  printer.machine_version = reader.Text();
  printer.peripheral_version = reader.Text();
  printer.maintenance = reader.MaybeText();
  printer.bed = reader.Word(printer::ParseBed);
  printer.topic_form = reader.MaybeWord(protocol::ParseTopicForm);
  printer.note = reader.Text();
  printer.last_task_id = reader.Text();
  printer.first_seen_at = reader.Time();
  loaded.last_seen_at = reader.MaybeTime();
  printer.retired_at = reader.MaybeTime();
  printer.replaced_by = reader.Text();
  core::StatusRow status = ReadStatus(reader, printer.id);
  if (!status.state.empty()) {
    loaded.status = std::move(status);
  }
  return reader.ok() ? Result<core::LoadedPrinter>(std::move(loaded)) : Unreadable("printers", row);
}

Result<printer::Job> ReadJob(const SqlRow& row) {
  CellReader reader(row);
  printer::Job job;
  job.id = JobId{reader.Int()};
  job.printer_id = reader.Text();
  job.task_id = reader.Text();
  job.local_task = reader.Text();
  const std::string filename_raw = reader.Bytes();
  const std::string filename = reader.Text();
  job.filename = filename_raw.empty() ? filename : filename_raw;
  job.source = reader.Word(ParseJobSource);
  job.command_id = CommandId{reader.Int()};
  job.artifact_id = ArtifactId{reader.Int()};
  job.state = reader.Word(printer::ParseJobState);
  job.outcome = reader.MaybeWord(printer::ParseOutcome).value_or(printer::Outcome::kNone);
  job.started_at = reader.Time();
  job.ended_at = reader.MaybeTime();
  job.progress_ratio = reader.MaybeNumber();
  job.layer = reader.MaybeInt();
  job.layers = reader.MaybeInt();
  job.elapsed_s = reader.MaybeNumber();
  job.remaining_s = reader.MaybeNumber();
  job.material_used_mm = reader.MaybeNumber();
  job.error_code = reader.MaybeInt();
  job.error_text = reader.Text();
  job.slice_params = reader.Text();
  job.counted = reader.Bool();
  return reader.ok() ? Result<printer::Job>(std::move(job)) : Unreadable("jobs", row);
}

Result<core::CommandRow> ReadCommand(const SqlRow& row) {
  CellReader reader(row);
  core::CommandRow command;
  command.id = CommandId{reader.Int()};
  command.author = reader.Text();
  command.request_id = reader.Text();
  command.command = reader.Text();
  command.target_json = reader.Text();
  command.args_json = reader.Text();
  command.options_json = reader.Text();
  command.state = reader.Text();
  command.target_hash = reader.Text();
  command.body_digest = reader.Text();
  command.reply_topic = reader.Text();
  command.correlation_data = reader.Bytes();
  command.reply_stream = reader.Bool();
  command.created_at = reader.Time();
  command.deadline_at = reader.Time();
  command.finished_at = reader.MaybeTime();
  return reader.ok() ? Result<core::CommandRow>(std::move(command)) : Unreadable("commands", row);
}

Result<fleet::Execution> ReadExecution(const SqlRow& row) {
  CellReader reader(row);
  fleet::Execution execution;
  execution.key.command_id = CommandId{reader.Int()};
  execution.key.printer_id = reader.Text();
  execution.printer_name = reader.Text();
  execution.state = reader.Word(fleet::ParseExecutionState);
  execution.skip_reason = reader.MaybeWord(ParseSkipReason).value_or(fleet::SkipReason::kNone);
  execution.task_id = reader.Text();
  execution.job_id = JobId{reader.Int()};
  execution.code = reader.MaybeInt();
  execution.message = reader.Text();
  execution.result = reader.Text();
  execution.attempts = static_cast<int>(reader.Int());
  execution.msgid = reader.Text();
  execution.sent_at = reader.MaybeTime();
  execution.finished_at = reader.MaybeTime();
  return reader.ok() ? Result<fleet::Execution>(std::move(execution))
                     : Unreadable("command_executions", row);
}

Result<fleet::Artifact> ReadArtifact(const SqlRow& row) {
  CellReader reader(row);
  fleet::Artifact artifact;
  artifact.id = ArtifactId{reader.Int()};
  artifact.kind = reader.Text();
  artifact.name = reader.Text();
  artifact.sha256 = reader.Text();
  artifact.md5 = reader.Text();
  artifact.size_bytes = reader.Int();
  artifact.slicer = reader.Text();
  artifact.model = reader.Text();
  artifact.model_id = reader.Text();
  artifact.estimated_s = reader.MaybeInt();
  artifact.material = reader.Text();
  artifact.filament_mm = reader.MaybeNumber();
  artifact.filament_g = reader.MaybeNumber();
  artifact.layers = reader.MaybeInt();
  artifact.thumbnail_type = reader.Text();
  artifact.added_by = reader.Text();
  artifact.added_at = reader.Time();
  return reader.ok() ? Result<fleet::Artifact>(std::move(artifact)) : Unreadable("artifacts", row);
}

Result<core::NotificationRow> ReadNotification(const SqlRow& row) {
  CellReader reader(row);
  core::NotificationRow notification;
  const int64_t id = reader.Int();
  notification.state = reader.Word(core::ParseNotificationState);
  notification.closed_at = reader.MaybeTime();
  notification.due_at = reader.MaybeTime();
  notification.attempts = static_cast<int>(reader.Int());
  notification.last_error = reader.Text();
  auto message = core::ReadBody(reader.Text());
  if (!reader.ok() || !message || message->id.value != id) {
    return Unreadable("notifications", row);
  }
  notification.message = *std::move(message);
  return notification;
}

Result<core::Loaded> Load(Session& session, milliseconds remember, int64_t remembered_max) {
  core::Loaded loaded;
  Status status = LoadLedger(session, loaded);
  if (status) {
    status = LoadRows(session, kLoadPrinters, ReadPrinter, loaded.printers);
  }
  if (status) {
    status = LoadRows(session, kLoadJobs, ReadJob, loaded.jobs);
  }
  if (status) {
    status = LoadCommands(session, loaded.commands);
  }
  if (status) {
    status = LoadRows(session, kLoadArtifacts, ReadArtifact, loaded.artifacts);
  }
  if (status) {
    status = LoadRequests(session, remember, remembered_max, loaded);
  }
  if (status) {
    status = LoadNotifications(session, loaded.notifications);
  }
  if (!status) {
    return status.error().Within("load");
  }
  return loaded;
}

Result<std::vector<Digest>> LoadDigests(Session& session) {
  // Under load there are minutes of full batches: page by page, or their text is many times the
  // digests.
  constexpr size_t kPageRows = 400;
  std::vector<Digest> digests;
  std::string seq = "0";
  std::string name;
  while (true) {
    const Result<SqlRows> rows = session.Run(kLoadDigests, {seq, name, std::to_string(kPageRows)});
    if (!rows) {
      return rows.error();
    }
    for (const SqlRow& row : *rows) {
      UnpackDigests(BytesOfHex(row.at(2).value_or("")).value_or(""), digests);
    }
    if (rows->size() < kPageRows) {
      return digests;
    }
    seq = rows->back().at(0).value_or("");
    name = rows->back().at(1).value_or("");
  }
}

Result<int64_t> LastBatchSeq(Session& session) {
  const Result<SqlRows> rows = session.Run(kLastBatchSeq);
  if (!rows) {
    return rows.error();
  }
  return rows->empty() ? 0 : CellReader(rows->front()).Int();
}

}  // namespace printfleet::store
