// RowSet: rows on their way into a statement, as the text PostgreSQL reads. Pure.
//
// Filled cell by cell, row by row; then given to Session::Copy, or column by column to a statement
// that unnests arrays. Core has sanitized what comes here; what still cannot be text (a NUL) is
// remembered and refused as a whole, never cut short.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace printfleet::store {

// A cell, a parameter: nullopt is NULL.
using Cell = std::optional<std::string>;

class RowSet {
 public:
  // Requires: columns > 0.
  explicit RowSet(size_t columns) : columns_(columns) {}

  // Each adds the next cell. An empty optional is NULL.
  RowSet& Null();
  RowSet& Text(std::string_view text);
  RowSet& MaybeText(const std::optional<std::string>& text);
  // NULL for "": what was never said.
  RowSet& TextOrNull(std::string_view text);
  RowSet& Int(int64_t number);
  RowSet& Int(const std::optional<int64_t>& number);
  // NULL for 0, "none" of the ids.
  RowSet& IdOrNull(int64_t id);
  // NULL when not finite.
  RowSet& Number(const std::optional<double>& number);
  RowSet& Bool(bool value);
  RowSet& Time(WallTime time);
  RowSet& Time(const std::optional<WallTime>& time);
  RowSet& Bytes(std::string_view bytes);
  // The bytes, but NULL when they are clean text.
  RowSet& BytesUnlessClean(std::string_view bytes);
  // A text[] as the text of an array.
  RowSet& TextArray(const std::vector<std::string>& values);

  [[nodiscard]] size_t columns() const { return columns_; }

  [[nodiscard]] size_t rows() const { return cells_.size() / columns_; }

  [[nodiscard]] bool empty() const { return cells_.empty(); }

  // Requires: row < rows(), column < columns().
  [[nodiscard]] const Cell& at(size_t row, size_t column) const {
    return cells_[row * columns_ + column];
  }

  // A text had a NUL in it: no statement may take these rows.
  [[nodiscard]] bool has_nul() const { return has_nul_; }

  // One column as an array literal. Requires: the last row is complete.
  [[nodiscard]] std::string ArrayLiteral(size_t column) const;

 private:
  RowSet& Add(std::string text);

  size_t columns_;
  std::vector<Cell> cells_;
  bool has_nul_ = false;
};

// "\x0a0b…": bytea as text.
std::string ByteaText(std::string_view bytes);

// Appends `cell` as an element of an array literal, quoted; NULL bare.
void AppendArrayElement(const Cell& cell, std::string& literal);

}  // namespace printfleet::store
