#include "capture/addresses.h"

#include <algorithm>

#include "capture/characters.h"

namespace printfleet::capture {
namespace {

constexpr int kQuadNumbers = 4;
constexpr int kQuadNumberMax = 255;
constexpr size_t kQuadDigitsMax = 3;
constexpr int kIpv6Groups = 8;
constexpr size_t kIpv6GroupDigitsMax = 4;
constexpr size_t kMacBytes = 17;

// Digits from `at` on that are a number of a quad; 0 when they are none.
size_t QuadNumberLength(std::string_view text, size_t at) {
  size_t end = at;
  int number = 0;
  while (end < text.size() && IsDigit(text[end]) && end - at < kQuadDigitsMax) {
    number = number * 10 + (text[end] - '0');
    ++end;
  }
  const bool more = end < text.size() && IsDigit(text[end]);
  return more || number > kQuadNumberMax ? 0 : end - at;
}

}  // namespace

size_t Ipv4Length(std::string_view text, size_t at) {
  size_t end = at;
  for (int i = 0; i < kQuadNumbers; ++i) {
    if (i > 0) {
      if (end >= text.size() || text[end] != '.') {
        return 0;
      }
      ++end;
    }
    const size_t length = QuadNumberLength(text, end);
    if (length == 0) {
      return 0;
    }
    end += length;
  }
  const bool goes_on = end + 1 < text.size() && text[end] == '.' && IsDigit(text[end + 1]);
  return goes_on ? 0 : end - at;
}

bool IsIpv6(std::string_view text) {
  int groups = 0;
  size_t digits = 0;
  bool shortened = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsHexDigit(text[i])) {
      groups += digits == 0 ? 1 : 0;
      if (++digits > kIpv6GroupDigitsMax) {
        return false;
      }
      continue;
    }
    const bool second = i > 0 && text[i - 1] == ':';
    if (text[i] != ':' || (second && shortened)) {
      return false;
    }
    shortened = shortened || second;
    digits = 0;
  }
  const bool ends_open = text.ends_with(':') && !text.ends_with("::");
  const bool begins_open = text.starts_with(':') && !text.starts_with("::");
  if (ends_open || begins_open || groups == 0) {
    return false;
  }
  return shortened ? groups < kIpv6Groups : groups == kIpv6Groups;
}

bool IsMac(std::string_view text) {
  if (text.size() != kMacBytes || (text[2] != ':' && text[2] != '-')) {
    return false;
  }
  for (size_t i = 0; i < text.size(); ++i) {
    if (i % 3 == 2 ? text[i] != text[2] : !IsHexDigit(text[i])) {
      return false;
    }
  }
  return true;
}

}  // namespace printfleet::capture
