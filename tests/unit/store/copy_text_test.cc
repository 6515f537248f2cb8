#include "store/copy_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace printfleet::store {
namespace {

TEST(CopyText, CellsAndRowsAreApart) {
  CopyText text;
  text.Int(1).Text("a").Null().EndRow();
  text.TextOrNull("").Int(std::nullopt).TextOrNull("b").EndRow();
  EXPECT_EQ(text.Lines(), "1\ta\t\\N\n\\N\t\\N\tb");
}

TEST(CopyText, WhatCopyWouldReadOtherwiseIsEscaped) {
  CopyText text;
  text.Text("a\tb\nc\\d\re\b\f\v").EndRow();
  EXPECT_EQ(text.Lines(), "a\\tb\\nc\\\\d\\re\\b\\f\\v");
}

TEST(CopyText, TextThatLooksLikeNullIsNone) {
  CopyText text;
  text.Text("\\N").Text("\\.").Text("").EndRow();
  EXPECT_EQ(text.Lines(), "\\\\N\t\\\\.\t");
}

TEST(CopyText, TimesNumbersAndBytes) {
  CopyText text;
  text.Time(FromEpochMs(1767225600123)).Number(0.5).Bytes(std::string("\x00\xFF", 2)).EndRow();
  text.Time(std::nullopt).Number(std::numeric_limits<double>::quiet_NaN()).Int(-7).EndRow();
  EXPECT_EQ(text.Lines(), "2026-01-01T00:00:00.123Z\t0.5\t\\\\x00ff\n\\N\t\\N\t-7");
  EXPECT_FALSE(text.has_nul());
}

TEST(CopyText, NulInTextIsRemembered) {
  CopyText text;
  text.Text(std::string("a\0b", 3)).EndRow();
  EXPECT_TRUE(text.has_nul());
}

}  // namespace
}  // namespace printfleet::store
