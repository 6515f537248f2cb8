// The moves of the printer's job by its table, with all that goes with each: events, notices, the
// bed, deadlines. Which move a report makes is job_apply.h's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "printer/job_table.h"
#include "printer/step.h"

namespace printfleet::printer {

struct Ending {
  Outcome outcome = Outcome::kNone;
  std::optional<int64_t> error_code;
  std::string error_text;
};

// Puts `job` into the printer, ending the one that is open; occupies the bed.
void PlaceJob(Step& step, Job job);

// Requires: the printer has a job, and `input` does not end it.
void MoveJob(Step& step, JobInput input);

// The printer's job gets its outcome, or, having ended, another. Requires: the printer has a job,
// and `input` ends it unless it has ended.
void EndJob(Step& step, JobInput input, const Ending& ending);

// The printer goes on with a job that had ended; its next phase is the caller's to set.
void ReopenJob(Step& step);

// The grace period of a job that `free` contradicts is over. Requires: printer.settle_deadline.
void SettleJob(Step& step);

// Requires: the printer's job is kRequested. It ends without a print.
void GiveUpJob(Step& step, std::string_view why);

}  // namespace printfleet::printer
