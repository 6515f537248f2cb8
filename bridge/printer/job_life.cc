#include "printer/job_life.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "printer/job_match.h"

namespace printfleet::printer {
namespace {

void OccupyBed(Step& step) {
  Registration& registration = step.printer.registration;
  if (registration.bed != Bed::kOccupied) {
    registration.bed = Bed::kOccupied;
    step.change.registration_changed = true;
    step.Notify("bed_changed", std::string(Name(Bed::kOccupied)));
  }
}

void NoteMove(Step& step, const Job& job, JobState before) {
  step.change.job_events.push_back({job.id, Name(job.state), ""});
  if (job.state == JobState::kPaused) {
    step.Notify("job_paused", "", job.id);
  }
  const bool was_paused =
      before == JobState::kPaused || before == JobState::kPausing || before == JobState::kResuming;
  if (job.state == JobState::kPrinting && was_paused) {
    step.Notify("job_resumed", "", job.id);
  }
}

// As long as a word may correct or reopen it, an outcome does not stand.
milliseconds CorrectionTime(const Job& job, const Policy& policy) {
  return Inferred(job) ? kLateProof : policy.job_settle;
}

// Once for each job: what comes after changes the row, not what was counted.
void CountJob(Step& step, Job& job) {
  job.counted = true;
  step.change.settled.push_back(job);
}

// The printer is free and nobody said how the print ended. When the connection was gone on the way,
// it went with the power or the network; not if the print was complete.
Outcome OutcomeOfSilence(const Printer& printer) {
  const bool complete = printer.job->progress_ratio.value_or(0) >= 1;
  return printer.cut_off && !complete ? Outcome::kInterrupted : Outcome::kEndedUnknown;
}

void SettleJob(Step& step) {
  Printer& printer = step.printer;
  const MonoTime free_at = *printer.settle_deadline - step.context.policy.job_settle;
  printer.job->ended_at = step.wall() - (step.mono() - free_at);
  EndJob(step, JobInput::kSettled, {OutcomeOfSilence(printer), std::nullopt, ""});
}

void LoseJob(Step& step) {
  Printer& printer = step.printer;
  Job& job = *printer.job;
  if (job.state == JobState::kRequested) {
    EndJob(step, JobInput::kLost,
           {Outcome::kFailed, std::nullopt, "the printer went offline before it began"});
    return;
  }
  job.ended_at = std::max(job.started_at, printer.received_at.value_or(step.wall()));
  EndJob(step, JobInput::kLost, {Outcome::kInterrupted, std::nullopt, "the printer went offline"});
}

void Keep(std::optional<MonoTime>& deadline, bool runs, MonoTime when_it_starts) {
  if (!runs) {
    deadline.reset();
  } else if (!deadline) {
    deadline = when_it_starts;
  }
}

}  // namespace

void MoveJob(Step& step, JobInput input) {
  Job& job = *step.printer.job;
  const JobState before = job.state;
  const JobState next = Next(before, input);
  CHECK(next != JobState::kEnded || before == JobState::kEnded);
  if (next == before) {
    return;
  }
  job.state = next;
  step.printer.settle_deadline.reset();
  NoteMove(step, job, before);
  if (before == JobState::kRequested) {
    job.started_at = step.wall();
    step.printer.last_error.reset();
    step.Notify("job_started", job.filename, job.id);
    OccupyBed(step);
  }
}

void EndJob(Step& step, JobInput input, const Ending& ending) {
  Job& job = *step.printer.job;
  const bool corrected = !job.open();
  if (corrected && job.outcome == ending.outcome && job.error_code == ending.error_code &&
      job.error_text == ending.error_text) {
    return;
  }
  job.state = Next(job.state, input);
  CHECK(job.state == JobState::kEnded);
  job.outcome = ending.outcome;
  job.error_code = ending.error_code;
  job.error_text = ending.error_text;
  job.remaining_s.reset();
  if (!job.ended_at) {
    job.ended_at = step.wall();
  }
  step.printer.settle_deadline.reset();
  step.printer.count_deadline.reset();
  step.change.job_events.push_back({job.id, Name(job.outcome), job.error_text});
  std::string text(Name(job.outcome));
  if (!job.error_text.empty()) {
    text += ": " + job.error_text;
  }
  step.Notify(corrected ? "job_corrected" : "job_ended", std::move(text), job.id);
  step.change.notices.back().after_loss =
      ending.outcome == Outcome::kInterrupted && step.printer.cut_off;
}

void ReopenJob(Step& step) {
  Job& job = *step.printer.job;
  job.outcome = Outcome::kNone;
  job.ended_at.reset();
  job.error_code.reset();
  job.error_text.clear();
  OccupyBed(step);
  step.Notify("job_corrected", "it goes on", job.id);
}

void PlaceJob(Step& step, Job job) {
  std::optional<Job>& current = step.printer.job;
  if (current && current->open()) {
    const bool unheard = current->state == JobState::kRequested;
    Ending ending{Outcome::kEndedUnknown, std::nullopt, ""};
    if (unheard) {
      ending = {Outcome::kFailed, std::nullopt, "the printer works on another job"};
    }
    EndJob(step, JobInput::kDisplaced, ending);
  }
  if (current && !current->counted) {
    CountJob(step, *current);  // nothing can correct it any more
  }
  step.displaced = std::move(current);
  current = std::move(job);
  step.printer.settle_deadline.reset();
  OccupyBed(step);
}

void HearJob(Step& step) {
  step.printer.cut_off = false;
  step.printer.silent_deadline.reset();
}

void WatchJob(Step& step) {
  Printer& printer = step.printer;
  const auto due = [&step](const std::optional<MonoTime>& deadline) {
    return deadline && *deadline <= step.mono();
  };
  if (due(printer.settle_deadline)) {
    SettleJob(step);
  } else if (due(printer.lost_deadline)) {
    LoseJob(step);
  }
  if (due(printer.silent_deadline)) {
    step.change.questions.status = step.change.questions.job = true;
    printer.silent_deadline.reset();
  }
  if (due(printer.count_deadline)) {
    CountJob(step, *printer.job);
  }
}

std::optional<MonoTime> JobDeadline(const Printer& printer) {
  std::optional<MonoTime> first;
  for (const auto& deadline : {printer.settle_deadline, printer.lost_deadline,
                               printer.silent_deadline, printer.count_deadline}) {
    if (deadline && (!first || *deadline < *first)) {
      first = deadline;
    }
  }
  return first;
}

void RenewJobDeadlines(Step& step) {
  Printer& printer = step.printer;
  if (printer.settle_deadline) {
    printer.settle_deadline = step.mono() + step.context.policy.job_settle;
  }
  printer.lost_deadline.reset();
  printer.silent_deadline.reset();
  printer.count_deadline.reset();
}

void KeepJobDeadlines(Step& step) {
  Printer& printer = step.printer;
  const Policy& policy = step.context.policy;
  const bool open = printer.job && printer.job->open();
  const bool offline = printer.presence == Presence::kOffline;
  const bool under_way = printer.job && printer.job->under_way();
  const bool ended = printer.job && !open && !printer.job->counted;
  printer.cut_off = open && (printer.cut_off || offline);
  Keep(printer.lost_deadline, open && offline, step.mono() + policy.job_lost_after);
  Keep(printer.silent_deadline, under_way && printer.presence == Presence::kOnline,
       step.mono() + policy.silent_after);
  Keep(printer.count_deadline, ended,
       step.mono() + (ended ? CorrectionTime(*printer.job, policy) : milliseconds(0)));
}

void GiveUpJob(Step& step, std::string_view why) {
  EndJob(step, JobInput::kGivenUp, {Outcome::kFailed, std::nullopt, std::string(why)});
}

}  // namespace printfleet::printer
