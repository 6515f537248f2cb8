#include "store/cell_reader.h"

#include <charconv>

namespace printfleet::store {
namespace {

template <typename Number>
std::optional<Number> ParseNumber(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

const Cell& CellReader::Next() {
  static const Cell kNull;
  if (next_ >= row_.size()) {
    failed_ = true;
    return kNull;
  }
  return row_[next_++];
}

std::string CellReader::Text() {
  return Next().value_or("");
}

std::optional<std::string> CellReader::MaybeText() {
  return Next();
}

int64_t CellReader::Int() {
  return MaybeInt().value_or(0);
}

std::optional<int64_t> CellReader::MaybeInt() {
  const Cell& cell = Next();
  if (!cell) {
    return std::nullopt;
  }
  const auto number = ParseNumber<int64_t>(*cell);
  failed_ = failed_ || !number;
  return number;
}

std::optional<double> CellReader::MaybeNumber() {
  const Cell& cell = Next();
  if (!cell) {
    return std::nullopt;
  }
  const auto number = ParseNumber<double>(*cell);
  failed_ = failed_ || !number;
  return number;
}

bool CellReader::Bool() {
  return Next() == "t";
}

WallTime CellReader::Time() {
  return FromEpochMs(Int());
}

std::optional<WallTime> CellReader::MaybeTime() {
  const std::optional<int64_t> ms = MaybeInt();
  return ms ? std::optional(FromEpochMs(*ms)) : std::nullopt;
}

std::string CellReader::Bytes() {
  const std::optional<std::string> bytes = BytesOfHex(Text());
  failed_ = failed_ || !bytes;
  return bytes.value_or("");
}

std::optional<std::string> BytesOfHex(std::string_view hex) {
  if (hex.size() % 2 != 0) {
    return std::nullopt;
  }
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (size_t at = 0; at < hex.size(); at += 2) {
    const int high = HexDigit(hex[at]);
    const int low = HexDigit(hex[at + 1]);
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

}  // namespace printfleet::store
