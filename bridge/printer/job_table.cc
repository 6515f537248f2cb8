#include "printer/job_table.h"

namespace printfleet::printer {
namespace {

// A row for every state from `first` to `last`, in the enum's order.
struct Row {
  JobState first;
  JobState last;
  JobInput input;
  JobState to;
};

using S = JobState;
using I = JobInput;

// clang-format off
constexpr Row kRows[] = {
    {S::kRequested,   S::kEnded,    I::kDownloading, S::kDownloading},
    {S::kRequested,   S::kEnded,    I::kChecking,    S::kChecking},
    {S::kRequested,   S::kEnded,    I::kPreheating,  S::kPreheating},
    {S::kRequested,   S::kEnded,    I::kLeveling,    S::kLeveling},
    {S::kRequested,   S::kEnded,    I::kPrinting,    S::kPrinting},
    {S::kRequested,   S::kEnded,    I::kPausing,     S::kPausing},
    {S::kRequested,   S::kEnded,    I::kPaused,      S::kPaused},
    {S::kRequested,   S::kEnded,    I::kResuming,    S::kResuming},
    {S::kRequested,   S::kEnded,    I::kStopping,    S::kStopping},
    // Free says nothing of a start that the printer may not have read yet.
    {S::kDownloading, S::kResuming, I::kFree,        S::kSettling},
    {S::kStopping,    S::kStopping, I::kFree,        S::kEnded},
    {S::kRequested,   S::kSettling, I::kFinal,       S::kEnded},
    {S::kSettling,    S::kSettling, I::kSettled,     S::kEnded},
    {S::kRequested,   S::kRequested, I::kGivenUp,    S::kEnded},
    {S::kRequested,   S::kSettling, I::kDisplaced,   S::kEnded},
    {S::kRequested,   S::kSettling, I::kLost,        S::kEnded},
};
// clang-format on

}  // namespace

JobState Next(JobState state, JobInput input) {
  for (const Row& row : kRows) {
    if (row.input == input && row.first <= state && state <= row.last) {
      return row.to;
    }
  }
  return state;
}

}  // namespace printfleet::printer
