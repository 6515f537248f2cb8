// One print job of a simulated printer: its phases and how far it has come. Pure; knows no JSON.
//
//   idle ─remote─▶ downloading ─fetched─▶ checking ─checked─▶ preheating ─hot─▶ printing ─layers─▶
//   idle idle ─local──────────────────────────▶ checking            │ pause           │ pause
//                                              resumed ▲       ▼                 ▼
//                             resuming ◀─resume── paused ◀─paused── pausing
//   any of these ─stop─▶ stopping ─stopped─▶ idle         any of these ─fail─▶ idle
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace printfleet::simulator {

enum class Phase {
  kIdle,
  kDownloading,
  kChecking,
  kPreheating,
  kPrinting,
  kPausing,
  kPaused,
  kResuming,
  kStopping,
};

enum class JobEvent {
  kStartRemote,
  kStartLocal,
  kFetched,
  kChecked,
  kHot,
  kLayersDone,
  kPause,
  kPaused,
  kResume,
  kResumed,
  kStop,
  kStopped,
  kFail,
};

// The table behind the drawing; nothing where the event means nothing in that phase.
std::optional<Phase> NextPhase(Phase phase, JobEvent event);

// The vendor's word for a phase, as print/report carries it; "free" when idle.
const char* PhaseWord(Phase phase);

struct JobPlan {
  std::string task_id;
  std::string local_task;
  std::string filename;
  std::string directory = "/";
  int layers = 100;
  double minutes = 60;  // printing alone, on the printer's own clock
  double filament_mm = 4900;
  double nozzle_target_c = 210;
  double bed_target_c = 60;
};

// What a report shows of the job.
struct JobView {
  std::string task_id;
  std::string local_task;
  std::string filename;
  int progress_pct = 0;
  int layer = 0;
  int layers = 0;
  double printed_minutes = 0;
  double remaining_minutes = 0;
  double filament_mm = 0;
  double nozzle_target_c = 0;
  double bed_target_c = 0;
};

class Job {
 public:
  explicit Job(double speedup) : speedup_(speedup) {}

  [[nodiscard]] Phase phase() const { return phase_; }

  [[nodiscard]] const JobPlan& plan() const { return plan_; }

  // Replaces the plan. Requires: phase() is kIdle.
  void Begin(JobPlan plan, JobEvent start, std::int64_t now_ms);

  void SetLocalTask(std::string local_task) { plan_.local_task = std::move(local_task); }

  void SetTaskId(std::string task_id) { plan_.task_id = std::move(task_id); }

  // False, and nothing changes, where the event means nothing in this phase.
  bool Apply(JobEvent event, std::int64_t now_ms);

  [[nodiscard]] int Layer(std::int64_t now_ms) const;
  [[nodiscard]] JobView View(std::int64_t now_ms) const;

  // When the next layer is complete. Requires: phase() is kPrinting.
  [[nodiscard]] std::int64_t NextLayerMs(std::int64_t now_ms) const;

 private:
  [[nodiscard]] double PrintedMs(std::int64_t now_ms) const;

  double speedup_;
  Phase phase_ = Phase::kIdle;
  JobPlan plan_;
  double printed_before_ms_ = 0;        // on the printer's clock, before this stretch
  std::int64_t printing_since_ms_ = 0;  // on ours
};

}  // namespace printfleet::simulator
