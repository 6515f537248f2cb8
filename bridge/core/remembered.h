// Which requests the memory remembers for their repetition: those of commands.remember, and of them
// the newest commands.remembered_max. What it forgets the tables still know (fleet/replay.h). Pure.
#pragma once

#include <cstddef>
#include <deque>

#include "base/time.h"
#include "fleet/world.h"

namespace printfleet::core {

class Remembered {
 public:
  Remembered(size_t max, seconds horizon) : max_(max), horizon_(horizon) {}

  // Takes up what the batch remembers and erases what is too old or too much. Call before the
  // batch is merged.
  void Follow(fleet::RememberedRequests& requests, WallTime now);

 private:
  struct Entry {
    fleet::RequestKey key;
    WallTime at;
  };

  size_t max_;
  seconds horizon_;
  std::deque<Entry> entries_;  // oldest first
};

}  // namespace printfleet::core
