// Time types. Pure layers never call a clock: time enters as an Instant, a field of each event.
//
// Deadlines use monotonic time, stored times are UTC wall time in milliseconds.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace printfleet {

using std::chrono::milliseconds;
using std::chrono::seconds;

using WallTime = std::chrono::sys_time<milliseconds>;

struct MonoClockTag {
  using rep = int64_t;
  using period = std::milli;
  using duration = milliseconds;
  using time_point = std::chrono::time_point<MonoClockTag, milliseconds>;
  static constexpr bool is_steady = true;
};

// Milliseconds of CLOCK_MONOTONIC (or of a test's own count).
using MonoTime = MonoClockTag::time_point;

struct Instant {
  WallTime wall;
  MonoTime mono;
};

// "2026-01-01T00:00:00.000Z".
std::string FormatIso8601(WallTime time);

// Accepts "2026-01-01T00:00:00Z", optional fraction, "Z" or "+hh:mm"; nullopt for anything else
// (also for impossible dates).
std::optional<WallTime> ParseIso8601(std::string_view text);

// Milliseconds since the epoch.
inline int64_t EpochMs(WallTime time) {
  return time.time_since_epoch().count();
}

inline WallTime FromEpochMs(int64_t ms) {
  return WallTime(milliseconds(ms));
}

}  // namespace printfleet
