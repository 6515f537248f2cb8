#include "bench/simulator/limits.h"

#include <sys/resource.h>

#include <algorithm>

namespace printfleet::simulator {

std::size_t RaiseDescriptorLimit(std::size_t wanted) {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= wanted) {
    return limit.rlim_cur;
  }
  rlimit higher = limit;
  higher.rlim_cur = wanted;
  higher.rlim_max = std::max<rlim_t>(limit.rlim_max, wanted);
  if (setrlimit(RLIMIT_NOFILE, &higher) != 0) {  // raising the hard limit is root's right
    higher.rlim_cur = std::min<rlim_t>(limit.rlim_max, wanted);
    higher.rlim_max = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &higher);
  }
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace printfleet::simulator
