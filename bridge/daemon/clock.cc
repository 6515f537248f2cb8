#include "daemon/clock.h"

namespace printfleet::daemon {

Instant Now() {
  return {std::chrono::floor<milliseconds>(std::chrono::system_clock::now()),
          MonoTime(std::chrono::floor<milliseconds>(
              std::chrono::steady_clock::now().time_since_epoch()))};
}

}  // namespace printfleet::daemon
