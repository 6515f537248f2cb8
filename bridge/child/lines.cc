#include "child/lines.h"

#include <algorithm>
#include <utility>

namespace printfleet::child {

void LineBuffer::Add(std::string_view bytes, std::vector<std::string>& lines) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    rest_.append(part.substr(0, line_bytes_max_ - std::min(line_bytes_max_, rest_.size())));
    if (end == std::string_view::npos) {
      return;
    }
    std::string line = TakeRest();
    if (!line.empty()) {
      lines.push_back(std::move(line));
    }
    bytes.remove_prefix(end + 1);
  }
}

std::string LineBuffer::TakeRest() {
  std::string line = std::exchange(rest_, {});
  if (!line.empty() && line.back() == '\r') {
    line.pop_back();
  }
  return line;
}

}  // namespace printfleet::child
