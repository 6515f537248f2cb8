// The names of a command's and an execution's states: tables, metrics and responses say these.
#include "fleet/command.h"

#include <array>

namespace printfleet::fleet {
namespace {

constexpr std::array<ExecutionState, 10> kExecutionStates = {
    ExecutionState::kQueued,          ExecutionState::kSent,      ExecutionState::kAcknowledged,
    ExecutionState::kSucceeded,       ExecutionState::kFailed,    ExecutionState::kTimedOut,
    ExecutionState::kSentUnconfirmed, ExecutionState::kCancelled, ExecutionState::kExpired,
    ExecutionState::kSkipped,
};

}  // namespace

std::string_view Name(ExecutionState state) {
  switch (state) {
    case ExecutionState::kQueued:
      return "queued";
    case ExecutionState::kSent:
      return "sent";
    case ExecutionState::kAcknowledged:
      return "acknowledged";
    case ExecutionState::kSucceeded:
      return "succeeded";
    case ExecutionState::kFailed:
      return "failed";
    case ExecutionState::kTimedOut:
      return "timed_out";
    case ExecutionState::kSentUnconfirmed:
      return "sent_unconfirmed";
    case ExecutionState::kCancelled:
      return "cancelled";
    case ExecutionState::kExpired:
      return "expired";
    case ExecutionState::kSkipped:
      return "skipped";
  }
  return "";
}

std::optional<ExecutionState> ParseExecutionState(std::string_view name) {
  for (const ExecutionState state : kExecutionStates) {
    if (Name(state) == name) {
      return state;
    }
  }
  return std::nullopt;
}

bool IsFinal(ExecutionState state) {
  return state != ExecutionState::kQueued && state != ExecutionState::kSent &&
         state != ExecutionState::kAcknowledged;
}

std::string_view Name(SkipReason reason) {
  switch (reason) {
    case SkipReason::kNone:
      return "";
    case SkipReason::kOffline:
      return "offline";
    case SkipReason::kPending:
      return "pending";
    case SkipReason::kMaintenance:
      return "maintenance";
    case SkipReason::kHold:
      return "hold";
    case SkipReason::kBusy:
      return "busy";
    case SkipReason::kNoJob:
      return "no_job";
    case SkipReason::kWrongState:
      return "wrong_state";
    case SkipReason::kWrongModel:
      return "wrong_model";
    case SkipReason::kBedNotClear:
      return "bed_not_clear";
    case SkipReason::kFirmwareUnknown:
      return "firmware_unknown";
    case SkipReason::kUnsupported:
      return "unsupported";
    case SkipReason::kLimit:
      return "limit";
  }
  return "";
}

std::string_view Name(CommandState state) {
  switch (state) {
    case CommandState::kAccepted:
      return "accepted";
    case CommandState::kDone:
      return "done";
    case CommandState::kRejected:
      return "rejected";
  }
  return "";
}

}  // namespace printfleet::fleet
