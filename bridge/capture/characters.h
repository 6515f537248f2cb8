// ASCII's classes of characters, whatever the locale.
#pragma once

#include <string>
#include <string_view>

namespace printfleet::capture {

inline bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

inline bool IsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}

inline bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}

inline bool IsLetter(char c) {
  return IsUpper(c) || IsLower(c);
}

inline bool IsHexDigit(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

inline char LowerOf(char c) {
  return IsUpper(c) ? static_cast<char>(c | 0x20) : c;
}

inline std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    c = LowerOf(c);
  }
  return lower;
}

}  // namespace printfleet::capture
