#include "core/shedding.h"

namespace printfleet::core {

std::string_view Name(ShedStep step) {
  switch (step) {
    case ShedStep::kUploads:
      return "uploads";
    case ShedStep::kTelemetry:
      return "telemetry";
    case ShedStep::kPayloads:
      return "payloads";
    case ShedStep::kHistory:
      return "history";
    case ShedStep::kCommits:
      return "commits";
  }
  return "";
}

std::string_view Text(ShedStep step) {
  switch (step) {
    case ShedStep::kUploads:
      return "uploads are refused";
    case ShedStep::kTelemetry:
      return "telemetry is not stored";
    case ShedStep::kPayloads:
      return "payloads are stored of unusual reports only";
    case ShedStep::kHistory:
      return "the oldest telemetry and reports are dropped before their time";
    case ShedStep::kCommits:
      return "nothing is stored, reports wait";
  }
  return "";
}

Shedding::Shedding(const settings::Settings& settings) {
  const settings::Disk& disk = settings.store.disk;
  thresholds_[0] = settings.library.free_bytes_min;
  if (settings.database.mode == settings::Mode::kManaged) {
    thresholds_ = {settings.library.free_bytes_min, disk.telemetry_free_bytes_min,
                   disk.payloads_free_bytes_min, disk.history_free_bytes_min,
                   disk.commits_free_bytes_min};
  }
}

std::vector<ShedStep> Shedding::Update(int64_t free_bytes) {
  std::vector<ShedStep> changed;
  for (const ShedStep step : kShedSteps) {
    const int64_t threshold = Threshold(step);
    bool& on = on_[static_cast<size_t>(step)];
    const bool wanted = on ? free_bytes < threshold + threshold / 4 : free_bytes < threshold;
    if (wanted != on) {
      on = wanted;
      changed.push_back(step);
    }
  }
  return changed;
}

}  // namespace printfleet::core
