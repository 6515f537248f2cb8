// Which job a print's word belongs to: the one the printer has, a new one, or none. Printers
// repeat themselves, skip words, reuse the task ids "-1" and "0", and start the same file again.
#pragma once

#include "base/time.h"
#include "printer/printer.h"

namespace printfleet::printer {

enum class JobMatch {
  kSame,    // of printer.job; an ended one goes on, or its outcome is corrected
  kNew,     // of a job we do not know yet
  kIgnore,  // stale, or of another job that is over: no job changes
};

// How late a word without a task id of its own may still speak of a job that has ended.
constexpr milliseconds kLateProof = std::chrono::minutes(10);

// Did nobody tell us how it ended? Then a later word may: `free` closed it, the printer was lost,
// or we gave our start up.
bool Inferred(const Job& job);

// Is it a task id that names one task ("482913"), not a placeholder ("-1", "0", "")?
bool IsRealTask(std::string_view task_id);

// For downloading … stopping.
JobMatch MatchPhase(const Printer& printer, const protocol::PrintReport& print, WallTime now);

// For finished, stopped and failed.
JobMatch MatchFinal(const Printer& printer, const protocol::PrintReport& print, WallTime now);

// For words that tell no phase (updated, done …): kSame or kIgnore.
JobMatch MatchOther(const Printer& printer, const protocol::PrintReport& print);

// The print's progress in the report; what "downloading" says is the download's.
std::optional<double> PrintProgress(const protocol::PrintReport& print);

}  // namespace printfleet::printer
