#include "http/ranges.h"

#include <algorithm>
#include <charconv>

namespace printfleet::http {
namespace {

// Of a client that skips about: the smallest is forgotten, and has to be sent again to count.
constexpr size_t kRangesMax = 32;

std::optional<int64_t> Number(std::string_view text) {
  int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return whole && number >= 0 && !text.empty() ? std::optional(number) : std::nullopt;
}

}  // namespace

AskedRange ParseRange(std::string_view header, int64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) {
    return {RangeKind::kWhole, {0, size}};
  }
  const std::string_view asked = header.substr(kUnit.size());
  const size_t dash = asked.find('-');
  const std::string_view first_text = asked.substr(0, dash);
  const std::string_view last_text = dash == std::string_view::npos ? "" : asked.substr(dash + 1);
  const auto first = Number(first_text);
  const auto last = Number(last_text);
  if (dash == std::string_view::npos || (!first && !first_text.empty()) ||
      (!last && !last_text.empty()) || (!first && !last) || (first && last && *last < *first)) {
    return {RangeKind::kWhole, {0, size}};
  }
  if (!first) {  // "-500": the last 500
    return *last == 0 || size == 0
               ? AskedRange{RangeKind::kUnsatisfiable, {}}
               : AskedRange{RangeKind::kPart, {size - std::min(size, *last), size}};
  }
  if (*first >= size) {
    return {RangeKind::kUnsatisfiable, {}};
  }
  const int64_t end = last ? std::min(*last, size - 1) + 1 : size;
  return {RangeKind::kPart, {*first, end}};
}

void SentRanges::Add(ByteRange range) {
  std::erase_if(ranges_, [&](const ByteRange& other) {
    const bool apart = other.end < range.begin || range.end < other.begin;
    if (!apart) {
      range = {std::min(range.begin, other.begin), std::max(range.end, other.end)};
    }
    return !apart;
  });
  const auto size = [](const ByteRange& one) { return one.end - one.begin; };
  ranges_.insert(std::ranges::upper_bound(ranges_, range.begin, {}, &ByteRange::begin), range);
  if (ranges_.size() > kRangesMax) {
    ranges_.erase(std::ranges::min_element(ranges_, {}, size));
  }
}

bool SentRanges::Covers(int64_t size) const {
  return size == 0 || (ranges_.size() == 1 && ranges_[0].begin == 0 && ranges_[0].end >= size);
}

}  // namespace printfleet::http
