// The statements that write a batch, made of the tables' columns: one array for each column,
// unnested, so that a batch is one round trip a table whatever its size.
#include <span>

#include "store/statements.h"

namespace printfleet::store {
namespace {

struct Column {
  const char* name;
  const char* type;       // of the array's elements
  const char* cast = "";  // from the element to the column
};

using Columns = std::span<const Column>;

// INSERT INTO table (a, b) SELECT a, b FROM unnest($1::x[], $2::y[]) AS r(a, b)
std::string InsertSql(const std::string& table, Columns columns) {
  std::string names;
  std::string values;
  std::string arrays;
  int number = 0;
  for (const Column& column : columns) {
    const char* comma = number == 0 ? "" : ", ";
    names += std::string(comma) + column.name;
    values += std::string(comma) + "r." + column.name + column.cast;
    arrays += std::string(comma) + "$" + std::to_string(++number) + "::" + column.type + "[]";
  }
  return "INSERT INTO fleet." + table + " (" + names + ") SELECT " + values + " FROM unnest(" +
         arrays + ") AS r(" + names + ")";
}

// The first `keys` columns are the key; the others are replaced.
std::string UpsertSql(const std::string& table, Columns columns, size_t keys) {
  std::string sql = InsertSql(table, columns) + " ON CONFLICT (";
  for (size_t at = 0; at < keys; ++at) {
    sql += std::string(at == 0 ? "" : ", ") + columns[at].name;
  }
  sql += ") DO UPDATE SET ";
  for (size_t at = keys; at < columns.size(); ++at) {
    sql +=
        std::string(at == keys ? "" : ", ") + columns[at].name + " = EXCLUDED." + columns[at].name;
  }
  return sql;
}

constexpr Column kPrinterColumns[] = {
    {"printer_id", "text"},
    {"model_id", "text"},
    {"model", "text"},
    {"name", "text"},
    {"groups", "text", "::text[]"},
    {"labels", "jsonb"},
    {"enrolment", "text"},
    {"firmware", "text"},
    {"machine_version", "text"},
    {"peripheral_version", "text"},
    {"maintenance", "text"},
    {"bed", "text"},
    {"topic_form", "text"},
    {"note", "text"},
    {"last_task_id", "text"},
    {"first_seen_at", "timestamptz"},
    {"last_seen_at", "timestamptz"},
    {"retired_at", "timestamptz"},
    {"replaced_by", "text"},
};

constexpr Column kStatusColumns[] = {
    {"printer_id", "text"},
    {"online", "boolean"},
    {"offline_reason", "text"},
    {"address", "text"},
    {"state", "text"},
    {"state_since", "timestamptz"},
    {"nozzle_temp_c", "double precision"},
    {"nozzle_target_c", "double precision"},
    {"bed_temp_c", "double precision"},
    {"bed_target_c", "double precision"},
    {"fan_ratio", "double precision"},
    {"print_speed_mode", "text"},
    {"z_offset_mm", "double precision"},
    {"progress_ratio", "double precision"},
    {"job_id", "bigint"},
    {"last_error_code", "bigint"},
    {"last_error_text", "text"},
    {"last_error_at", "timestamptz"},
    {"reported_at", "timestamptz"},
    {"received_at", "timestamptz"},
};

constexpr Column kJobColumns[] = {
    {"job_id", "bigint"},
    {"printer_id", "text"},
    {"task_id", "text"},
    {"local_task", "text"},
    {"filename", "text"},
    {"filename_raw", "bytea"},
    {"source", "text"},
    {"command_id", "bigint"},
    {"artifact_id", "bigint"},
    {"state", "text"},
    {"outcome", "text"},
    {"started_at", "timestamptz"},
    {"ended_at", "timestamptz"},
    {"progress_ratio", "double precision"},
    {"layer", "bigint"},
    {"layers", "bigint"},
    {"elapsed_s", "double precision"},
    {"remaining_s", "double precision"},
    {"material_used_mm", "double precision"},
    {"error_code", "bigint"},
    {"error_text", "text"},
    {"slice_params", "json"},
    {"counted", "boolean"},
};

constexpr Column kJobEventColumns[] = {
    {"job_id", "bigint"},
    {"at", "timestamptz"},
    {"kind", "text"},
    {"text", "text"},
};

constexpr Column kFileColumns[] = {
    {"printer_id", "text"},         {"storage", "text"},         {"path", "text"},
    {"filename", "text"},           {"filename_raw", "bytea"},   {"size_bytes", "bigint"},
    {"modified_at", "timestamptz"}, {"is_directory", "boolean"}, {"listed_at", "timestamptz"},
};

constexpr Column kCommandColumns[] = {
    {"command_id", "bigint"},
    {"author", "text"},
    {"request_id", "text"},
    {"command", "text"},
    {"target", "json"},
    {"args", "json"},
    {"options", "json"},
    {"state", "text"},
    {"target_hash", "text"},
    {"body_digest", "text"},
    {"reply_topic", "text"},
    {"correlation_data", "bytea"},
    {"reply_stream", "boolean"},
    {"created_at", "timestamptz"},
    {"deadline_at", "timestamptz"},
    {"finished_at", "timestamptz"},
    {"result", "json"},
};

constexpr Column kExecutionColumns[] = {
    {"command_id", "bigint"},   {"printer_id", "text"},
    {"printer_name", "text"},   {"state", "text"},
    {"skip_reason", "text"},    {"task_id", "text"},
    {"job_id", "bigint"},       {"code", "bigint"},
    {"message", "text"},        {"result", "json"},
    {"attempts", "integer"},    {"msgid", "text"},
    {"sent_at", "timestamptz"}, {"finished_at", "timestamptz"},
};

constexpr Column kEventColumns[] = {
    {"event_id", "bigint"}, {"at", "timestamptz"}, {"kind", "text"},
    {"printer_id", "text"}, {"body", "json"},
};

constexpr Column kAuditColumns[] = {
    {"at", "timestamptz"}, {"author", "text"}, {"request_id", "text"}, {"command", "text"},
    {"target", "json"},    {"args", "json"},   {"outcome", "text"},
};

constexpr Column kArtifactColumns[] = {
    {"artifact_id", "bigint"},
    {"kind", "text"},
    {"name", "text"},
    {"sha256", "text"},
    {"md5", "text"},
    {"size_bytes", "bigint"},
    {"slicer", "text"},
    {"model", "text"},
    {"model_id", "text"},
    {"estimated_s", "bigint"},
    {"material", "text"},
    {"filament_mm", "double precision"},
    {"filament_g", "double precision"},
    {"layers", "bigint"},
    {"thumbnail_type", "text"},
    {"added_by", "text"},
    {"added_at", "timestamptz"},
    {"removed_at", "timestamptz"},
};

constexpr Column kOfferColumns[] = {
    {"command_id", "bigint"},  {"printer_id", "text"},        {"attempt", "integer"},
    {"artifact_id", "bigint"}, {"offered_at", "timestamptz"}, {"expires_at", "timestamptz"},
};

constexpr Column kNotificationColumns[] = {
    {"notification_id", "bigint"},
    {"target", "text"},
    {"state", "text"},
    {"created_at", "timestamptz"},
    {"closed_at", "timestamptz"},
    {"due_at", "timestamptz"},
    {"attempts", "integer"},
    {"sent_at", "timestamptz"},
    {"last_error", "text"},
    {"body", "jsonb"},
};

constexpr Column kDeadLetterColumns[] = {
    {"received_at", "timestamptz"},
    {"topic", "text"},
    {"payload", "bytea"},
    {"reason", "text"},
    {"detail", "text"},
};

constexpr Column kBatchColumns[] = {
    {"seq", "bigint"},
    {"session", "text"},
    {"committed_at", "timestamptz"},
    {"digests", "bytea"},
};

}  // namespace

const CopyTarget kReportLogCopy = {
    "fleet.report_log",
    {"seq", "printer_id", "received_at", "reported_at", "type", "action", "state", "code", "msgid",
     "payload", "payload_raw"},
};

const CopyTarget kTelemetryCopy = {
    "fleet.telemetry",
    {"printer_id", "at", "nozzle_temp_c", "nozzle_target_c", "bed_temp_c", "bed_target_c",
     "fan_ratio", "print_speed_mode", "z_offset_mm", "progress_ratio"},
};

const Statement kUpsertPrinters = {"upsert_printers", UpsertSql("printers", kPrinterColumns, 1)};
const Statement kUpsertStatuses = {"upsert_statuses",
                                   UpsertSql("printer_status", kStatusColumns, 1)};
const Statement kUpsertJobs = {"upsert_jobs", UpsertSql("jobs", kJobColumns, 1)};
const Statement kInsertJobEvents = {"insert_job_events", InsertSql("job_events", kJobEventColumns)};
const Statement kInsertFiles = {"insert_files", InsertSql("printer_files", kFileColumns)};
const Statement kUpsertCommands = {"upsert_commands", UpsertSql("commands", kCommandColumns, 1)};
const Statement kMarkJob = {
    "mark_job",
    R"(UPDATE fleet.jobs SET verdict = CASE WHEN $2::boolean THEN $3 ELSE verdict END,
                            note = CASE WHEN $4::boolean THEN $5 ELSE note END
       WHERE job_id = $1::bigint)",
};

const Statement kUpsertExecutions = {"upsert_executions",
                                     UpsertSql("command_executions", kExecutionColumns, 2)};
const Statement kInsertEvents = {"insert_events", InsertSql("events", kEventColumns)};
const Statement kInsertAudit = {"insert_audit", InsertSql("audit_log", kAuditColumns)};
const Statement kUpsertNotifications = {"upsert_notifications",
                                        UpsertSql("notifications", kNotificationColumns, 1)};
const Statement kInsertDeadLetters = {"insert_dead_letters",
                                      InsertSql("dead_letters", kDeadLetterColumns)};
const Statement kInsertBatches = {"insert_batches", InsertSql("inbound_batches", kBatchColumns)};

const Statement kUpsertArtifacts = {"upsert_artifacts",
                                    UpsertSql("artifacts", kArtifactColumns, 1)};
const Statement kInsertOffers = {"insert_offers", InsertSql("downloads", kOfferColumns)};
const Statement kMarkDownloads = {
    "mark_downloads",
    R"(UPDATE fleet.downloads d
       SET first_byte_at = coalesce(d.first_byte_at, r.first_byte_at),
           last_byte_at = coalesce(r.last_byte_at, d.last_byte_at),
           bytes_sent = greatest(d.bytes_sent, r.bytes_sent)
       FROM (SELECT command_id, printer_id, attempt, min(first_byte_at) AS first_byte_at,
                    max(last_byte_at) AS last_byte_at, max(bytes_sent) AS bytes_sent
             FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::timestamptz[],
                         $5::timestamptz[], $6::bigint[])
               AS u(command_id, printer_id, attempt, first_byte_at, last_byte_at, bytes_sent)
             GROUP BY command_id, printer_id, attempt) r
       WHERE d.command_id = r.command_id AND d.printer_id = r.printer_id
         AND d.attempt = r.attempt)",
};

const Statement kDeleteFiles = {
    "delete_files",
    R"(DELETE FROM fleet.printer_files f
       USING unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[])
         AS r(printer_id, storage, path, filename, filename_raw)
       WHERE f.printer_id = r.printer_id AND f.storage = r.storage AND f.path = r.path
         AND f.filename = r.filename AND f.filename_raw IS NOT DISTINCT FROM r.filename_raw)",
};

const Statement kDeleteFileLists = {
    "delete_file_lists",
    R"(DELETE FROM fleet.printer_files f
       USING unnest($1::text[], $2::text[], $3::text[]) AS r(printer_id, storage, path)
       WHERE f.printer_id = r.printer_id AND f.storage = r.storage AND f.path = r.path)",
};

const Statement kPruneBatches = {
    "prune_batches",
    "DELETE FROM fleet.inbound_batches WHERE seq < $1::bigint",
};

const Statement kAdvanceLedger = {
    "advance_ledger",
    R"(UPDATE fleet.ledger SET last_batch_seq = $1::bigint
       WHERE last_batch_seq < $1::bigint RETURNING last_batch_seq)",
};

const Statement kSetLedger = {
    "set_ledger",
    R"(UPDATE fleet.ledger
       SET next_job_id = $1::bigint, next_command_id = $2::bigint, next_event_id = $3::bigint,
           next_task_id = $4::bigint, next_report_seq = $5::bigint, hold = $6,
           next_artifact_id = $7::bigint, next_notification_id = $8::bigint)",
};

const Statement kSetSpoolMark = {
    "set_spool_mark",
    "UPDATE fleet.ledger SET spool = $1, spool_through = $2::bigint",
};

}  // namespace printfleet::store
