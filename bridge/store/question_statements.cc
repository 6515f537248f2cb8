// The statements that answer questions: each row is one JSON object with the interface's names.
#include "store/statements.h"

namespace printfleet::store {
namespace {

// $1 printer (id or name, "" for all) as a condition on `column`. The ids come first, so that an
// index of the column can be used.
std::string OfPrinter(const std::string& column) {
  return "($1 = '' OR " + column +
         " = ANY (ARRAY(SELECT printer_id FROM fleet.printers"
         " WHERE printer_id = $1 OR (name = $1 AND retired_at IS NULL))))";
}

const std::string kJobDocument = R"(
  json_build_object(
    'job_id', j.job_id, 'printer_id', j.printer_id, 'name', p.name, 'task_id', j.task_id,
    'local_task', j.local_task, 'filename', j.filename, 'source', j.source,
    'artifact_id', j.artifact_id, 'command_id', j.command_id, 'state', j.state,
    'outcome', j.outcome, 'started_at', fleet.iso8601(j.started_at),
    'ended_at', fleet.iso8601(j.ended_at), 'progress_ratio', j.progress_ratio, 'layer', j.layer,
    'layers', j.layers, 'elapsed_s', j.elapsed_s, 'remaining_s', j.remaining_s,
    'material_used_mm', j.material_used_mm, 'error_code', j.error_code,
    'error_text', j.error_text, 'slice_params', j.slice_params, 'verdict', j.verdict,
    'note', j.note)::text)";

const std::string kCommandMembers = R"(
    'command_id', c.command_id, 'author', c.author, 'request_id', c.request_id,
    'command', c.command, 'target', c.target, 'args', c.args, 'state', c.state,
    'target_hash', c.target_hash, 'created_at', fleet.iso8601(c.created_at),
    'finished_at', fleet.iso8601(c.finished_at))";

// The names of a progress response; of all executions.
std::string CommandCounts() {
  std::string counts = R"('counts', (SELECT json_build_object()"
                       R"('queued', count(*) FILTER (WHERE e.state = 'queued'),)"
                       R"('sent', count(*) FILTER (WHERE e.state IN ('sent', 'acknowledged')))";
  for (const std::string state : {"succeeded", "failed", "timed_out", "sent_unconfirmed",
                                  "cancelled", "expired", "skipped"}) {
    counts.append(", '").append(state).append("', count(*) FILTER (WHERE e.state = '");
    counts.append(state).append("')");
  }
  return counts + ") FROM fleet.command_executions e WHERE e.command_id = c.command_id)";
}

// One page of its executions: `after` (a printer id), `state` and `limit` are parameters. In the
// order of bytes, as the pages from memory are.
std::string CommandDocument(const std::string& after, const std::string& state,
                            const std::string& limit) {
  return R"(
  json_build_object()" +
         kCommandMembers + "," + CommandCounts() + R"(,
    'executions', coalesce((
      SELECT json_agg(json_build_object(
               'printer_id', e.printer_id, 'name', e.printer_name, 'state', e.state,
               'reason', e.skip_reason, 'task_id', e.task_id, 'job_id', e.job_id, 'code', e.code,
               'message', e.message, 'result', e.result, 'attempts', e.attempts,
               'sent_at', fleet.iso8601(e.sent_at), 'finished_at', fleet.iso8601(e.finished_at))
             ORDER BY e.printer_id COLLATE "C")
      FROM (SELECT * FROM fleet.command_executions e
            WHERE e.command_id = c.command_id AND e.printer_id COLLATE "C" > )" +
         after + " AND (" + state + " = '' OR e.state = " + state + " OR (" + state +
         R"( = 'open' AND e.state IN ('queued', 'sent', 'acknowledged')))
            ORDER BY e.printer_id COLLATE "C" LIMIT )" +
         limit + "::bigint) e), '[]'))::text";
}

}  // namespace

// Which index is right depends on what is asked: a plan for all questions would be right for few.
const std::string kLimitQuestionTime =
    "SET LOCAL statement_timeout = '5s'; SET LOCAL plan_cache_mode = 'force_custom_plan'";

const Statement kJobList = {
    "job_list",
    "SELECT " + kJobDocument +
        " FROM fleet.jobs j JOIN fleet.printers p USING (printer_id) WHERE " +
        OfPrinter("j.printer_id") +
        " AND ($2 = '' OR j.state = $2 OR j.outcome = $2 OR ($2 = 'open' AND j.outcome IS NULL))"
        " AND ($3::bigint = 0 OR j.job_id < $3::bigint)"
        " ORDER BY j.job_id DESC LIMIT $4::bigint",
};

const Statement kJobGet = {
    "job_get",
    "SELECT " + kJobDocument +
        " FROM fleet.jobs j JOIN fleet.printers p USING (printer_id) WHERE j.job_id = $1::bigint",
};

const Statement kCommandList = {
    "command_list",
    "SELECT json_build_object(" + kCommandMembers + "," + CommandCounts() +
        ")::text FROM fleet.commands c WHERE ($1 = ''"
        " OR EXISTS (SELECT 1 FROM fleet.command_executions e WHERE e.command_id = c.command_id"
        " AND " +
        OfPrinter("e.printer_id") +
        "))"
        " AND ($2 = '' OR c.state = $2)"
        " AND ($5 = '' OR c.command = $5) AND ($6 = '' OR c.author = $6)"
        " AND ($7 = '' OR c.created_at >= nullif($7, '')::timestamptz)"
        " AND ($3::bigint = 0 OR c.command_id < $3::bigint)"
        " ORDER BY c.command_id DESC LIMIT $4::bigint",
};

const Statement kCommandGetById = {
    "command_get_by_id",
    "SELECT " + CommandDocument("$2", "$3", "$4") +
        " FROM fleet.commands c WHERE c.command_id = $1::bigint",
};

const Statement kCommandGetByRequest = {
    "command_get_by_request",
    "SELECT " + CommandDocument("$3", "$4", "$5") +
        " FROM fleet.commands c WHERE c.author = $1 AND c.request_id = $2",
};

const Statement kReplay = {
    "replay",
    R"(SELECT json_build_object(
         'command', c.command, 'command_id', c.command_id, 'same', c.body_digest = $3,
         'target_hash', c.target_hash, 'result', c.result,
         'duration_ms', fleet.epoch_ms(c.finished_at) - fleet.epoch_ms(c.created_at),
         'executions', coalesce((
           SELECT json_agg(json_build_object(
                    'printer_id', e.printer_id, 'name', e.printer_name, 'state', e.state,
                    'reason', e.skip_reason, 'code', e.code, 'message', coalesce(e.message, ''),
                    'result', coalesce(e.result, '{}'), 'task_id', e.task_id, 'job_id', e.job_id,
                    'duration_ms', fleet.epoch_ms(e.finished_at)
                                   - fleet.epoch_ms(coalesce(e.sent_at, c.created_at)))
                  ORDER BY e.printer_name, e.printer_id)
           FROM fleet.command_executions e WHERE e.command_id = c.command_id), '[]'))::text
       FROM fleet.commands c WHERE c.author = $1 AND c.request_id = $2)",
};

const Statement kEventList = {
    "event_list",
    "SELECT json_build_object('event_id', v.event_id, 'at', fleet.iso8601(v.at), 'kind', v.kind,"
    " 'printer_id', v.printer_id, 'body', coalesce(v.body, '{}'))::text FROM fleet.events v "
    "WHERE " +
        OfPrinter("v.printer_id") +
        " AND ($2 = '' OR v.kind = $2) AND v.event_id > $3::bigint"
        " ORDER BY v.event_id LIMIT $4::bigint",
};

// The panel names its files by where the system mounts them, the lists by their folder. A name that
// is no UTF-8 cannot be asked for as text.
const Statement kReprint = {
    "reprint",
    R"(WITH j AS (
         SELECT *, coalesce(nullif($2, ''), printer_id) AS target_id,
                CASE WHEN filename LIKE '/mnt/exUDISK/%' THEN 'usb' ELSE 'local' END AS storage,
                '/' || ltrim(regexp_replace(filename, '^/mnt/(ex)?UDISK/', ''), '/') AS place
         FROM fleet.jobs WHERE job_id = $1::bigint)
       SELECT json_build_object(
         'job_id', j.job_id, 'printer_id', j.printer_id, 'model_id', p.model_id,
         'outcome', j.outcome, 'target_id', j.target_id, 'args', c.args,
         'file', (SELECT json_build_object('storage', f.storage, 'path', f.path,
                                           'filename', f.filename)
                  FROM fleet.printer_files f
                  WHERE f.printer_id = j.target_id AND f.storage = j.storage
                    AND NOT f.is_directory AND f.filename_raw IS NULL
                    AND rtrim(f.path, '/') || '/' || f.filename = j.place LIMIT 1))::text
       FROM j JOIN fleet.printers p USING (printer_id)
         LEFT JOIN fleet.commands c ON c.command_id = j.command_id AND c.command = 'print.start')",
};

}  // namespace printfleet::store
