// All response documents. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "fleet/handle.h"
#include "fleet/turn.h"

namespace printfleet::fleet {

// Bytes of one response at most, so that every client can take it.
constexpr size_t kResponseBytesMax = size_t{128} * 1024;

void RespondRejected(const ReplyTo& to, std::string_view id, const Rejection& rejection,
                     const Instant& now, Output& output);

// `done` with a result (JSON text), for questions and commands to the fleet.
void RespondResult(const ReplyTo& to, std::string_view id, const std::string& result,
                   const Instant& now, Output& output);

// `accepted` of a question whose answer takes a while. Nothing in final mode.
void RespondListening(const ReplyTo& to, std::string_view id, seconds listen, const Instant& now,
                      Output& output);

// `accepted`, and what was skipped. Nothing in final mode.
void RespondAccepted(Turn& turn, const Command& command, const ReplyTo& to);

// `execution` with these printers' executions, in as many messages as needed.
void RespondExecutions(Turn& turn, const Command& command, const ReplyTo& to,
                       const std::vector<PrinterId>& printers);

void RespondProgress(Turn& turn, const Command& command);

// The answers to a command that only the store has still, as they were: `row` is of
// Question::Kind::kReplay. Executions are with `done` also in stream mode, cut to what fits.
void RespondStored(Turn& turn, const ReplyTo& to, std::string_view id, json::Value row);

// `done`; with every execution in final mode (cut to what fits).
void RespondDone(Turn& turn, const Command& command, const ReplyTo& to);

// One printer of a dry run, or of a stop that was sent without the store.
struct PreviewRow {
  PrinterId printer_id;
  std::string name;
  std::string_view state;
  std::string_view reason;  // "" for none
  std::string message;
  std::string sends = {};  // the message it would get: JSON text, "" for none
};

struct Preview {
  std::string target_hash;
  std::vector<PreviewRow> rows;  // of every matched printer
};

// `accepted` (in stream mode) and `done`, both with "dry_run":true. Printers that do not fit into
// `done` come before it, as `execution` (in stream mode).
void RespondDryRun(Turn& turn, const Request& request, const Preview& preview);

// The `done` of a stop that went out while the store was away: every printer sent_unconfirmed.
std::string StopDoneJson(std::string_view id, const Preview& preview, const Instant& now);

// One page of a list: {"<name>":[items],"after":<after or null>}. `rows` are JSON texts; stops
// before the response gets too large. Returns how many rows it took.
size_t ListJson(std::string_view name, std::span<const std::string> rows, std::string& list);

// Which executions of a command: at most `limit` of those of printers behind `after`, in order of
// printer id. `state` is a state's name, "open" for those that have not ended, or "" for all.
struct ExecutionsPage {
  std::string after;
  int64_t limit = 0;
  std::string state;
};

// The result of command.get, from memory: {"command":{…},"after":<printer id or null>}.
std::string CommandPageJson(const World& world, const Command& command, const ExecutionsPage& page);

// Executions by state.
struct Counts {
  int64_t by_state[10] = {};

  [[nodiscard]] int64_t of(ExecutionState state) const {
    return by_state[static_cast<size_t>(state)];
  }
};

// "succeeded=11,failed=1": those that are not 0, in the order of the states; "" for none.
std::string CountsText(const Counts& counts);

Counts CountExecutions(const World& world, const Command& command);

}  // namespace printfleet::fleet
