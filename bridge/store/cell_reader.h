// CellReader: the cells of one row, left to right, as typed values. Pure.
//
// What cannot be read is remembered: check ok() at the end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "store/session.h"

namespace printfleet::store {

class CellReader {
 public:
  explicit CellReader(const SqlRow& row) : row_(row) {}

  // Each reads the next cell. NULL is "", 0, false or nullopt.
  std::string Text();
  std::optional<std::string> MaybeText();
  int64_t Int();
  std::optional<int64_t> MaybeInt();
  std::optional<double> MaybeNumber();
  bool Bool();
  // Milliseconds since the epoch.
  WallTime Time();
  std::optional<WallTime> MaybeTime();
  // Hex.
  std::string Bytes();

  // A word of a closed list. Not readable when `parse` does not know it.
  template <typename Parse>
  auto Word(Parse&& parse) -> typename decltype(parse(std::string_view()))::value_type {
    const auto word = parse(std::string_view(Text()));
    failed_ = failed_ || !word;
    return word.value_or(typename decltype(parse(std::string_view()))::value_type{});
  }

  // nullopt for NULL.
  template <typename Parse>
  auto MaybeWord(Parse&& parse) -> decltype(parse(std::string_view())) {
    const std::optional<std::string> text = MaybeText();
    if (!text) {
      return std::nullopt;
    }
    auto word = parse(std::string_view(*text));
    failed_ = failed_ || !word;
    return word;
  }

  void Fail() { failed_ = true; }

  [[nodiscard]] bool ok() const { return !failed_; }

 private:
  const Cell& Next();

  const SqlRow& row_;
  size_t next_ = 0;
  bool failed_ = false;
};

// The bytes of a hex text; nullopt when it is none.
std::optional<std::string> BytesOfHex(std::string_view hex);

}  // namespace printfleet::store
