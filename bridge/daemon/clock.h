// The one place that reads clocks.
#pragma once

#include "base/time.h"

namespace printfleet::daemon {

Instant Now();

}  // namespace printfleet::daemon
