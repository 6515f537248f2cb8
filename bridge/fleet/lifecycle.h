// The life of one execution: the one table of it. Pure; used by the tracker only.
#pragma once

#include <array>
#include <optional>

#include "fleet/command.h"

namespace printfleet::fleet {

constexpr int kExecutionStates = 10;

enum class ExecutionEvent {
  kPublished,   // the broker has the message
  kShown,       // the printer said something that shows it has it
  kProved,      // the printer said that it is done
  kRefuted,     // the printer refused, or failed
  kUnanswered,  // the deadline came; it was understood, or is a question: too late
  kUnproved,    // the deadline came; nothing at all came back
  kCancelled,   // command.cancel, before it was sent
  kExpired,     // not sent in time
  kSkipped,     // not sent, because a gate closed meanwhile
  kGaveUp,      // not sent and never will be; or its secrets are gone
};

constexpr int kExecutionEvents = 10;

// The state after `event` in `state`; nullopt: it changes nothing (final states stay for ever, and
// what was sent can be neither cancelled nor expired nor skipped).
std::optional<ExecutionState> Next(ExecutionState state, ExecutionEvent event);

}  // namespace printfleet::fleet
