#include "capture/topic_levels.h"

namespace printfleet::capture {

std::vector<std::string_view> LevelsOf(std::string_view topic) {
  std::vector<std::string_view> levels;
  while (true) {
    const size_t slash = topic.find('/');
    levels.push_back(topic.substr(0, slash));
    if (slash == std::string_view::npos) {
      return levels;
    }
    topic.remove_prefix(slash + 1);
  }
}

size_t IdLevel(const std::vector<std::string_view>& levels) {
  for (size_t i = 0; i + 1 < levels.size(); ++i) {
    if (levels[i] == "printer") {
      return i + (levels[i + 1] == "public" || levels[i + 1] == "app" ? 3 : 2);
    }
  }
  return levels.size();
}

}  // namespace printfleet::capture
