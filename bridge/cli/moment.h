// Points in time as people write them on a command line. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"

namespace printfleet::cli {

enum class Direction { kBefore, kAfter };

// "2026-01-01T08:00:00Z", "2026-01-01" (its begin, UTC), or a distance from `now`, before or after
// it: "90s", "15m", "24h", "7d"; "in 15m" and "15m ago" say the same. kInvalid with what is
// expected.
Result<WallTime> ParseMoment(const std::string& text, WallTime now, Direction direction);

}  // namespace printfleet::cli
