// What is given up while the disk of data_dir is nearly full: which steps are on, by the free
// space. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "settings/settings.h"

namespace printfleet::core {

// In the order in which they begin; each stays on while the next ones are.
enum class ShedStep {
  kUploads,    // refused by the library itself (library.free_bytes_min)
  kTelemetry,  // not stored
  kPayloads,   // only of unusual reports
  kHistory,    // the oldest partitions go before their time
  kCommits,    // nothing is stored; reports wait
};

inline constexpr std::array kShedSteps = {ShedStep::kUploads, ShedStep::kTelemetry,
                                          ShedStep::kPayloads, ShedStep::kHistory,
                                          ShedStep::kCommits};

// "uploads", "telemetry", "payloads", "history", "commits".
std::string_view Name(ShedStep step);
// What it means, for people: "telemetry is not stored".
std::string_view Text(ShedStep step);

class Shedding {
 public:
  // With an external database only uploads are refused: what it stores is not on this disk.
  explicit Shedding(const settings::Settings& settings);

  // Steps that began or ended with so many bytes free. A step ends when a quarter more than its
  // threshold is free.
  std::vector<ShedStep> Update(int64_t free_bytes);

  [[nodiscard]] bool On(ShedStep step) const { return on_[static_cast<size_t>(step)]; }

  // 0: the step never begins.
  [[nodiscard]] int64_t Threshold(ShedStep step) const {
    return thresholds_[static_cast<size_t>(step)];
  }

 private:
  std::array<int64_t, kShedSteps.size()> thresholds_{};
  std::array<bool, kShedSteps.size()> on_{};
};

}  // namespace printfleet::core
