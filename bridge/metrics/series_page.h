// SeriesPage: Prometheus's text format of gauges, straight into one string. For the page of single
// printers: prometheus-cpp's objects (a string for every label, a stream for every value) took a
// core for 0.3 s at each scrape of ten thousand, and what was published meanwhile waited for it.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace printfleet::metrics {

// `name="value"`, the value clean, escaped and at most kLabelBytesMax long.
std::string LabelText(std::string_view name, std::string_view value);

class SeriesPage {
 public:
  // `bytes`: how large it is expected to become.
  explicit SeriesPage(size_t bytes) { text_.reserve(bytes); }

  // The next series are of this gauge (`name` without the prefix "printfleet_"). One that gets none
  // is not shown.
  void Begin(std::string_view name, std::string_view help);

  // `labels`: as LabelText makes them.
  void Add(double value, std::initializer_list<std::string_view> labels);

  [[nodiscard]] std::string Take() &&;

 private:
  void DropEmpty();

  std::string text_;
  std::string name_;
  size_t header_at_ = 0;  // where the header of this gauge begins
  bool empty_ = false;    // it has no series yet
};

}  // namespace printfleet::metrics
