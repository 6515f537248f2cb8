#include "store/row_set.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "base/text.h"

namespace printfleet::store {

RowSet& RowSet::Add(std::string text) {
  has_nul_ = has_nul_ || text.find('\0') != std::string::npos;
  cells_.emplace_back(std::move(text));
  return *this;
}

RowSet& RowSet::Null() {
  cells_.emplace_back(std::nullopt);
  return *this;
}

RowSet& RowSet::Text(std::string_view text) {
  return Add(std::string(text));
}

RowSet& RowSet::MaybeText(const std::optional<std::string>& text) {
  return text ? Text(*text) : Null();
}

RowSet& RowSet::TextOrNull(std::string_view text) {
  return text.empty() ? Null() : Text(text);
}

RowSet& RowSet::Int(int64_t number) {
  return Add(std::to_string(number));
}

RowSet& RowSet::Int(const std::optional<int64_t>& number) {
  return number ? Int(*number) : Null();
}

RowSet& RowSet::IdOrNull(int64_t id) {
  return id == 0 ? Null() : Int(id);
}

RowSet& RowSet::Number(const std::optional<double>& number) {
  if (!number || !std::isfinite(*number)) {
    return Null();
  }
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), *number);
  return Add(std::string(text.data(), end.ptr));
}

RowSet& RowSet::Bool(bool value) {
  return Add(value ? "t" : "f");
}

RowSet& RowSet::Time(WallTime time) {
  return Add(FormatIso8601(time));
}

RowSet& RowSet::Time(const std::optional<WallTime>& time) {
  return time ? Time(*time) : Null();
}

RowSet& RowSet::Bytes(std::string_view bytes) {
  return Add(ByteaText(bytes));
}

RowSet& RowSet::BytesUnlessClean(std::string_view bytes) {
  return IsCleanUtf8(bytes) ? Null() : Bytes(bytes);
}

RowSet& RowSet::TextArray(const std::vector<std::string>& values) {
  std::string literal = "{";
  for (const std::string& value : values) {
    literal += literal.size() > 1 ? "," : "";
    AppendArrayElement(value, literal);
  }
  return Add(literal + "}");
}

std::string RowSet::ArrayLiteral(size_t column) const {
  CHECK(column < columns_ && cells_.size() % columns_ == 0);
  std::string literal = "{";
  for (size_t at = column; at < cells_.size(); at += columns_) {
    literal += at == column ? "" : ",";
    AppendArrayElement(cells_[at], literal);
  }
  literal += "}";
  return literal;
}

std::string ByteaText(std::string_view bytes) {
  return "\\x" + HexText(bytes);
}

void AppendArrayElement(const Cell& cell, std::string& literal) {
  if (!cell) {
    literal += "NULL";
    return;
  }
  literal += '"';
  for (const char c : *cell) {
    if (c == '"' || c == '\\') {
      literal += '\\';
    }
    literal += c;
  }
  literal += '"';
}

}  // namespace printfleet::store
