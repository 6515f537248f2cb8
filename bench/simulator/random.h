// A small seeded generator: the same seed gives the same farm, the same faults and the same ids on
// every machine, which the distributions of <random> do not promise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace printfleet::simulator {

// SplitMix64's finalizer: spreads any 64 bits evenly.
inline std::uint64_t Mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31U);
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(Mix(seed)) {}

  std::uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    return Mix(state_);
  }

  // Uniform in [0, 1).
  double Unit() { return static_cast<double>(Next() >> 11U) * 0x1.0p-53; }

  // True with this probability; draws nothing when it is 0, so that an unused fault changes no
  // other.
  bool Chance(double probability) { return probability > 0 && Unit() < probability; }

  // Uniform in [low, high]. Requires: low <= high.
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    const auto span = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<std::int64_t>(span == 0 ? Next() : Next() % span);
  }

  // `length` lower-case hexadecimal digits.
  std::string Hex(std::size_t length) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text(length, '0');
    for (char& digit : text) {
      digit = kDigits[Next() & 15U];
    }
    return text;
  }

  // A version 4 UUID in its usual text form.
  std::string Uuid() {
    std::string text = Hex(36);
    text[8] = text[13] = text[18] = text[23] = '-';
    text[14] = '4';
    text[19] = "89ab"[Next() & 3U];
    return text;
  }

 private:
  std::uint64_t state_;
};

}  // namespace printfleet::simulator
