#include "bench/simulator/heater.h"

#include <algorithm>
#include <cmath>

namespace printfleet::simulator {

void Heater::Advance(std::int64_t now_ms) {
  if (at_ms_ == 0) {
    at_ms_ = now_ms;
  }
  if (now_ms <= at_ms_) {
    return;
  }
  const double passed_s = static_cast<double>(now_ms - at_ms_) / 1000.0 * speedup_;
  at_ms_ = now_ms;
  // Half seconds at most, because the curve bends; after half an hour it has come to rest.
  const double seconds = std::min(passed_s, 1800.0);
  const int steps = static_cast<int>(seconds * 2) + 1;
  for (int step = 0; step < steps; ++step) {
    Step(seconds / steps);
  }
}

void Heater::Step(double seconds) {
  const double aim_c = std::max(target_c_, curve_.ambient_c);
  const double gap_c = aim_c - temp_c_;
  if (gap_c > 0) {
    const double power = std::min(1.0, std::max(gap_c / curve_.approach_c, 0.08));
    temp_c_ += std::min(gap_c, curve_.rate_c_per_s * power * seconds);
  } else {
    temp_c_ = std::max(aim_c, curve_.ambient_c + (temp_c_ - curve_.ambient_c) *
                                                     std::exp(-seconds / curve_.cooling_seconds));
  }
}

void Heater::SetTarget(double target_c, std::int64_t now_ms) {
  Advance(now_ms);
  target_c_ = target_c;
}

bool Heater::Ready() const {
  return target_c_ <= 0 || std::fabs(target_c_ - temp_c_) < 1.5;
}

}  // namespace printfleet::simulator
