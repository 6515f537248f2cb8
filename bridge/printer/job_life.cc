#include "printer/job_life.h"

#include <utility>

#include "base/check.h"

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
  const bool same_outcome = corrected && job.outcome == ending.outcome;
  if (same_outcome && job.error_code == ending.error_code && job.error_text == ending.error_text) {
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
  step.change.job_settled |= !same_outcome;
  step.change.job_events.push_back({job.id, Name(job.outcome), job.error_text});
  std::string text(Name(job.outcome));
  if (!job.error_text.empty()) {
    text += ": " + job.error_text;
  }
  step.Notify(corrected ? "job_corrected" : "job_ended", std::move(text), job.id);
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
    step.displaced = std::move(current);
  }
  current = std::move(job);
  step.printer.settle_deadline.reset();
  OccupyBed(step);
}

void SettleJob(Step& step) {
  Printer& printer = step.printer;
  const MonoTime free_at = *printer.settle_deadline - step.context.policy.job_settle;
  printer.job->ended_at = step.wall() - (step.mono() - free_at);
  EndJob(step, JobInput::kSettled, {Outcome::kEndedUnknown, std::nullopt, ""});
}

void GiveUpJob(Step& step, std::string_view why) {
  EndJob(step, JobInput::kGivenUp, {Outcome::kFailed, std::nullopt, std::string(why)});
}

}  // namespace printfleet::printer
