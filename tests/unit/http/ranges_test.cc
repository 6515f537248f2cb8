#include "http/ranges.h"

#include <gtest/gtest.h>

#include "http/pacer.h"

namespace printfleet::http {
namespace {

using namespace std::chrono_literals;

constexpr int64_t kSize = 1000;

void ExpectPart(std::string_view header, int64_t begin, int64_t end) {
  const AskedRange asked = ParseRange(header, kSize);
  EXPECT_EQ(asked.kind, RangeKind::kPart) << header;
  EXPECT_EQ(asked.range, (ByteRange{begin, end})) << header;
}

TEST(ParseRange, Parts) {
  ExpectPart("bytes=0-0", 0, 1);
  ExpectPart("bytes=0-999", 0, 1000);
  ExpectPart("bytes=500-", 500, 1000);
  ExpectPart("bytes=500-5000", 500, 1000);
  ExpectPart("bytes=-1", 999, 1000);
  ExpectPart("bytes=-5000", 0, 1000);
}

TEST(ParseRange, WhatIsNotKnownIsTheWhole) {
  for (const char* header :
       {"", "bytes=", "bytes=-", "bytes=5", "bytes=9-5", "bytes=a-b", "bytes=0-1,5-6", "lines=1-2",
        "bytes= 1-2", "bytes=--5", "bytes=99999999999999999999-"}) {
    const AskedRange asked = ParseRange(header, kSize);
    EXPECT_EQ(asked.kind, RangeKind::kWhole) << header;
    EXPECT_EQ(asked.range, (ByteRange{0, kSize})) << header;
  }
}

TEST(ParseRange, BehindTheEndIsUnsatisfiable) {
  for (const char* header : {"bytes=1000-", "bytes=2000-3000", "bytes=-0"}) {
    EXPECT_EQ(ParseRange(header, kSize).kind, RangeKind::kUnsatisfiable) << header;
  }
  EXPECT_EQ(ParseRange("bytes=-5", 0).kind, RangeKind::kUnsatisfiable);
}

TEST(SentRanges, CoversWhenNoByteIsMissing) {
  SentRanges sent;
  sent.Add({500, 1000});
  EXPECT_FALSE(sent.Covers(kSize));
  sent.Add({0, 499});
  EXPECT_FALSE(sent.Covers(kSize));
  sent.Add({200, 300});
  EXPECT_FALSE(sent.Covers(kSize));
  sent.Add({499, 500});
  EXPECT_TRUE(sent.Covers(kSize));
}

TEST(SentRanges, NeverClaimsMoreThanWasSent) {
  SentRanges sent;
  for (int64_t i = 0; i < 500; ++i) {
    sent.Add({i * 2, i * 2 + 1});
  }
  EXPECT_FALSE(sent.Covers(kSize));
  sent.Add({0, kSize});
  EXPECT_TRUE(sent.Covers(kSize));
}

TEST(Pacer, KeepsToItsRate) {
  Pacer pacer(1000);
  const SteadyTime start{1h};
  EXPECT_EQ(pacer.Reserve(500, start), start);
  EXPECT_EQ(pacer.Reserve(500, start), start + 500ms);
  EXPECT_EQ(pacer.Reserve(100, start + 100ms), start + 1s);
  EXPECT_EQ(pacer.Reserve(100, start + 1h), start + 1h);  // nothing was saved up
  EXPECT_EQ(pacer.Reserve(100, start + 1h), start + 1h + 100ms);
}

TEST(Pacer, WithoutRateNobodyWaits) {
  Pacer pacer(0);
  const SteadyTime start{1h};
  EXPECT_EQ(pacer.Reserve(1 << 30, start), start);
  EXPECT_EQ(pacer.Reserve(1, start), start);
}

TEST(Brake, AStopEndsEveryWait) {
  Brake brake(1);
  Pacer own(0);
  EXPECT_TRUE(brake.Wait(own, 3600));
  brake.Stop();
  EXPECT_FALSE(brake.Wait(own, 1));  // it would have been an hour
}

}  // namespace
}  // namespace printfleet::http
