// A heater with a plausible curve: nearly constant power up, slower close to the target, an
// exponential fall towards the room's temperature. Pure.
#pragma once

#include <cstdint>

namespace printfleet::simulator {

struct HeaterCurve {
  double rate_c_per_s = 3.0;       // heating at full power
  double approach_c = 12.0;        // so far below the target the power is reduced
  double cooling_seconds = 180.0;  // time constant of cooling
  double ambient_c = 22.0;
};

class Heater {
 public:
  Heater(HeaterCurve curve, double speedup)
      : curve_(curve), speedup_(speedup), temp_c_(curve.ambient_c) {}

  // Moves the curve to `now_ms`; a time before the last one changes nothing.
  void Advance(std::int64_t now_ms);

  void SetTarget(double target_c, std::int64_t now_ms);

  // 0: off.
  [[nodiscard]] double target_c() const { return target_c_; }

  [[nodiscard]] double temp_c() const { return temp_c_; }

  // Within 1.5 °C of the target, or off.
  [[nodiscard]] bool Ready() const;

 private:
  void Step(double seconds);

  HeaterCurve curve_;
  double speedup_;
  double temp_c_;
  double target_c_ = 0;
  std::int64_t at_ms_ = 0;
};

}  // namespace printfleet::simulator
