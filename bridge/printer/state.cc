#include "printer/state.h"

#include "protocol/topics.h"

namespace printfleet::printer {
namespace {

// A row for every state from `first` to `last`, in the enum's order.
struct Row {
  State first;
  State last;
  StateInput input;
  State to;
};

using S = State;
using I = StateInput;

// clang-format off
constexpr Row kRows[] = {
    {S::kUnknown,     S::kFault,    I::kFree,       S::kIdle},
    // Busy accompanies every phase of a print, levelling, homing and updates: it overrides none.
    {S::kUnknown,     S::kIdle,     I::kBusy,       S::kBusy},
    // Final words come after `free`, too: then the printer is idle already.
    {S::kDownloading, S::kStopping, I::kFinal,      S::kBusy},
    {S::kUnknown,     S::kFault,    I::kFault,      S::kFault},
    {S::kUnknown,     S::kBusy,     I::kUpdating,   S::kUpdating},
    {S::kFault,       S::kFault,    I::kUpdating,   S::kUpdating},
    {S::kUpdating,    S::kUpdating, I::kUpdateOver, S::kUnknown},
};
// clang-format on

}  // namespace

State NextState(State state, StateInput input) {
  for (const Row& row : kRows) {
    if (row.input == input && row.first <= state && state <= row.last) {
      return row.to;
    }
  }
  return state;
}

std::optional<State> StateOf(JobState state) {
  switch (state) {
    case JobState::kDownloading:
      return State::kDownloading;
    case JobState::kChecking:
      return State::kChecking;
    case JobState::kPreheating:
      return State::kPreheating;
    case JobState::kLeveling:
      return State::kLeveling;
    case JobState::kPrinting:
      return State::kPrinting;
    case JobState::kPausing:
      return State::kPausing;
    case JobState::kPaused:
      return State::kPaused;
    case JobState::kResuming:
      return State::kResuming;
    case JobState::kStopping:
      return State::kStopping;
    case JobState::kRequested:
    case JobState::kSettling:
    case JobState::kEnded:
      return std::nullopt;
  }
  return std::nullopt;
}

bool IsThere(const Printer& printer) {
  return printer.presence == Presence::kOnline || printer.presence == Presence::kSuspect;
}

State EffectiveState(const Printer& printer) {
  switch (printer.presence) {
    case Presence::kUnknown:
      return State::kUnknown;
    case Presence::kOffline:
      return State::kOffline;
    case Presence::kOnline:
    case Presence::kSuspect:
      return printer.work_state;
  }
  return State::kUnknown;
}

protocol::TopicForm EffectiveTopicForm(const Printer& printer, std::string_view short_topics_from) {
  const Registration& registration = printer.registration;
  return registration.topic_form.value_or(
      protocol::TopicFormFor(registration.firmware, short_topics_from));
}

}  // namespace printfleet::printer
