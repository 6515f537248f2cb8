#include "bench/simulator/job.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace printfleet::simulator {
namespace {

struct Row {
  Phase from;
  JobEvent event;
  Phase to;
};

// clang-format off
constexpr std::array<Row, 28> kTable = {{
    {Phase::kIdle,        JobEvent::kStartRemote, Phase::kDownloading},
    {Phase::kIdle,        JobEvent::kStartLocal,  Phase::kChecking},
    {Phase::kDownloading, JobEvent::kFetched,     Phase::kChecking},
    {Phase::kDownloading, JobEvent::kStop,        Phase::kStopping},
    {Phase::kDownloading, JobEvent::kFail,        Phase::kIdle},
    {Phase::kChecking,    JobEvent::kChecked,     Phase::kPreheating},
    {Phase::kChecking,    JobEvent::kStop,        Phase::kStopping},
    {Phase::kChecking,    JobEvent::kFail,        Phase::kIdle},
    {Phase::kPreheating,  JobEvent::kHot,         Phase::kPrinting},
    {Phase::kPreheating,  JobEvent::kPause,       Phase::kPausing},
    {Phase::kPreheating,  JobEvent::kStop,        Phase::kStopping},
    {Phase::kPreheating,  JobEvent::kFail,        Phase::kIdle},
    {Phase::kPrinting,    JobEvent::kLayersDone,  Phase::kIdle},
    {Phase::kPrinting,    JobEvent::kPause,       Phase::kPausing},
    {Phase::kPrinting,    JobEvent::kStop,        Phase::kStopping},
    {Phase::kPrinting,    JobEvent::kFail,        Phase::kIdle},
    {Phase::kPausing,     JobEvent::kPaused,      Phase::kPaused},
    {Phase::kPausing,     JobEvent::kStop,        Phase::kStopping},
    {Phase::kPausing,     JobEvent::kFail,        Phase::kIdle},
    {Phase::kPaused,      JobEvent::kResume,      Phase::kResuming},
    {Phase::kPaused,      JobEvent::kStop,        Phase::kStopping},
    {Phase::kPaused,      JobEvent::kFail,        Phase::kIdle},
    {Phase::kResuming,    JobEvent::kResumed,     Phase::kPrinting},
    {Phase::kResuming,    JobEvent::kPause,       Phase::kPausing},
    {Phase::kResuming,    JobEvent::kStop,        Phase::kStopping},
    {Phase::kResuming,    JobEvent::kFail,        Phase::kIdle},
    {Phase::kStopping,    JobEvent::kStopped,     Phase::kIdle},
    {Phase::kStopping,    JobEvent::kFail,        Phase::kIdle},
}};
// clang-format on

}  // namespace

std::optional<Phase> NextPhase(Phase phase, JobEvent event) {
  for (const Row& row : kTable) {
    if (row.from == phase && row.event == event) {
      return row.to;
    }
  }
  return std::nullopt;
}

const char* PhaseWord(Phase phase) {
  switch (phase) {
    case Phase::kIdle:
      return "free";
    case Phase::kDownloading:
      return "downloading";
    case Phase::kChecking:
      return "checking";
    case Phase::kPreheating:
      return "preheating";
    case Phase::kPrinting:
      return "printing";
    case Phase::kPausing:
      return "pausing";
    case Phase::kPaused:
      return "paused";
    case Phase::kResuming:
      return "resuming";
    case Phase::kStopping:
      return "stopping";
  }
  return "";
}

void Job::Begin(JobPlan plan, JobEvent start, std::int64_t now_ms) {
  plan_ = std::move(plan);
  printed_before_ms_ = 0;
  Apply(start, now_ms);
}

bool Job::Apply(JobEvent event, std::int64_t now_ms) {
  const std::optional<Phase> next = NextPhase(phase_, event);
  if (!next) {
    return false;
  }
  if (phase_ == Phase::kPrinting) {
    printed_before_ms_ = PrintedMs(now_ms);
  }
  phase_ = *next;
  if (phase_ == Phase::kPrinting) {
    printing_since_ms_ = now_ms;
  }
  return true;
}

double Job::PrintedMs(std::int64_t now_ms) const {
  double printed_ms = printed_before_ms_;
  if (phase_ == Phase::kPrinting) {
    printed_ms += static_cast<double>(now_ms - printing_since_ms_) * speedup_;
  }
  return std::min(printed_ms, plan_.minutes * 60'000);
}

int Job::Layer(std::int64_t now_ms) const {
  const double ratio = PrintedMs(now_ms) / (plan_.minutes * 60'000);
  return std::min(plan_.layers, static_cast<int>(ratio * plan_.layers + 1e-6));
}

JobView Job::View(std::int64_t now_ms) const {
  const double printed_minutes = PrintedMs(now_ms) / 60'000;
  const double ratio = printed_minutes / plan_.minutes;
  JobView view;
  view.task_id = plan_.task_id;
  view.local_task = plan_.local_task;
  view.filename = plan_.filename;
  view.progress_pct = static_cast<int>(ratio * 100 + 1e-6);
  view.layer = Layer(now_ms);
  view.layers = plan_.layers;
  view.printed_minutes = printed_minutes;
  view.remaining_minutes = plan_.minutes - printed_minutes;
  view.filament_mm = ratio * plan_.filament_mm;
  view.nozzle_target_c = plan_.nozzle_target_c;
  view.bed_target_c = plan_.bed_target_c;
  return view;
}

std::int64_t Job::NextLayerMs(std::int64_t now_ms) const {
  const double layer_ms = plan_.minutes * 60'000 / plan_.layers;
  const double wanted_ms = layer_ms * (Layer(now_ms) + 1);
  const double left_ms = (wanted_ms - PrintedMs(now_ms)) / speedup_;
  return now_ms + std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(left_ms)));
}

}  // namespace printfleet::simulator
