#include "http/route.h"

#include <algorithm>
#include <cctype>

namespace printfleet::http {

bool EqualsInAnyCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string_view Request::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (EqualsInAnyCase(key, name)) {
      return value;
    }
  }
  return "";
}

}  // namespace printfleet::http
