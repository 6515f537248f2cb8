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

// A word of the printer's job: it is there.
void HearJob(Step& step);

// What is due of the job: it settles, it is lost, it is asked for, its outcome stands. Requires:
// the link is live.
void WatchJob(Step& step);

// When WatchJob has something to do; nullopt for never.
std::optional<MonoTime> JobDeadline(const Printer& printer);

// Our link is live again: what the printer said meanwhile is still to come, so all deadlines of the
// job start anew.
void RenewJobDeadlines(Step& step);

// Starts and ends the job's deadlines as its state and the printer's presence are now. The last
// thing of every Apply; idempotent.
void KeepJobDeadlines(Step& step);

// Requires: the printer's job is kRequested. It ends without a print.
void GiveUpJob(Step& step, std::string_view why);

}  // namespace printfleet::printer
