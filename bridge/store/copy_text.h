// CopyText: rows as the text that COPY reads, written into one buffer, cell behind cell. Pure. Core
// has sanitized what comes here; what still cannot be text (a NUL) is remembered, and the whole
// refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace printfleet::store {

class CopyText {
 public:
  // Each adds the next cell of the row. An empty optional is NULL.
  CopyText& Null();
  CopyText& Text(std::string_view text);
  // NULL for "": what was never said.
  CopyText& TextOrNull(std::string_view text);
  CopyText& Int(int64_t number);
  CopyText& Int(const std::optional<int64_t>& number);
  // NULL when not finite.
  CopyText& Number(const std::optional<double>& number);
  CopyText& Time(WallTime time);
  CopyText& Time(const std::optional<WallTime>& time);
  CopyText& Bytes(std::string_view bytes);

  // The row is complete.
  void EndRow();

  [[nodiscard]] bool empty() const { return text_.empty(); }

  // Enough for one piece of a COPY.
  [[nodiscard]] bool full() const { return text_.size() >= kPieceBytes; }

  [[nodiscard]] bool has_nul() const { return has_nul_; }

  // Whole rows, a line each, the last one without its end. Valid until the next change. Requires:
  // not empty, the last row is complete.
  [[nodiscard]] const std::string& Lines() {
    text_.pop_back();
    return text_;
  }

  void Clear() { text_.clear(); }

 private:
  static constexpr size_t kPieceBytes = size_t{64} * 1024;

  void BeginCell();

  std::string text_;
  bool row_begun_ = false;
  bool has_nul_ = false;
};

}  // namespace printfleet::store
