#include "metrics/families.h"

#include <prometheus/text_serializer.h>

#include <limits>
#include <sstream>

#include "base/text.h"

namespace printfleet::metrics {
Family::Family(prometheus::MetricType type, const std::string& name, std::string help,
               bool prefixed) {
  family_.name = prefixed ? "printfleet_" + name : name;
  family_.help = std::move(help);
  family_.type = type;
}

void Family::Add(double value, const Labels& labels) {
  prometheus::ClientMetric metric;
  metric.label.reserve(labels.size());
  for (const auto& [name, text] : labels) {
    metric.label.push_back({name, CleanText(text, kLabelBytesMax)});
  }
  if (family_.type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family_.metric.push_back(std::move(metric));
}

void Family::AddBuckets(const double* bounds, const uint64_t* counts, size_t buckets, double sum) {
  prometheus::ClientMetric metric;
  uint64_t cumulative = 0;
  for (size_t i = 0; i <= buckets; ++i) {
    cumulative += counts[i];
    const double bound = i < buckets ? bounds[i] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({cumulative, bound});
  }
  metric.histogram.sample_count = cumulative;
  metric.histogram.sample_sum = sum;
  family_.metric.push_back(std::move(metric));
}

void Families::Add(Family family) {
  prometheus::MetricFamily taken = std::move(family).Take();
  if (!taken.metric.empty()) {
    families_.push_back(std::move(taken));
  }
}

void Families::Gauge(const std::string& name, const std::string& help, double value) {
  Family family(prometheus::MetricType::Gauge, name, help);
  family.Add(value);
  Add(std::move(family));
}

void Families::Counter(const std::string& name, const std::string& help, double value) {
  Family family(prometheus::MetricType::Counter, name, help);
  family.Add(value);
  Add(std::move(family));
}

std::string Families::Text() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families_);
  return std::move(out).str();
}

}  // namespace printfleet::metrics
