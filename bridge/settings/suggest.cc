#include "settings/suggest.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace printfleet::settings {
namespace {

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

}  // namespace

std::string_view Nearest(std::string_view text, const std::vector<std::string>& words) {
  std::string_view nearest;
  size_t distance_min = std::max<size_t>(1, text.size() / 3) + 1;
  for (const auto& word : words) {
    size_t distance = EditDistance(text, word);
    if (word.size() > 3 && text.size() > 3 && (word.starts_with(text) || text.starts_with(word))) {
      distance = 1;  // "silent_after" for "silent_after_s"
    }
    if (distance < distance_min) {
      distance_min = distance;
      nearest = word;
    }
  }
  return nearest;
}

}  // namespace printfleet::settings
