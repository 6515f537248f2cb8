#include "store/write.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <unordered_set>

#include "base/json.h"
#include "base/text.h"
#include "store/copy_text.h"
#include "store/statements.h"

namespace printfleet::store {
namespace {

constexpr size_t kFilenameBytesMax = 4096;
constexpr size_t kDigestBytes = sizeof(Digest::words);

// Pointers to the last row of each key, in the rows' order. An ON CONFLICT statement cannot touch
// one row twice.
template <typename Row, typename KeyOf>
std::vector<const Row*> LastOfEach(const std::vector<Row>& rows, KeyOf&& key_of) {
  std::vector<const Row*> last;
  std::unordered_set<std::string> seen;
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    if (seen.emplace(key_of(*row)).second) {
      last.push_back(&*row);
    }
  }
  std::reverse(last.begin(), last.end());
  return last;
}

// Into a RowSet or a CopyText.
template <typename Cells>
void AddReadings(const printer::Readings& readings, Cells& set) {
  set.Number(readings.nozzle_temp_c)
      .Number(readings.nozzle_target_c)
      .Number(readings.bed_temp_c)
      .Number(readings.bed_target_c)
      .Number(readings.fan_ratio);
  if (readings.speed_mode) {
    set.Text(protocol::Name(*readings.speed_mode));
  } else {
    set.Null();
  }
  set.Number(readings.z_offset_mm);
}

std::string LabelsJson(const std::map<std::string, std::string>& labels) {
  json::Writer writer;
  writer.BeginObject();
  for (const auto& [name, value] : labels) {
    writer.Member(name, value);
  }
  writer.EndObject();
  return writer.Take();
}

void AddFilename(std::string_view filename, RowSet& set) {
  set.TextOrNull(CleanText(filename, kFilenameBytesMax)).BytesUnlessClean(filename);
}

void AddReport(const core::ReportRow& row, CopyText& text) {
  text.Int(row.seq).Text(row.printer_id).Time(row.received_at).Time(row.reported_at);
  text.Text(row.type).TextOrNull(row.action).TextOrNull(row.state).Int(row.code);
  text.TextOrNull(row.msgid);
  if (row.payload) {
    text.Text(*row.payload);
  } else {
    text.Null();
  }
  if (row.payload_raw) {
    text.Bytes(*row.payload_raw);
  } else {
    text.Null();
  }
  text.EndRow();
}

void AddTelemetry(const core::TelemetryRow& row, CopyText& text) {
  text.Text(row.printer_id).Time(row.at);
  AddReadings(row.readings, text);
  text.Number(row.progress_ratio).EndRow();
}

template <typename Row>
Status AddRows(OpenCopy& copy, const std::vector<Row>& rows, void (*add)(const Row&, CopyText&)) {
  auto next = rows.begin();
  return copy.Add([&](CopyText& piece) {
    for (; next != rows.end() && !piece.full(); ++next) {
      add(*next, piece);
    }
  });
}

template <typename Row>
Status CopyAll(Session& session, const CopyTarget& target, const std::vector<Row>& rows,
               void (*add)(const Row&, CopyText&)) {
  if (rows.empty()) {
    return Ok{};
  }
  const auto copy = OpenCopy::Begin(session, target);
  if (!copy) {
    return copy.error();
  }
  const Status added = AddRows(**copy, rows, add);
  return added ? (*copy)->End() : added;
}

Status WriteTelemetry(Session& session, const core::Rows& rows) {
  return CopyAll(session, kTelemetryCopy, rows.telemetry, AddTelemetry);
}

Status WriteRegistrations(Session& session, const core::Rows& rows) {
  RowSet set(19);
  const auto last = LastOfEach(
      rows.registrations, [](const core::RegistrationRow& row) { return row.registration.id; });
  for (const core::RegistrationRow* row : last) {
    const printer::Registration& printer = row->registration;
    set.Text(printer.id).Text(printer.model_id).Text(printer.model).Text(printer.name);
    set.TextArray(printer.groups).Text(LabelsJson(printer.labels));
    set.Text(Name(printer.enrolment)).TextOrNull(printer.firmware);
    set.TextOrNull(printer.machine_version).TextOrNull(printer.peripheral_version);
    set.MaybeText(printer.maintenance).Text(Name(printer.bed));
    if (printer.topic_form) {
      set.Text(protocol::Name(*printer.topic_form));
    } else {
      set.Null();
    }
    set.TextOrNull(printer.note).TextOrNull(printer.last_task_id).Time(printer.first_seen_at);
    set.Time(row->last_seen_at).Time(printer.retired_at).TextOrNull(printer.replaced_by);
  }
  return session.RunRows(kUpsertPrinters, set);
}

Status WriteStatuses(Session& session, const core::Rows& rows) {
  RowSet set(20);
  const auto last =
      LastOfEach(rows.statuses, [](const core::StatusRow& row) { return row.printer_id.view(); });
  for (const core::StatusRow* row : last) {
    set.Text(row->printer_id).Bool(row->online).TextOrNull(row->offline_reason);
    set.TextOrNull(row->address).Text(row->state).Time(row->state_since);
    AddReadings(row->readings, set);
    set.Number(row->progress_ratio).IdOrNull(row->job_id.value);
    if (row->last_error) {
      set.Int(row->last_error->code).Text(row->last_error->text).Time(row->last_error->at);
    } else {
      set.Null().Null().Null();
    }
    set.Time(row->reported_at).Time(row->received_at);
  }
  return session.RunRows(kUpsertStatuses, set);
}

Status WriteJobs(Session& session, const core::Rows& rows) {
  RowSet set(23);
  const auto last =
      LastOfEach(rows.jobs, [](const printer::Job& job) { return std::to_string(job.id.value); });
  for (const printer::Job* job : last) {
    set.Int(job->id.value).Text(job->printer_id).TextOrNull(job->task_id);
    set.TextOrNull(job->local_task);
    AddFilename(job->filename, set);
    set.Text(Name(job->source)).IdOrNull(job->command_id.value);
    set.IdOrNull(job->artifact_id.value).Text(Name(job->state));
    set.TextOrNull(Name(job->outcome)).Time(job->started_at).Time(job->ended_at);
    set.Number(job->progress_ratio).Int(job->layer).Int(job->layers).Number(job->elapsed_s);
    set.Number(job->remaining_s).Number(job->material_used_mm).Int(job->error_code);
    set.TextOrNull(job->error_text).TextOrNull(job->slice_params).Bool(job->counted);
  }
  return session.RunRows(kUpsertJobs, set);
}

// One after the other: of two marks of a job each may set what the other leaves.
Status WriteJobMarks(Session& session, const core::Rows& rows) {
  const auto add = [](const std::optional<std::string>& text, std::vector<Cell>& parameters) {
    parameters.emplace_back(text ? "t" : "f");
    parameters.push_back(text && !text->empty() ? Cell(*text) : Cell());
  };
  for (const fleet::JobMark& mark : rows.job_marks) {
    std::vector<Cell> parameters = {std::to_string(mark.job_id.value)};
    add(mark.verdict, parameters);
    add(mark.note, parameters);
    const Result<SqlRows> marked = session.Run(kMarkJob, parameters);
    if (!marked) {
      return marked.error();
    }
  }
  return Ok{};
}

Status WriteJobEvents(Session& session, const core::Rows& rows) {
  RowSet set(4);
  for (const core::JobEventRow& row : rows.job_events) {
    set.Int(row.job_id.value).Time(row.at).Text(row.kind).TextOrNull(row.text);
  }
  return session.RunRows(kInsertJobEvents, set);
}

Status WriteFileDeletions(Session& session, const core::Rows& rows) {
  RowSet set(5);
  for (const core::FileDeletionRow& row : rows.file_deletions) {
    set.Text(row.printer_id).Text(row.storage).Text(row.path);
    set.Text(CleanText(row.filename, kFilenameBytesMax)).BytesUnlessClean(row.filename);
  }
  return session.RunRows(kDeleteFiles, set);
}

Status WriteFileLists(Session& session, const core::Rows& rows) {
  RowSet lists(3);
  RowSet files(9);
  const auto last = LastOfEach(rows.file_lists, [](const core::FileListRow& row) {
    return row.printer_id + '\n' + row.storage + '\n' + row.path;
  });
  for (const core::FileListRow* row : last) {
    lists.Text(row->printer_id).Text(row->storage).Text(row->path);
    for (const core::FileListRow::File& file : row->files) {
      files.Text(row->printer_id).Text(row->storage).Text(row->path);
      files.Text(CleanText(file.filename, kFilenameBytesMax)).BytesUnlessClean(file.filename);
      files.Int(file.size_bytes).Time(file.modified_at).Bool(file.is_directory);
      files.Time(row->listed_at);
    }
  }
  Status deleted = session.RunRows(kDeleteFileLists, lists);
  return deleted ? session.RunRows(kInsertFiles, files) : deleted;
}

Status WriteCommands(Session& session, const core::Rows& rows) {
  RowSet set(17);
  const auto last = LastOfEach(
      rows.commands, [](const core::CommandRow& row) { return std::to_string(row.id.value); });
  for (const core::CommandRow* row : last) {
    set.Int(row->id.value).Text(row->author).TextOrNull(row->request_id).Text(row->command);
    set.TextOrNull(row->target_json).TextOrNull(row->args_json).TextOrNull(row->options_json);
    set.Text(row->state).TextOrNull(row->target_hash).Text(row->body_digest);
    set.TextOrNull(row->reply_topic);
    if (row->correlation_data.empty()) {
      set.Null();
    } else {
      set.Bytes(row->correlation_data);
    }
    set.Bool(row->reply_stream).Time(row->created_at).Time(row->deadline_at);
    set.Time(row->finished_at).TextOrNull(row->result_json);
  }
  return session.RunRows(kUpsertCommands, set);
}

Status WriteExecutions(Session& session, const core::Rows& rows) {
  RowSet set(14);
  const auto last = LastOfEach(rows.executions, [](const fleet::Execution& execution) {
    return std::to_string(execution.key.command_id.value) + '\n' + execution.key.printer_id;
  });
  for (const fleet::Execution* row : last) {
    set.Int(row->key.command_id.value).Text(row->key.printer_id).TextOrNull(row->printer_name);
    set.Text(Name(row->state));
    if (row->skip_reason == fleet::SkipReason::kNone) {
      set.Null();
    } else {
      set.Text(Name(row->skip_reason));
    }
    set.TextOrNull(row->task_id).IdOrNull(row->job_id.value).Int(row->code);
    set.TextOrNull(row->message).TextOrNull(row->result).Int(row->attempts);
    set.TextOrNull(row->msgid).Time(row->sent_at).Time(row->finished_at);
  }
  return session.RunRows(kUpsertExecutions, set);
}

// One statement a row: of two in a batch the later may take the name of the one that goes.
Status WriteArtifacts(Session& session, const core::Rows& rows) {
  for (const fleet::Artifact& row : rows.artifacts) {
    RowSet set(18);
    set.Int(row.id.value).Text(row.kind).Text(row.name).Text(row.sha256).Text(row.md5);
    set.Int(row.size_bytes).TextOrNull(row.slicer).TextOrNull(row.model).TextOrNull(row.model_id);
    set.Int(row.estimated_s).TextOrNull(row.material).Number(row.filament_mm);
    set.Number(row.filament_g).Int(row.layers).TextOrNull(row.thumbnail_type);
    set.Text(row.added_by).Time(row.added_at).Time(row.removed_at);
    Status written = session.RunRows(kUpsertArtifacts, set);
    if (!written) {
      return written;
    }
  }
  return Ok{};
}

Status WriteDownloads(Session& session, const core::Rows& rows) {
  RowSet offers(6);
  for (const fleet::Offer& row : rows.offers) {
    offers.Int(row.execution.command_id.value).Text(row.execution.printer_id).Int(row.attempt);
    offers.Int(row.artifact->id.value).Time(row.offered_at).Time(row.expires_at);
  }
  Status written = session.RunRows(kInsertOffers, offers);
  if (!written) {
    return written;
  }
  RowSet marks(6);
  for (const core::DownloadRow& row : rows.downloads) {
    marks.Int(row.execution.command_id.value).Text(row.execution.printer_id).Int(row.attempt);
    marks.Time(row.first_byte_at).Time(row.last_byte_at).Int(row.bytes_sent);
  }
  return session.RunRows(kMarkDownloads, marks);
}

Status WriteEvents(Session& session, const core::Rows& rows) {
  RowSet set(5);
  for (const core::EventRow& row : rows.events) {
    set.Int(row.event_id.value).Time(row.at).Text(row.kind).TextOrNull(row.printer_id);
    set.TextOrNull(row.body_json);
  }
  return session.RunRows(kInsertEvents, set);
}

Status WriteAudit(Session& session, const core::Rows& rows) {
  RowSet set(7);
  for (const fleet::AuditEntry& row : rows.audit) {
    set.Time(row.at).Text(row.author).TextOrNull(row.request_id).TextOrNull(row.command);
    set.TextOrNull(row.target_json).TextOrNull(row.args_json).Text(row.outcome);
  }
  return session.RunRows(kInsertAudit, set);
}

Status WriteNotifications(Session& session, const core::Rows& rows) {
  RowSet set(10);
  const auto last = LastOfEach(rows.notifications, [](const core::NotificationRow& row) {
    return std::to_string(row.message.id.value);
  });
  for (const core::NotificationRow* row : last) {
    set.Int(row->message.id.value).Text(row->message.target).Text(Name(row->state));
    set.Time(row->message.created_at).Time(row->closed_at).Time(row->due_at);
    set.Int(row->attempts).Time(row->sent_at).TextOrNull(row->last_error);
    set.Text(core::BodyJson(row->message));
  }
  return session.RunRows(kUpsertNotifications, set);
}

Status WriteDeadLetters(Session& session, const core::Rows& rows) {
  RowSet set(5);
  for (const core::DeadLetterRow& row : rows.dead_letters) {
    set.Time(row.received_at).Text(row.topic).Bytes(row.payload).Text(row.reason);
    set.TextOrNull(row.detail);
  }
  return session.RunRows(kInsertDeadLetters, set);
}

Status WriteDigests(Session& session, const Batch& batch) {
  RowSet set(4);
  for (int at = 0; at < core::kSessions; ++at) {
    const std::vector<Digest>& digests = batch.digests[at];
    if (!digests.empty()) {
      set.Int(batch.seq).Text(core::Name(static_cast<core::Session>(at)));
      set.Time(batch.committed_at).Bytes(PackDigests(digests));
    }
  }
  return session.RunRows(kInsertBatches, set);
}

Status WriteLedger(Session& session, const Batch& batch) {
  if (batch.spool) {
    const Result<SqlRows> marked =
        session.Run(kSetSpoolMark, {batch.spool->identity, std::to_string(batch.spool->through)});
    if (!marked) {
      return marked.error();
    }
  }
  if (!batch.rows.ledger) {
    return Ok{};
  }
  const fleet::Ledger& ledger = *batch.rows.ledger;
  const Result<SqlRows> set = session.Run(
      kSetLedger,
      {std::to_string(ledger.next_job_id), std::to_string(ledger.next_command_id),
       std::to_string(ledger.next_event_id), std::to_string(ledger.next_task_id),
       std::to_string(ledger.next_report_seq), ledger.hold, std::to_string(ledger.next_artifact_id),
       std::to_string(ledger.next_notification_id)});
  return set ? Status(Ok{}) : set.error();
}

}  // namespace

bool IsEmpty(const Batch& batch) {
  return batch.rows.empty() && !batch.spool &&
         std::all_of(std::begin(batch.digests), std::end(batch.digests),
                     [](const std::vector<Digest>& digests) { return digests.empty(); });
}

std::set<Day> DaysOf(const std::vector<core::ReportRow>& reports) {
  std::set<Day> days;
  for (const core::ReportRow& row : reports) {
    days.insert(DayOf(row.received_at));
  }
  return days;
}

std::set<Day> DaysOf(const core::Rows& rows) {
  std::set<Day> days = DaysOf(rows.reports);
  for (const core::TelemetryRow& row : rows.telemetry) {
    days.insert(DayOf(row.at));
  }
  return days;
}

Status AdvanceLedger(Session& session, int64_t seq) {
  const Result<SqlRows> advanced = session.Run(kAdvanceLedger, {std::to_string(seq)});
  if (!advanced) {
    return advanced.error();
  }
  if (advanced->empty()) {
    return Error{Errc::kConflict, "batch " + std::to_string(seq) + ": the ledger is at or past it"};
  }
  return Ok{};
}

Result<std::unique_ptr<OpenCopy>> BeginReports(Session& session) {
  return OpenCopy::Begin(session, kReportLogCopy);
}

Status AddReports(OpenCopy& copy, const std::vector<core::ReportRow>& reports) {
  return AddRows(copy, reports, AddReport);
}

Status WriteReports(Session& session, const std::vector<core::ReportRow>& reports) {
  return CopyAll(session, kReportLogCopy, reports, AddReport);
}

Status WriteRest(Session& session, const Batch& batch) {
  Status ledger = WriteLedger(session, batch);
  if (!ledger) {
    return ledger;
  }
  // Parents before children: printers, jobs and commands are referenced.
  using Write = Status (*)(Session&, const core::Rows&);
  for (const Write write :
       {WriteTelemetry, WriteRegistrations, WriteStatuses, WriteJobs, WriteJobMarks, WriteJobEvents,
        WriteFileDeletions, WriteFileLists, WriteArtifacts, WriteCommands, WriteExecutions,
        WriteDownloads, WriteEvents, WriteAudit, WriteNotifications, WriteDeadLetters}) {
    Status written = write(session, batch.rows);
    if (!written) {
      return written;
    }
  }
  return WriteDigests(session, batch);
}

std::string PackDigests(const std::vector<Digest>& digests) {
  std::string bytes(digests.size() * kDigestBytes, '\0');
  for (size_t at = 0; at < digests.size(); ++at) {
    std::memcpy(bytes.data() + at * kDigestBytes, digests[at].words.data(), kDigestBytes);
  }
  return bytes;
}

void UnpackDigests(std::string_view bytes, std::vector<Digest>& digests) {
  for (size_t at = 0; at + kDigestBytes <= bytes.size(); at += kDigestBytes) {
    Digest digest;
    std::memcpy(digest.words.data(), bytes.data() + at, kDigestBytes);
    digests.push_back(digest);
  }
}

}  // namespace printfleet::store
