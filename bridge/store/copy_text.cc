#include "store/copy_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/text.h"
#include "base/time_text.h"

namespace printfleet::store {
namespace {

// What stands behind the backslash instead of `c`; 0 where `c` stands for itself. Source:
// https://www.postgresql.org/docs/15/sql-copy.html, text format.
constexpr std::array<char, 256> MakeEscapes() {
  std::array<char, 256> escapes{};
  escapes['\\'] = '\\';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes['\v'] = 'v';
  return escapes;
}

constexpr std::array<char, 256> kEscapes = MakeEscapes();

}  // namespace

void CopyText::BeginCell() {
  if (row_begun_) {
    text_ += '\t';
  }
  row_begun_ = true;
}

void CopyText::EndRow() {
  text_ += '\n';
  row_begun_ = false;
}

CopyText& CopyText::Null() {
  BeginCell();
  text_ += "\\N";
  return *this;
}

// Whatever needs no escape goes in one piece.
CopyText& CopyText::Text(std::string_view text) {
  BeginCell();
  has_nul_ = has_nul_ || (!text.empty() && std::memchr(text.data(), 0, text.size()) != nullptr);
  size_t plain = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char escape = kEscapes[static_cast<unsigned char>(text[at])];
    if (escape != 0) {
      text_.append(text.data() + plain, at - plain);
      text_ += '\\';
      text_ += escape;
      plain = at + 1;
    }
  }
  text_.append(text.data() + plain, text.size() - plain);
  return *this;
}

CopyText& CopyText::TextOrNull(std::string_view text) {
  return text.empty() ? Null() : Text(text);
}

CopyText& CopyText::Int(int64_t number) {
  BeginCell();
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  text_.append(digits.data(), end.ptr);
  return *this;
}

CopyText& CopyText::Int(const std::optional<int64_t>& number) {
  return number ? Int(*number) : Null();
}

CopyText& CopyText::Number(const std::optional<double>& number) {
  if (!number || !std::isfinite(*number)) {
    return Null();
  }
  BeginCell();
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *number);
  text_.append(digits.data(), end.ptr);
  return *this;
}

CopyText& CopyText::Time(WallTime time) {
  BeginCell();
  std::array<char, kIso8601Bytes> text{};
  text_.append(FormatIso8601(time, text));
  return *this;
}

CopyText& CopyText::Time(const std::optional<WallTime>& time) {
  return time ? Time(*time) : Null();
}

CopyText& CopyText::Bytes(std::string_view bytes) {
  BeginCell();
  text_ += "\\\\x";
  text_ += HexText(bytes);
  return *this;
}

}  // namespace printfleet::store
