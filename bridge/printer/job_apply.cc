#include "printer/job_apply.h"

#include <cmath>
#include <utility>

#include "base/text.h"
#include "printer/error_text.h"
#include "printer/job_life.h"
#include "printer/job_match.h"
#include "printer/state.h"

namespace printfleet::printer {
namespace {

using protocol::PrintAction;
using protocol::PrintReport;
using protocol::PrintWord;
using settings::ErrorKind;

constexpr size_t kTaskIdBytesMax = 128;

std::optional<JobInput> PhaseOf(PrintWord word) {
  switch (word) {
    case PrintWord::kDownloading:
      return JobInput::kDownloading;
    case PrintWord::kChecking:
      return JobInput::kChecking;
    case PrintWord::kPreheating:
      return JobInput::kPreheating;
    case PrintWord::kLeveling:
      return JobInput::kLeveling;
    case PrintWord::kPrinting:
    case PrintWord::kResumed:
      return JobInput::kPrinting;
    case PrintWord::kPausing:
      return JobInput::kPausing;
    case PrintWord::kPaused:
      return JobInput::kPaused;
    case PrintWord::kResuming:
      return JobInput::kResuming;
    case PrintWord::kStopping:
      return JobInput::kStopping;
    case PrintWord::kStopped:
    case PrintWord::kFailed:
    case PrintWord::kFinished:
    case PrintWord::kUpdated:
    case PrintWord::kDone:
    case PrintWord::kWaiting:
    case PrintWord::kNone:
    case PrintWord::kUnknown:
      return std::nullopt;
  }
  return std::nullopt;
}

bool IsFinal(PrintWord word) {
  return word == PrintWord::kFinished || word == PrintWord::kStopped || word == PrintWord::kFailed;
}

// "failed" behind any other action is of the request, not of the print.
bool FailsJobs(PrintAction action) {
  return action == PrintAction::kStart || action == PrintAction::kStop ||
         action == PrintAction::kDone;
}

std::optional<int64_t> ErrorCode(const Step& step, const protocol::Envelope& envelope) {
  const bool error = envelope.code && protocol::IsErrorCode(*envelope.code) &&
                     step.context.error_codes.KindOf(*envelope.code) != ErrorKind::kNotice;
  return error ? envelope.code : std::nullopt;
}

template <typename Number>
void Take(std::optional<Number>& known, const std::optional<Number>& said) {
  if (said && *said >= 0 && std::isfinite(static_cast<double>(*said))) {
    known = said;
  }
}

void TakeText(std::string& known, std::optional<std::string_view> said) {
  if (said && !said->empty()) {
    known = *said;
  }
}

void MergeBlock(Job& job, const PrintReport& print) {
  const protocol::JobBlock& block = print.job;
  if (block.task_id && (IsRealTask(*block.task_id) || job.task_id.empty())) {
    job.task_id = CleanText(*block.task_id, kTaskIdBytesMax);
  }
  TakeText(job.local_task, block.local_task);
  TakeText(job.filename, block.filename);
  TakeText(job.slice_params, print.slice_params);
  const auto progress = PrintProgress(print);
  Take(job.progress_ratio, progress);
  Take(job.layer, block.layer);
  Take(job.layers, block.layers);
  Take(job.elapsed_s, block.elapsed_s);
  Take(job.material_used_mm, block.material_used_mm);
  // With news of the progress, an old remaining time is worth nothing.
  if (progress) {
    job.remaining_s.reset();
  }
  Take(job.remaining_s, block.remaining_s);
}

void MoveWork(Step& step, StateInput input) {
  step.printer.work_state = NextState(step.printer.work_state, input);
}

// A job that was not started by us, or that we know nothing of any more.
void OpenJob(Step& step, const PrintReport& print) {
  Job job;
  job.id = step.context.next_job_id();
  job.printer_id = step.printer.registration.id;
  job.source = JobSource::kPanel;
  job.started_at = step.wall();
  MergeBlock(job, print);
  PlaceJob(step, std::move(job));
}

// A code that comes with a pause or a stop is news of the printer; going on contradicts it.
void NotePhaseError(Step& step, JobInput phase, const protocol::Envelope& envelope) {
  const auto code = ErrorCode(step, envelope);
  const settings::ErrorCodes& codes = step.context.error_codes;
  if (code && codes.KindOf(*code) == ErrorKind::kFailure) {
    step.NoteError(*code, ErrorText(codes, envelope), true);
  } else if (phase == JobInput::kPrinting) {
    step.ContradictError(true);
  }
}

// Nobody else has a reason to give: a pause by the panel or by us comes without a fault.
void NotePauseByItself(Step& step, bool was_paused, const std::optional<LastError>& error_before) {
  const Printer& printer = step.printer;
  const bool paused = printer.job && printer.job->state == JobState::kPaused;
  const auto& error = printer.last_error;
  if (!paused || !error || !error->of_print || (was_paused && error == error_before)) {
    return;
  }
  std::string text = error->code == 0 ? "" : std::to_string(error->code);
  text += (text.empty() || error->text.empty() ? "" : " ") + error->text;
  step.Notify("job_paused_by_itself", std::move(text), printer.job->id);
}

void ApplyPhase(Step& step, const PrintReport& print, JobInput phase,
                const protocol::Envelope& envelope) {
  const JobMatch match = MatchPhase(step.printer, print, step.wall());
  if (match == JobMatch::kNew) {
    OpenJob(step, print);
  } else if (match == JobMatch::kSame && !step.printer.job->open()) {
    ReopenJob(step);
  }
  const bool was_paused = step.printer.job && step.printer.job->state == JobState::kPaused;
  const std::optional<LastError> error_before = step.printer.last_error;
  if (match != JobMatch::kIgnore) {
    HearJob(step);
    MergeBlock(*step.printer.job, print);
    MoveJob(step, phase);
  }
  step.printer.work_state = *StateOf(Next(JobState::kRequested, phase));
  NotePhaseError(step, phase, envelope);
  if (match != JobMatch::kIgnore) {
    NotePauseByItself(step, was_paused, error_before);
  }
}

Ending EndingOf(const Step& step, const PrintReport& print, const protocol::Envelope& envelope) {
  if (print.word == PrintWord::kFinished) {
    return {Outcome::kFinished, std::nullopt, ""};
  }
  Ending ending;
  const settings::ErrorCodes& codes = step.context.error_codes;
  ending.error_code = ErrorCode(step, envelope);
  ending.error_text = ErrorText(codes, envelope);
  const ErrorKind kind = codes.KindOf(envelope.code.value_or(0));
  if (print.word == PrintWord::kStopped || kind == ErrorKind::kStopped) {
    ending.outcome = Outcome::kStopped;
  } else {
    ending.outcome = kind == ErrorKind::kInterrupted ? Outcome::kInterrupted : Outcome::kFailed;
  }
  if (ending.outcome == Outcome::kStopped && !ending.error_code) {
    ending.error_text.clear();
  }
  return ending;
}

// Refused: the request, so the job that is under way goes on.
bool IsRefusal(const Step& step, const PrintReport& print, const protocol::Envelope& envelope) {
  if (print.word != PrintWord::kFailed) {
    return false;
  }
  return !FailsJobs(print.action) ||
         step.context.error_codes.KindOf(envelope.code.value_or(0)) == ErrorKind::kRefused;
}

void MoveWorkByEnding(Step& step, bool failed, const Ending& ending) {
  if (failed && ending.outcome != Outcome::kStopped) {
    step.NoteError(ending.error_code.value_or(0), ending.error_text, true);
    MoveWork(step, StateInput::kFault);
    return;
  }
  const State before = step.printer.work_state;
  MoveWork(step, StateInput::kFinal);
  // Only `free` says that it can work again, and it may have said so before.
  step.change.questions.status |= step.printer.work_state != before && step.context.live;
}

void ApplyFinal(Step& step, const PrintReport& print, const protocol::Envelope& envelope) {
  const JobMatch match = MatchFinal(step.printer, print, step.wall());
  const bool open = step.printer.job && step.printer.job->open();
  const bool requested = open && step.printer.job->state == JobState::kRequested;
  const bool refused = IsRefusal(step, print, envelope);
  const bool refused_start = refused && requested && print.action == PrintAction::kStart;
  if (refused && !refused_start) {
    return;
  }
  if (open && !requested && match != JobMatch::kSame) {
    return;  // of another job, which is over, while this one goes on
  }
  const Ending ending = EndingOf(step, print, envelope);
  if (match == JobMatch::kNew) {
    OpenJob(step, print);
  }
  if (match != JobMatch::kIgnore) {
    MergeBlock(*step.printer.job, print);
    EndJob(step, JobInput::kFinal, ending);
  }
  const bool known = match == JobMatch::kIgnore && step.printer.job;
  if (!refused) {
    MoveWorkByEnding(step, print.word == PrintWord::kFailed && !known, ending);
  }
}

// For stops: the task the printer spoke of last. After matching, which wants the one before.
void NoteTask(Step& step, const protocol::JobBlock& block) {
  if (!block.task_id || block.task_id->empty()) {
    return;
  }
  std::string task_id = CleanText(*block.task_id, kTaskIdBytesMax);
  Registration& registration = step.printer.registration;
  if (registration.last_task_id != task_id) {
    registration.last_task_id = std::move(task_id);
    step.change.registration_changed = true;
  }
}

}  // namespace

void ApplyPrint(Step& step, const PrintReport& print, const protocol::Envelope& envelope) {
  if (IsFinal(print.word)) {
    ApplyFinal(step, print, envelope);
  } else if (const auto phase = PhaseOf(print.word)) {
    ApplyPhase(step, print, *phase, envelope);
  } else if (MatchOther(step.printer, print) == JobMatch::kSame) {
    HearJob(step);
    MergeBlock(*step.printer.job, print);
  }
  NoteTask(step, print.job);
}

void ApplyWork(Step& step, protocol::WorkState work) {
  Printer& printer = step.printer;
  const bool open = printer.job && printer.job->open();
  if (work == protocol::WorkState::kBusy) {
    const auto phase = open ? StateOf(printer.job->state) : std::nullopt;
    const State state = NextState(printer.work_state, StateInput::kBusy);
    printer.work_state = state == State::kBusy && phase ? *phase : state;
    // It does something after all: the job's fate is open until it is free again.
    printer.settle_deadline.reset();
    return;
  }
  if (work != protocol::WorkState::kFree) {
    return;
  }
  MoveWork(step, StateInput::kFree);
  if (open && Next(printer.job->state, JobInput::kFree) == JobState::kEnded) {
    EndJob(step, JobInput::kFree, {Outcome::kStopped, std::nullopt, ""});
  } else if (open) {
    MoveJob(step, JobInput::kFree);
    if (printer.job->state == JobState::kSettling && !printer.settle_deadline) {
      printer.settle_deadline = step.mono() + step.context.policy.job_settle;
    }
  }
}

}  // namespace printfleet::printer
