#include "cli/moment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace printfleet::cli {
namespace {

constexpr int64_t kDistanceMaxS = int64_t{10} * 365 * 86400;

struct Unit {
  char name;
  int64_t seconds;
};

constexpr std::array kUnits = {Unit{'s', 1}, Unit{'m', 60}, Unit{'h', 3600}, Unit{'d', 86400}};

// "15m" as seconds.
std::optional<int64_t> ParseDistance(std::string_view text) {
  const auto unit = text.empty()
                        ? kUnits.end()
                        : std::find_if(kUnits.begin(), kUnits.end(),
                                       [&](const Unit& each) { return each.name == text.back(); });
  if (unit == kUnits.end()) {
    return std::nullopt;
  }
  text.remove_suffix(1);
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || count < 0 || count > kDistanceMaxS / unit->seconds) {
    return std::nullopt;
  }
  return count * unit->seconds;
}

}  // namespace

Result<WallTime> ParseMoment(const std::string& text, WallTime now, Direction direction) {
  std::string_view distance = text;
  if (direction == Direction::kAfter && distance.starts_with("in ")) {
    distance.remove_prefix(3);
  }
  if (direction == Direction::kBefore && distance.ends_with(" ago")) {
    distance.remove_suffix(4);
  }
  if (const auto count = ParseDistance(distance)) {
    return direction == Direction::kBefore ? now - seconds(*count) : now + seconds(*count);
  }
  auto time = ParseIso8601(text);
  if (!time) {
    time = ParseIso8601(text + "T00:00:00Z");
  }
  if (!time) {
    return Error{Errc::kInvalid,
                 "\"" + PrintableText(text, 80) +
                     "\": expected a time like 2026-01-01T08:00:00Z, a day like 2026-01-01, or a "
                     "distance like 90s, 15m, 24h, 7d"};
  }
  return *time;
}

}  // namespace printfleet::cli
