// A table of the printers' words, and how to look one up.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace printfleet::protocol {

template <typename T>
struct Word {
  std::string_view text;
  T meaning;
};

// The meaning of `text`, or `otherwise` when the table has no such word.
template <typename T, size_t kSize>
T MeaningOf(const std::array<Word<T>, kSize>& words, std::string_view text, T otherwise) {
  for (const Word<T>& word : words) {
    if (word.text == text) {
      return word.meaning;
    }
  }
  return otherwise;
}

}  // namespace printfleet::protocol
