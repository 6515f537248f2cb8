#include "printer/job_match.h"

#include <algorithm>
#include <cmath>

namespace printfleet::printer {
namespace {

using protocol::JobBlock;
using protocol::PrintReport;
using protocol::PrintWord;

// A late word may lag behind by a report or two; a print that starts again lags by more.
constexpr double kStaleProgressRatio = 0.1;

enum class Identity {
  kSameTask,  // the same real task id, or the same local task
  kSameFile,
  kCompatible,  // nothing speaks against it
  kDifferent,
};

std::string_view TaskOf(const JobBlock& block) {
  return block.task_id.value_or("");
}

std::string_view FileName(std::string_view path) {
  return path.substr(path.find_last_of('/') + 1);
}

Identity Compare(const Job& job, const JobBlock& block) {
  if (IsRealTask(job.task_id) && IsRealTask(TaskOf(block))) {
    return job.task_id == TaskOf(block) ? Identity::kSameTask : Identity::kDifferent;
  }
  const std::string_view local_task = block.local_task.value_or("");
  if (!job.local_task.empty() && !local_task.empty()) {
    return job.local_task == local_task ? Identity::kSameTask : Identity::kDifferent;
  }
  const std::string_view filename = block.filename.value_or("");
  if (job.filename.empty() || filename.empty()) {
    return Identity::kCompatible;
  }
  return FileName(job.filename) == FileName(filename) ? Identity::kSameFile : Identity::kDifferent;
}

// Words that a print begins with.
bool IsStartWord(PrintWord word) {
  return word == PrintWord::kDownloading || word == PrintWord::kChecking ||
         word == PrintWord::kPreheating || word == PrintWord::kLeveling;
}

// Words that can be the first we hear of a job. Stopping cannot: idle printers answer stops.
bool Opens(PrintWord word) {
  return IsStartWord(word) || word == PrintWord::kPrinting || word == PrintWord::kPausing ||
         word == PrintWord::kPaused || word == PrintWord::kResuming || word == PrintWord::kResumed;
}

JobMatch NewIfOpening(PrintWord word) {
  return Opens(word) ? JobMatch::kNew : JobMatch::kIgnore;
}

bool HasPrinted(const Job& job) {
  return job.progress_ratio.value_or(0) > 0 || job.layer.value_or(0) > 0;
}

bool Ahead(const Job& job, const PrintReport& print) {
  const auto progress = PrintProgress(print);
  return progress && job.progress_ratio && *progress > *job.progress_ratio;
}

// Did the figures jump back as only another print's can?
bool Restarted(const Job& job, const PrintReport& print) {
  const auto progress = PrintProgress(print);
  if (!progress || !job.progress_ratio || *progress > *job.progress_ratio - kStaleProgressRatio) {
    return false;
  }
  const JobBlock& block = print.job;
  return IsStartWord(print.word) ||
         (block.elapsed_s && job.elapsed_s && *block.elapsed_s < *job.elapsed_s) ||
         (block.layer && job.layer && *block.layer < *job.layer);
}

// The power or the connection went; the printer's own "interrupted" comes with a code.
bool CutShort(const Job& job) {
  return job.outcome == Outcome::kInterrupted && !job.error_code;
}

// A print goes on after a power cut however late, and it may begin with a word of the beginning:
// then the file alone names it only where the figures go on, too.
bool Resumes(const Job& job, Identity identity, const PrintReport& print) {
  if (!CutShort(job) || Restarted(job, print)) {
    return false;
  }
  const auto progress = PrintProgress(print);
  const bool goes_on = progress && *progress >= job.progress_ratio.value_or(0);
  return identity == Identity::kSameTask ||
         (identity == Identity::kSameFile && (goes_on || !IsStartWord(print.word)));
}

bool Late(const Job& job, Identity identity, WallTime now) {
  return identity != Identity::kSameTask && job.ended_at && now - *job.ended_at > kLateProof;
}

JobMatch MatchOpen(const Job& job, Identity identity, const PrintReport& print) {
  if (job.state == JobState::kRequested) {
    return JobMatch::kSame;
  }
  // After `free`, a word of the beginning is of the next print.
  if (job.state == JobState::kSettling && IsStartWord(print.word) && HasPrinted(job)) {
    return JobMatch::kNew;
  }
  return identity != Identity::kSameTask && Restarted(job, print) ? JobMatch::kNew
                                                                  : JobMatch::kSame;
}

JobMatch MatchInferred(const Job& job, Identity identity, const PrintReport& print, WallTime now) {
  if (Ahead(job, print) || Resumes(job, identity, print)) {
    return JobMatch::kSame;
  }
  const bool again = (IsStartWord(print.word) && HasPrinted(job)) || Restarted(job, print);
  return again || Late(job, identity, now) ? NewIfOpening(print.word) : JobMatch::kSame;
}

// The job ended by the printer's own word.
JobMatch MatchEnded(const Printer& printer, Identity identity, const PrintReport& print) {
  const Job& job = *printer.job;
  const bool start = IsStartWord(print.word);
  const bool idle = printer.work_state == State::kIdle;  // it was free since
  const bool prints_on =
      Ahead(job, print) && job.outcome != Outcome::kFinished && !start && Opens(print.word);
  if (prints_on && (!idle || identity == Identity::kSameTask)) {
    return JobMatch::kSame;
  }
  if (Restarted(job, print) || (start && idle)) {
    return NewIfOpening(print.word);
  }
  const auto progress = PrintProgress(print);
  const bool behind = progress && job.progress_ratio && *progress < *job.progress_ratio;
  if (start && behind) {
    return JobMatch::kNew;
  }
  const bool over = job.outcome == Outcome::kFinished && !behind;
  return idle && !over ? NewIfOpening(print.word) : JobMatch::kIgnore;
}

}  // namespace

bool Inferred(const Job& job) {
  const bool given_up = job.outcome == Outcome::kFailed && job.source == JobSource::kCommand &&
                        !job.error_code && !job.progress_ratio;
  return job.outcome == Outcome::kEndedUnknown || CutShort(job) || given_up;
}

bool IsRealTask(std::string_view task_id) {
  return !task_id.empty() && task_id != "-1" && task_id != "0";
}

std::optional<double> PrintProgress(const PrintReport& print) {
  const auto& progress = print.job.progress_ratio;
  if (print.word == PrintWord::kDownloading || !progress || !std::isfinite(*progress)) {
    return std::nullopt;
  }
  return std::clamp(*progress, 0.0, 1.0);
}

JobMatch MatchPhase(const Printer& printer, const PrintReport& print, WallTime now) {
  if (!printer.job) {
    return NewIfOpening(print.word);
  }
  const Job& job = *printer.job;
  const std::string_view task = TaskOf(print.job);
  const Identity identity = Compare(job, print.job);
  // A panel's job may get to know its task id on the way, but not at its beginning.
  const bool begins_task =
      identity == Identity::kCompatible && IsRealTask(task) && IsStartWord(print.word);
  if (identity == Identity::kDifferent || begins_task) {
    const bool previous = job.state == JobState::kRequested && IsRealTask(task) &&
                          task == printer.registration.last_task_id;
    return previous ? JobMatch::kIgnore : NewIfOpening(print.word);
  }
  if (job.open()) {
    return MatchOpen(job, identity, print);
  }
  return Inferred(job) ? MatchInferred(job, identity, print, now)
                       : MatchEnded(printer, identity, print);
}

JobMatch MatchFinal(const Printer& printer, const PrintReport& print, WallTime now) {
  const std::string_view task = TaskOf(print.job);
  if (!printer.job) {
    const bool unknown = IsRealTask(task) && task != printer.registration.last_task_id;
    return unknown ? JobMatch::kNew : JobMatch::kIgnore;
  }
  const Job& job = *printer.job;
  const Identity identity = Compare(job, print.job);
  if (identity == Identity::kDifferent) {
    return !job.open() && IsRealTask(task) ? JobMatch::kNew : JobMatch::kIgnore;
  }
  if (job.state == JobState::kRequested && identity != Identity::kSameTask) {
    // Without our task id only a refusal can be of a start that nothing was said of yet.
    return print.word == PrintWord::kFailed ? JobMatch::kSame : JobMatch::kIgnore;
  }
  if (job.open()) {
    return JobMatch::kSame;
  }
  const bool in_time = !Late(job, identity, now) || Resumes(job, identity, print);
  return Inferred(job) && in_time ? JobMatch::kSame : JobMatch::kIgnore;
}

JobMatch MatchOther(const Printer& printer, const PrintReport& print) {
  const bool same = printer.job && printer.job->open() &&
                    Compare(*printer.job, print.job) != Identity::kDifferent;
  return same ? JobMatch::kSame : JobMatch::kIgnore;
}

}  // namespace printfleet::printer
