// LineBuffer: bytes of a pipe -> lines of bounded length. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace printfleet::child {

class LineBuffer {
 public:
  explicit LineBuffer(size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  // Appends to `lines` each line that `bytes` completes, without "\n" or "\r\n", cut to the bound;
  // empty lines are left out.
  void Add(std::string_view bytes, std::vector<std::string>& lines);

  // The line that has no end yet; empty when there is none.
  std::string TakeRest();

 private:
  size_t line_bytes_max_;
  std::string rest_;
};

}  // namespace printfleet::child
