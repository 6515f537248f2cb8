// A Prometheus histogram's counts, as a plain value that snapshots copy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace printfleet {

// Buckets by upper bound in seconds; the last count is +Inf's own.
template <size_t kBuckets>
struct Histogram {
  std::array<double, kBuckets> bounds;
  std::array<uint64_t, kBuckets + 1> counts{};
  double sum = 0;

  void Observe(double value) {
    size_t bucket = 0;
    while (bucket < kBuckets && value > bounds[bucket]) {
      ++bucket;
    }
    ++counts[bucket];
    sum += value;
  }
};

// 1 ms to 10 s: what waits for a commit, a round trip, a printer's first answer.
struct LatencyHistogram : Histogram<13> {
  LatencyHistogram()
      : Histogram{{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}, {}, 0} {
  }
};

// 1 min to 4 days: prints.
struct JobHistogram : Histogram<10> {
  JobHistogram()
      : Histogram{{60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 345600}, {}, 0} {}
};

}  // namespace printfleet
