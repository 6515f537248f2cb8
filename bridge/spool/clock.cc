#include "spool/clock.h"

#include <fstream>

#include "base/digest.h"

namespace printfleet::spool {

Instant Now() {
  return {.wall = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now()),
          .mono = MonoTime(std::chrono::duration_cast<milliseconds>(
              std::chrono::steady_clock::now().time_since_epoch()))};
}

std::string BootName(const std::string& file) {
  std::string name;
  std::ifstream stream(file);
  return std::getline(stream, name) && !name.empty() ? name : RandomSecret();
}

}  // namespace printfleet::spool
