#include "fleet/lifecycle.h"

namespace printfleet::fleet {
namespace {

// queued ──published──▶ sent ──shown──▶ acknowledged
//   │                     │                  │
//   ├─ cancelled          ├─ proved ─────────┴─▶ succeeded
//   ├─ expired            ├─ refuted ──────────▶ failed
//   ├─ skipped            ├─ unanswered ───────▶ timed_out
//   └─ gave_up ▶ failed   └─ unproved ─────────▶ sent_unconfirmed
//
// A printer may answer before the broker's acknowledgement is read: from queued, everything that
// can happen to a sent one can happen too. Final states have no rows.
struct Row {
  ExecutionState from;
  ExecutionEvent event;
  ExecutionState to;
};

using enum ExecutionState;
using Event = ExecutionEvent;

// clang-format off
constexpr std::array kTable = {
  Row{kQueued,       Event::kPublished,  kSent},
  Row{kQueued,       Event::kShown,      kAcknowledged},
  Row{kQueued,       Event::kProved,     kSucceeded},
  Row{kQueued,       Event::kRefuted,    kFailed},
  Row{kQueued,       Event::kUnanswered, kTimedOut},
  Row{kQueued,       Event::kUnproved,   kSentUnconfirmed},
  Row{kQueued,       Event::kCancelled,  kCancelled},
  Row{kQueued,       Event::kExpired,    kExpired},
  Row{kQueued,       Event::kSkipped,    kSkipped},
  Row{kQueued,       Event::kGaveUp,     kFailed},
  Row{kSent,         Event::kShown,      kAcknowledged},
  Row{kSent,         Event::kProved,     kSucceeded},
  Row{kSent,         Event::kRefuted,    kFailed},
  Row{kSent,         Event::kUnanswered, kTimedOut},
  Row{kSent,         Event::kUnproved,   kSentUnconfirmed},
  Row{kSent,         Event::kGaveUp,     kFailed},
  Row{kAcknowledged, Event::kProved,     kSucceeded},
  Row{kAcknowledged, Event::kRefuted,    kFailed},
  Row{kAcknowledged, Event::kUnanswered, kTimedOut},
  Row{kAcknowledged, Event::kUnproved,   kSentUnconfirmed},
  Row{kAcknowledged, Event::kGaveUp,     kFailed},
};
// clang-format on

}  // namespace

std::optional<ExecutionState> Next(ExecutionState state, ExecutionEvent event) {
  for (const Row& row : kTable) {
    if (row.from == state && row.event == event) {
      return row.to;
    }
  }
  return std::nullopt;
}

}  // namespace printfleet::fleet
