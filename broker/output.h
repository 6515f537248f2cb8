// How a line of Mosquitto's own output is logged. Pure.
#pragma once

#include <string_view>

#include "base/log.h"

namespace printfleet::broker {

// By its "Error: " or "Warning: "; kDebug for what we cause ourselves: the warning about each
// access line without %c or %u, and the readiness probe's coming and going.
LogLevel LevelOfLine(std::string_view line);

}  // namespace printfleet::broker
