// The spool's clocks, and which boot of the machine its monotonic times belong to.
#pragma once

#include <string>

#include "base/time.h"

namespace printfleet::spool {

Instant Now();

// What the kernel calls this boot; a name of its own where `file` cannot be read, so that no
// monotonic time of before is believed.
std::string BootName(const std::string& file);

}  // namespace printfleet::spool
