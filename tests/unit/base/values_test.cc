// Text, time, digests, ids' containers: the small values of base.
#include <gtest/gtest.h>

#include <thread>

#include "base/digest.h"
#include "base/mailbox.h"
#include "base/overlay_map.h"
#include "base/result.h"
#include "base/text.h"
#include "base/time.h"

namespace printfleet {
namespace {

TEST(Text, KnowsCleanUtf8) {
  for (const char* clean : {"", "abc", "盒体", "\xF0\x9F\x98\x80", "\xED\x9F\xBF"}) {
    EXPECT_TRUE(IsCleanUtf8(clean)) << clean;
  }
  for (const std::string& bad :
       {std::string("a\0b", 3), std::string("\xff"), std::string("\xC0\x80"),
        std::string("\xED\xA0\x80"), std::string("\xF4\x90\x80\x80"), std::string("\xE4\xB8")}) {
    EXPECT_FALSE(IsCleanUtf8(bad)) << HexText(bad);
  }
}

TEST(Text, CleaningAlwaysGivesCleanTextWithinItsLimit) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes += static_cast<char>(i);
    bytes += static_cast<char>(255 - i);
  }
  for (const size_t limit : {size_t{0}, size_t{1}, size_t{2}, size_t{100}, size_t{5000}}) {
    const std::string text = CleanText(bytes, limit);
    EXPECT_TRUE(IsCleanUtf8(text));
    EXPECT_LE(text.size(), limit);
  }
  EXPECT_EQ(PrintableText("a\nb\x1b[0m", 100), "a?b?[0m");
}

TEST(Text, Base64GoesBothWays) {
  for (const std::string& bytes : {std::string(), std::string("f"), std::string("fo"),
                                   std::string("foo"), std::string("\0\xff", 2)}) {
    std::string back;
    EXPECT_TRUE(DecodeBase64(Base64Text(bytes), back));
    EXPECT_EQ(back, bytes);
  }
  EXPECT_EQ(Base64Text("fo"), "Zm8=");
  std::string back;
  for (const char* bad : {"Zg", "Zg=a", "Z===", "Zm9?", "===="}) {
    EXPECT_FALSE(DecodeBase64(bad, back)) << bad;
  }
}

TEST(Time, Iso8601GoesBothWays) {
  const WallTime time = FromEpochMs(1705245340137);
  EXPECT_EQ(FormatIso8601(time), "2024-01-14T15:15:40.137Z");
  EXPECT_EQ(ParseIso8601("2024-01-14T15:15:40.137Z"), time);
  EXPECT_EQ(ParseIso8601("2024-01-14T16:15:40.137+01:00"), time);
  EXPECT_EQ(ParseIso8601("2024-02-29T00:00:00Z"), FromEpochMs(1709164800000));
  for (const char* bad : {"", "2024-01-14", "2024-13-14T15:15:40Z", "2023-02-29T00:00:00Z",
                          "2024-01-14T25:00:00Z", "2024-01-14T15:15:40", "2024-01-14T15:15:40.Z",
                          "2024-01-14T15:15:40+1:00", "x024-01-14T15:15:40Z"}) {
    EXPECT_EQ(ParseIso8601(bad), std::nullopt) << bad;
  }
}

TEST(Digest, TellsTopicAndPayloadApart) {
  EXPECT_EQ(MessageDigest("a", "b"), MessageDigest("a", "b"));
  EXPECT_NE(MessageDigest("a", "bc"), MessageDigest("ab", "c"));
  const Digest digest = MessageDigest("a", "b");
  EXPECT_EQ(DigestFromHex(DigestHex(digest)), digest);
  EXPECT_EQ(DigestFromHex("12"), std::nullopt);
  EXPECT_EQ(DigestFromHex(std::string(32, 'g')), std::nullopt);
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, Secrets) {
  // RFC 4231, test case 2.
  EXPECT_EQ(HmacSha256Hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_TRUE(SameSecret("abc", "abc"));
  EXPECT_FALSE(SameSecret("abc", "abd"));
  EXPECT_FALSE(SameSecret("abc", "abcd"));
  const std::string secret = RandomSecret();
  EXPECT_EQ(secret.size(), 32U);
  EXPECT_EQ(secret.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(secret, RandomSecret());
}

TEST(OverlayMap, ShowsTheBatchAndForgetsItOnDrop) {
  OverlayMap<std::string, int> map;
  map.Put("a", 1);
  map.Put("b", 2);
  map.Merge();
  map.Mutable("a") = 10;
  map.Erase("b");
  map.Put("c", 3);
  EXPECT_EQ(*map.Find("a"), 10);
  EXPECT_EQ(*map.FindCommitted("a"), 1);
  EXPECT_EQ(map.Find("b"), nullptr);
  EXPECT_EQ(map.size(), 2U);
  int sum = 0;
  map.ForEach([&sum](const std::string&, int value) { sum += value; });
  EXPECT_EQ(sum, 13);
  map.Drop();
  EXPECT_EQ(*map.Find("a"), 1);
  EXPECT_EQ(*map.Find("b"), 2);
  EXPECT_EQ(map.Find("c"), nullptr);
}

TEST(OverlayMap, MergeMakesTheBatchTheCommittedContent) {
  OverlayMap<std::string, int> map;
  map.Put("a", 1);
  map.Merge();
  map.Erase("a");
  map.Put("b", 2);
  map.Merge();
  EXPECT_EQ(map.FindCommitted("a"), nullptr);
  EXPECT_EQ(*map.FindCommitted("b"), 2);
  EXPECT_TRUE(map.changes().empty());
}

TEST(Mailbox, IsBoundedAndKeepsOrder) {
  Mailbox<int> mailbox(2);
  EXPECT_TRUE(mailbox.Post(1));
  EXPECT_TRUE(mailbox.Post(2));
  EXPECT_FALSE(mailbox.Post(3));
  EXPECT_EQ(mailbox.TakeAll(), (std::vector<int>{1, 2}));
  mailbox.Close();
  EXPECT_FALSE(mailbox.Post(4));
  EXPECT_EQ(mailbox.Wait(), std::nullopt);
}

TEST(Mailbox, HandsEverythingToTheOtherThread) {
  Mailbox<int> mailbox(10000);
  int64_t sum = 0;
  std::thread taker([&] {
    while (const auto value = mailbox.Wait()) {
      sum += *value;
    }
  });
  for (int i = 1; i <= 10000; ++i) {
    ASSERT_TRUE(mailbox.Post(int{i}));
  }
  mailbox.Close();
  taker.join();
  EXPECT_EQ(sum, 50005000);
}

TEST(Result, CarriesAValueOrAnError) {
  const Result<int> good = 3;
  const Result<int> bad = Error{Errc::kNotFound, "x"};
  EXPECT_TRUE(good.ok());
  EXPECT_EQ(*good, 3);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().Within("reading").message, "reading: x");
  EXPECT_EQ(Name(bad.error().code), "not_found");
}

TEST(ResultDeathTest, ValueOfAnErrorAborts) {
  const Result<int> bad = Error{Errc::kNotFound, "x"};
  EXPECT_DEATH((void)bad.value(), "");
}

}  // namespace
}  // namespace printfleet
