#include "store/row_set.h"

#include <gtest/gtest.h>

#include <limits>

namespace printfleet::store {
namespace {

TEST(RowSet, ColumnsBecomeArrayLiterals) {
  RowSet set(3);
  set.Text("a\"b\\c").Int(1).Bool(true);
  set.TextOrNull("").IdOrNull(0).Bool(false);

  EXPECT_EQ(set.rows(), 2U);
  EXPECT_EQ(set.ArrayLiteral(0), R"({"a\"b\\c",NULL})");
  EXPECT_EQ(set.ArrayLiteral(1), R"({"1",NULL})");
  EXPECT_EQ(set.ArrayLiteral(2), R"({"t","f"})");
}

TEST(RowSet, TextNullIsNotNull) {
  RowSet set(1);
  set.Text("NULL").Null();

  EXPECT_EQ(set.ArrayLiteral(0), R"({"NULL",NULL})");
}

TEST(RowSet, NumbersComeBackAsTheyWere) {
  RowSet set(1);
  set.Number(0.1 + 0.2);

  EXPECT_EQ(std::stod(*set.at(0, 0)), 0.1 + 0.2);
}

TEST(RowSet, WhatIsNoNumberIsNull) {
  RowSet set(1);
  set.Number(std::numeric_limits<double>::quiet_NaN());
  set.Number(std::numeric_limits<double>::infinity());
  set.Number(std::nullopt);

  EXPECT_EQ(set.ArrayLiteral(0), "{NULL,NULL,NULL}");
}

TEST(RowSet, BytesAreHexAndMayHoldNul) {
  RowSet set(1);
  set.Bytes(std::string("\x00\xFF", 2));

  EXPECT_EQ(*set.at(0, 0), "\\x00ff");
  EXPECT_FALSE(set.has_nul());
}

TEST(RowSet, CleanBytesAreNullWhereTheTextSaysItAll) {
  RowSet set(1);
  set.BytesUnlessClean("plain").BytesUnlessClean("\xFF");

  EXPECT_EQ(set.ArrayLiteral(0), R"({NULL,"\\xff"})");
}

TEST(RowSet, NulInTextIsRemembered) {
  RowSet set(1);
  set.Text(std::string_view("a\0b", 3));

  EXPECT_TRUE(set.has_nul());
}

TEST(RowSet, ArraysInACellAreLiteralsOfTheirOwn) {
  RowSet set(1);
  set.TextArray({"a", "b,c", ""}).TextArray({});

  EXPECT_EQ(*set.at(0, 0), R"({"a","b,c",""})");
  EXPECT_EQ(*set.at(1, 0), "{}");
}

}  // namespace
}  // namespace printfleet::store
