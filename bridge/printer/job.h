// Job: one print, from the first word of it to its outcome; and the one table of its life.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"

namespace printfleet::printer {

// How far a print is. `kEnded` has an outcome. Drawing and table: job_table.h.
enum class JobState {
  kRequested,  // we sent print.start, the printer has not said anything of it yet
  kDownloading,
  kChecking,
  kPreheating,
  kLeveling,
  kPrinting,
  kPausing,
  kPaused,
  kResuming,
  kStopping,
  kSettling,  // the printer is free, but no final word came yet
  kEnded,
};

std::string_view Name(JobState state);
std::optional<JobState> ParseJobState(std::string_view name);

enum class Outcome { kNone, kFinished, kFailed, kStopped, kInterrupted, kEndedUnknown };

std::string_view Name(Outcome outcome);  // "" for kNone
std::optional<Outcome> ParseOutcome(std::string_view name);

// Where a job came from.
enum class JobSource { kCommand, kPanel };

std::string_view Name(JobSource source);

struct Job {
  JobId id;
  PrinterId printer_id;
  std::string task_id;
  std::string local_task;
  std::string filename;  // bytes
  JobSource source = JobSource::kPanel;
  CommandId command_id;    // 0 for panel jobs
  ArtifactId artifact_id;  // 0 where its file is none of the library
  JobState state = JobState::kRequested;
  Outcome outcome = Outcome::kNone;
  WallTime started_at;
  std::optional<WallTime> ended_at;
  std::optional<double> progress_ratio;
  std::optional<int64_t> layer;
  std::optional<int64_t> layers;
  std::optional<double> elapsed_s;
  std::optional<double> remaining_s;
  std::optional<double> material_used_mm;
  std::optional<int64_t> error_code;
  std::string error_text;
  std::string slice_params;  // JSON text, "" for none
  bool counted = false;      // its outcome is in the metrics: never again, whatever comes

  bool operator==(const Job&) const = default;

  [[nodiscard]] bool open() const { return state != JobState::kEnded; }

  // The printer works on it, or pauses it.
  [[nodiscard]] bool under_way() const {
    return open() && state != JobState::kRequested && state != JobState::kSettling;
  }
};

}  // namespace printfleet::printer
