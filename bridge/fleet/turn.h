// Turn: what one call of a handler works on. Lives on the handler's stack.
#pragma once

#include "fleet/handle.h"

namespace printfleet::fleet {

struct Turn {
  World& world;
  const Rules& rules;
  const Instant& now;
  Output& output;
};

}  // namespace printfleet::fleet
