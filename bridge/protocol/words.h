// A table of the printers' words, and how to look one up.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace printfleet::protocol {

template <typename T>
struct Word {
  std::string_view text;
  T meaning;
};

// The meaning of `text`; nullopt when the table has no such word.
template <typename T, size_t kSize>
std::optional<T> MeaningOf(const std::array<Word<T>, kSize>& words, std::string_view text) {
  for (const Word<T>& word : words) {
    if (word.text == text) {
      return word.meaning;
    }
  }
  return std::nullopt;
}

}  // namespace printfleet::protocol
