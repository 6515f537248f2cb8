// What the printer says it does, from words that are not all of one mind: a print's word decides
// at once, a workReport decides where no print's word stands. One table, walked whole by a test.
#pragma once

#include <optional>

#include "printer/job_table.h"
#include "printer/printer.h"

namespace printfleet::printer {

// What moves `work_state` besides a print's own phase words.
enum class StateInput {
  kFree,
  kBusy,
  kFinal,       // finished or stopped: done printing, but not said to be free yet
  kFault,       // a print failed
  kUpdating,    // firmware on its way
  kUpdateOver,  // a version was reported, or the update failed: what now is to be asked
};

constexpr int kStateInputs = 6;

// `state` itself where the table has no row.
State NextState(State state, StateInput input);

// The printer's state while a job is in `state`; nullopt for those that say nothing of it
// (requested, settling, ended).
std::optional<State> StateOf(JobState state);

// Online, or suspect: not away as far as we know.
bool IsThere(const Printer& printer);

}  // namespace printfleet::printer
