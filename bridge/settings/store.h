// The section `store`: what is kept, and how closely. See settings.h.
#pragma once

#include "base/time.h"

namespace printfleet::settings {

enum class Payloads { kNone, kUnusual, kAll };

struct Store {
  Payloads payloads = Payloads::kAll;
  // A reading within its dead band of the one stored last is not stored, but for one row in each
  // telemetry_interval. 0: every change is.
  double telemetry_dead_band_c = 0.5;
  double telemetry_dead_band_ratio = 0.02;  // fan and progress
  milliseconds telemetry_interval{60000};

  bool operator==(const Store&) const = default;
};

}  // namespace printfleet::settings
