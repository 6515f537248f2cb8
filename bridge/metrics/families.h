// Families: collects prometheus-cpp's metric families for one page. Used by render only.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

#include "base/histogram.h"

namespace printfleet::metrics {

// Of a label's value; the rest is cut off.
inline constexpr size_t kLabelBytesMax = 256;

using Labels = std::vector<std::pair<std::string, std::string>>;

// One metric name. Values of a family that has none are not shown, nor is its HELP.
class Family {
 public:
  // `name` without the prefix "printfleet_" where `prefixed`.
  Family(prometheus::MetricType type, const std::string& name, std::string help,
         bool prefixed = true);

  void Add(double value, const Labels& labels = {});

  template <size_t kBuckets>
  void Add(const Histogram<kBuckets>& histogram) {
    AddBuckets(histogram.bounds.data(), histogram.counts.data(), kBuckets, histogram.sum);
  }

  prometheus::MetricFamily Take() && { return std::move(family_); }

 private:
  void AddBuckets(const double* bounds, const uint64_t* counts, size_t buckets, double sum);

  prometheus::MetricFamily family_;
};

class Families {
 public:
  void Add(Family family);
  void Gauge(const std::string& name, const std::string& help, double value);
  void Counter(const std::string& name, const std::string& help, double value);
  [[nodiscard]] std::string Text() const;

 private:
  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace printfleet::metrics
