// Command (one fleet-level request that acts on printers) and Execution (its part for one
// printer): the entities that core keeps and the store stores. Values only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/time.h"
#include "fleet/request.h"

namespace printfleet::fleet {

enum class ExecutionState {
  kQueued,
  kSent,          // handed to the broker, which acknowledged it
  kAcknowledged,  // the printer said something that shows it has it
  kSucceeded,
  kFailed,
  kTimedOut,
  kSentUnconfirmed,
  kCancelled,
  kExpired,
  kSkipped,  // at planning, with a SkipReason
};

std::string_view Name(ExecutionState state);
std::optional<ExecutionState> ParseExecutionState(std::string_view name);
bool IsFinal(ExecutionState state);

enum class SkipReason {
  kNone,
  kOffline,
  kPending,
  kMaintenance,
  kHold,
  kBusy,
  kNoJob,
  kWrongState,
  kWrongModel,
  kBedNotClear,
  kFirmwareUnknown,
  kUnsupported,
  kLimit,
};

std::string_view Name(SkipReason reason);  // interface.md's closed list

struct ExecutionKey {
  CommandId command_id;
  PrinterId printer_id;

  auto operator<=>(const ExecutionKey&) const = default;
};

// Names one message handed to outbound; 0 for messages nobody waits for.
using PublishToken = uint64_t;

struct Execution {
  ExecutionKey key;
  std::string printer_name;
  ExecutionState state = ExecutionState::kQueued;
  SkipReason skip_reason = SkipReason::kNone;
  std::string task_id;  // the task it starts or acts on
  JobId job_id;         // the job it starts
  std::optional<int64_t> code;
  std::string message;
  std::string result;  // JSON text, "" for none
  int attempts = 0;    // messages that may have left; 0: none was ever sent
  std::string msgid;   // of the last attempt
  std::optional<WallTime> sent_at;
  std::optional<WallTime> finished_at;

  // Not stored: set anew after a restart.
  bool started = false;      // counted in Command::in_flight
  bool deferred = false;     // its turn came, but the printer was not ready
  bool probing = false;      // waits for a fresh status before it may be sent
  bool verify_only = false;  // found after a crash: never sent again, only watched
  bool resumed = false;      // found after a crash, to be sent: its printer may not be heard yet
  bool maybe_out = false;    // … and an earlier process may have sent it already
  std::optional<MonoTime> probe_deadline;
  std::optional<MonoTime> attempt_expires;  // no re-send before; when a refused one is repeated
  std::optional<MonoTime> stage_deadline;   // renewed by progress
  std::optional<MonoTime> total_deadline;
  bool repeats = false;    // a stop: sent again while nothing answers it
  PublishToken token = 0;  // of a message that outbound has not confirmed yet
};

enum class CommandState { kAccepted, kDone, kRejected };

std::string_view Name(CommandState state);

struct Command {
  CommandId id;
  Request request;  // as parsed; secret arguments live here, in memory only
  CommandState state = CommandState::kAccepted;
  WallTime created_at;
  std::optional<WallTime> finished_at;
  WallTime deadline_wall;  // what is not sent by then expires, also after a restart
  std::string target_hash;
  // All matched printers in sending order; skipped ones are final executions from the start.
  std::shared_ptr<const std::vector<PrinterId>> printers;
  size_t next_to_send = 0;  // index into printers: those before it have been started or are final
  int in_flight = 0;        // started (probing, sent, acknowledged), not final
  int final_count = 0;

  // Not stored. Executions changed since the last `execution` response, and when to say so.
  std::vector<PrinterId> unreported;
  std::optional<MonoTime> report_due;
  std::optional<MonoTime> next_turn;  // no printer gets its turn before (flow.h)
  MonoTime last_progress;
  std::optional<MonoTime> forget_at;  // when a done command leaves the memory
  std::string result;                 // JSON text: of commands to the fleet, for replays

  [[nodiscard]] size_t size() const { return printers ? printers->size() : 0; }

  // Executions that were not started and have not ended.
  [[nodiscard]] int64_t waiting() const {
    return static_cast<int64_t>(size()) - final_count - in_flight;
  }
};

}  // namespace printfleet::fleet

template <>
struct std::hash<printfleet::fleet::ExecutionKey> {
  // Not noexcept, so that it is kept: as OverlayHash of texts.
  size_t operator()(const printfleet::fleet::ExecutionKey& key) const {
    return std::hash<std::string>()(key.printer_id) * 31 +
           static_cast<size_t>(key.command_id.value);
  }
};
