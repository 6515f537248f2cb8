// fleet::Question answered from the tables. Worker's thread only.
//
// What the members of a Question mean here (the others are not read):
//
//   kJobList      filter_printer: printer id or unique name, "" for all; filter_state: a job state,
//                 an outcome or "open", "" for all; newest first; after: only job_ids below it (the
//                 last one of the page before), 0 for the first page; limit
//   kJobGet       subject: the job_id. No row when there is none
//   kCommandList  filter_printer: commands with an execution at it; filter_state: accepted, done or
//                 rejected; newest first, after as above by command_id; limit
//   kCommandGet   subject: the command_id, or "<author>\n<request id>"; with "executions"
//   kEventList    filter_printer; filter_state: the event's kind; oldest first; after: only
//                 event_ids above it; limit
//   kJobSet       subject: the job_id. The row as it is before it is set
//   kReplay       subject: "<author>\n<request id>"; argument: the body's digest in hex. What
//   became
//                 of the first: {"command", "command_id", "same": whether its body was this one,
//                 "target_hash", "duration_ms", "result", "executions": as a response has them}
//   kReprint      subject: the job_id; filter_printer: where to print it, "" for where it was.
//                 {"job_id", "printer_id", "model_id", "outcome", "target_id": the printer's id,
//                 "args": of the print.start that began it, or null, "file": {"storage", "path",
//                 "filename"} of it on that printer, or null}. No row when there is no such job
//
// Each row is one JSON object with the names of the SQL tables; times as in every document.
#pragma once

#include "core/event.h"
#include "fleet/handle.h"
#include "store/session.h"

namespace printfleet::store {

// At most this many rows, whatever `limit` says.
constexpr int64_t kQuestionRowsMax = 10000;

// Never fails: what goes wrong is `ok` = false with `error`. Its own transaction, with a
// statement_timeout, so that a slow list cannot hold up the commits for long.
core::Answer AnswerQuestion(Session& session, fleet::Question question);

}  // namespace printfleet::store
