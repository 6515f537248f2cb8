// What fleet does with requests, reports, confirmations and time. Called by core::Step only; pure.
// All of it changes the World's overlay and says in Output what has to be done outside.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "fleet/world.h"
#include "printer/apply.h"
#include "protocol/report.h"
#include "protocol/request.h"
#include "settings/error_codes.h"
#include "settings/models.h"
#include "settings/settings.h"

namespace printfleet::fleet {

struct Rules {
  const settings::Settings& settings;
  const settings::ModelRegistry& models;
  const settings::ErrorCodes& error_codes;
};

// One message to a printer, an intent that is stored with the execution before it is published.
struct Outgoing {
  PrinterId printer_id;
  std::string model_id;
  protocol::TopicForm form = protocol::TopicForm::kBoth;
  protocol::Request request;
  std::string msgid;
  seconds expiry{15};       // Message Expiry, never 0
  PublishToken token = 0;   // confirmed by HandlePublished when not 0
  ExecutionKey execution;   // command_id 0: a question of our own
  bool sets_going = false;  // see SetsGoing: withdrawn where a stop overtakes it
};

// One response document for a request's author.
struct Response {
  ReplyTo to;
  std::string json;
};

// A question to the store whose answer comes back as HandleAnswer.
struct Question {
  enum class Kind {
    kJobList,
    kJobGet,
    kCommandList,
    kCommandGet,
    kEventList,
    kJobSet,
    kReprint,
    kReplay
  } kind;
  ReplyTo reply_to;
  std::string request_id;  // the sender's
  std::string subject;     // job id, (author, request id) or command id
  std::string argument;    // JSON of the arguments (list filters, verdict, note)
  std::string author;
  int64_t after = 0;
  std::string after_printer;  // kCommandGet: executions of the printers behind it, in order of id
  int64_t limit = 1000;
  std::string filter_printer;
  std::string filter_state;
  std::string filter_author;
  std::string filter_command;
  std::string filter_since;  // ISO 8601
  // What the answer is for. Never nullptr.
  std::shared_ptr<const Request> request;
};

// Verdict and note of a job, as the operator gives them. nullopt: stays as it is; "": none.
struct JobMark {
  JobId job_id;
  std::optional<std::string> verdict;
  std::optional<std::string> note;
};

// printer.diagnose, accepted: core listens for a while, then answers. Ids may be of no printer.
struct Diagnosis {
  ReplyTo reply_to;
  std::string request_id;
  std::vector<PrinterId> printers;
  seconds listen{0};
};

struct AuditEntry {
  WallTime at;
  std::string author;
  std::string request_id;
  std::string command;
  std::string target_json;
  std::string args_json;  // secrets as "***"
  std::string outcome;    // accepted, rejected(reason), done, …
};

// A printer was told to fetch a file: from the commit on it is served under `token`.
struct Offer {
  ExecutionKey execution;
  int attempt = 0;
  std::shared_ptr<const Artifact> artifact;
  std::string token;
  WallTime offered_at;
  WallTime expires_at;
};

// For the `events` table and topic.
struct Happening {
  std::string kind;
  PrinterId printer_id;  // "" for none
  std::string body_json;
};

struct Output {
  std::vector<Outgoing> outgoing;
  std::vector<Response> responses;
  std::vector<Question> questions;
  std::vector<Diagnosis> diagnoses;
  std::vector<JobMark> job_marks;
  std::vector<Offer> offers;
  std::vector<ExecutionKey> withdrawn;  // their files are not served any more
  std::vector<Artifact> artifacts;      // added, or with removed_at
  std::vector<AuditEntry> audit;
  std::vector<Happening> happenings;
  std::vector<PrinterId> ask_status;  // probes: core sends a status query, paced
  // Of printers that fleet changed (start sent, given up …), with their ids.
  std::vector<std::pair<PrinterId, printer::Change>> changes;

  // commands_total and command_duration_seconds.
  struct Finished {
    std::string_view command;
    ExecutionState state;
    milliseconds duration;
  };

  std::vector<Finished> finished;
};

// A message on the command topic. Accepts, refuses or answers it. `msgid`s and ids come from the
// world. A stop that was already sent ahead of the batch comes with `sent` (see PlanStop).
struct StopPlan {
  std::vector<Outgoing> outgoing;  // to be published at once
  ReplyTo reply_to;
  std::string request_id;
  Digest body;                // of the request, as in Request
  std::string response_json;  // for a store that is away: done, every printer sent_unconfirmed
  std::string record_json;    // for the spool: request, printers, task ids, times
};

void HandleRequest(World& world, const Rules& rules, const Delivery& delivery,
                   std::string_view payload, const Instant& now, const StopPlan* sent,
                   Output& output);

// Is this a stop that must always go out (print.stop, print.pause, print.update to heaters 0) and
// is it valid? Planned against the committed world; changes nothing. nullopt: not a stop, or one
// that is refused or already known (the ordinary road will answer it).
std::optional<StopPlan> PlanStop(const World& world, const Rules& rules, const Delivery& delivery,
                                 std::string_view payload, const Instant& now);

// A request whose (author, id) the store knows and the memory does not: it was accepted long ago.
// The store is asked what became of it; nothing is done.
void HandleKnownRequest(World& world, const Rules& rules, const Delivery& delivery,
                        std::string_view payload, const Instant& now, Output& output);

// The answer to a request that cannot be taken now: `reason` is "unavailable" (the store is away,
// nothing was done) or "unknown" (its COMMIT is in doubt: ask command.get), or "malformed" (a
// message that went to the dead letters unstepped). Works on any payload.
Output Refuse(const Rules& rules, const Delivery& delivery, std::string_view payload,
              const Instant& now, std::string_view reason);

// A stop of the spool that was sent while the store was away: its rows, nothing sent.
void HandleStopRecord(World& world, const Rules& rules, std::string_view record_json,
                      const Instant& now, Output& output);

// The stop that such a record is of, as PlanStop gave it, without `outgoing` and `record_json`: to
// answer its repetition. nullopt: unreadable.
std::optional<StopPlan> RecordedStop(const Rules& rules, std::string_view record_json);

// The messages of the open executions of `command` that a report of the printer may answer: of
// those that are out, the one whose msgid it carries, else all, oldest first.
std::vector<protocol::Request> RequestsOut(const World& world, const PrinterId& printer,
                                           std::string_view command, std::string_view msgid);

// A report of a printer, after printer::ApplyReport made `change` of it.
void HandleReport(World& world, const Rules& rules, const protocol::Report& report,
                  const printer::Change& change, bool live, const Instant& now, Output& output);

// The broker has the message with this token (`ok`), or it never will have (not ok).
void HandlePublished(World& world, const Rules& rules, const ExecutionKey& key, PublishToken token,
                     bool ok, const Instant& now, Output& output);

// Its message was withdrawn before it was published: a stop of its printer came after it.
void HandleOvertaken(World& world, const Rules& rules, const ExecutionKey& key, const Instant& now,
                     Output& output);

// A deadline of one execution or command came.
void HandleExecutionDue(World& world, const Rules& rules, const ExecutionKey& key,
                        const Instant& now, Output& output);
void HandleCommandDue(World& world, const Rules& rules, CommandId id, const Instant& now,
                      Output& output);

// The command was committed, but its author had been told `unknown` by then: whatever of it was
// not sent is cancelled (message "store_unavailable"), and it is done.
void HandleUnsent(World& world, const Rules& rules, CommandId id, const Instant& now,
                  Output& output);

// When the above have something to do; nullopt for never.
std::optional<MonoTime> NextDeadline(const Execution& execution);
std::optional<MonoTime> NextDeadline(const Command& command, const World& world, const Rules& rules,
                                     const Instant& now);

// Which files open executions may still fetch: after a restart.
std::vector<Offer> OpenOffers(const World& world);

// The store answered a Question: rows as JSON objects, or an error.
void HandleAnswer(World& world, const Rules& rules, const Question& question, bool ok,
                  const std::vector<std::string>& rows, const std::string& error,
                  const Instant& now, Output& output);

// After a restart: an open command and its executions as the store had them. Repeatable ones that
// may be sent again are queued, the others only watched; secrets are gone: failed(interrupted).
void AdoptCommand(World& world, const Rules& rules, Command command,
                  std::vector<Execution> executions, const Instant& now, Output& output);

}  // namespace printfleet::fleet
