// The life of a job: one table, walked whole by a test. Which job a word belongs to is decided
// before (job_match.h); what else changes with it, after (job_apply.h).
//
//    ┌───────────┐      ┌─ under way: the printer's word decides, in any order ─────────────┐
//    │ requested │─word▶│ downloading  checking  preheating  leveling  printing             │◀─┐
//    └───────────┘      │ pausing  paused  resuming                                stopping │  │
//      │   │            └───┬─────────────────────────────────────┬────────────────────┬────┘  │
//      │   │                │ free                                │                    │ free  │
//      │   │                ▼                        final word,  │                    │       │
//      │   │           ┌──────────┐                  displaced    │                    │       │
//      │   │           │ settling │──word────────────────────────────────────────────────────▶│
//      │   │           └──────────┘                               │                    │       │
//      │   │ given up,      │ grace over, final word,             │ lost               │ lost  │
//      │   │ final word,    │ displaced, lost                     │                    │       │
//      │   ▼ displaced, lost▼                                     ▼                    ▼       │
//      │ ┌──────────────────────────────────────────────────────────────────────────────────┐  │
//      │ │ ended                                                                            │──┘
//      │ └──────────────────────────────────────────────────────────────────────────────────┘ word
//      └─ free: nothing; the printer may not have read the start yet
//
// An ended job opens again only by a word that job_match.h takes for the same print.
#pragma once

#include "printer/job.h"

namespace printfleet::printer {

enum class JobInput {
  kDownloading,
  kChecking,
  kPreheating,
  kLeveling,
  kPrinting,  // also "resumed"
  kPausing,
  kPaused,
  kResuming,
  kStopping,
  kFree,       // the printer says it does nothing
  kFinal,      // finished, stopped or failed
  kSettled,    // the grace period after kFree is over
  kGivenUp,    // our start failed before the printer said anything of it
  kDisplaced,  // the printer works on another job
  kLost,       // the printer has been offline for long
};

constexpr int kJobStates = 12;
constexpr int kJobInputs = 15;

// The state after `input`; `state` itself where the table has no row.
JobState Next(JobState state, JobInput input);

}  // namespace printfleet::printer
