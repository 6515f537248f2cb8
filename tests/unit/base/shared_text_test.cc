#include <gtest/gtest.h>

#include <string>

#include "base/overlay_map.h"
#include "base/shared_bytes.h"
#include "base/small_text.h"
#include "base/text.h"

namespace printfleet {

struct Pieces {
  std::string text;
};

template <>
inline constexpr bool kOverlayReuses<Pieces> = true;

namespace {

TEST(SharedBytes, ACopyIsTheSameBytes) {
  const SharedBytes bytes("payload");
  const SharedBytes copy = bytes;
  EXPECT_EQ(copy.data(), bytes.data());
  EXPECT_EQ(copy, "payload");
  EXPECT_TRUE(SharedBytes().empty());
  EXPECT_EQ(SharedBytes(""), SharedBytes());
}

TEST(SharedBytes, APartKeepsItsBlock) {
  auto block = std::make_shared<char[]>(8);
  std::memcpy(block.get(), "abcdefgh", 8);
  const SharedBytes part(block, std::string_view(block.get() + 2, 3));
  const std::weak_ptr<char[]> watched = block;
  block.reset();
  EXPECT_FALSE(watched.expired());
  EXPECT_EQ(part, "cde");
}

TEST(SmallText, KeepsShortAndLongOnes) {
  for (const size_t size : {0U, 1U, 40U, 41U, 200U}) {
    const std::string text(size, 'x');
    const SmallText small(text);
    const SmallText copy = small;
    EXPECT_EQ(copy, text);
    EXPECT_EQ(copy.size(), size);
    EXPECT_EQ(copy.empty(), size == 0);
  }
}

TEST(OverlayMap, ValuesThatLendTheirMemoryAreStillTheirOwn) {
  OverlayMap<std::string, Pieces> map;
  const std::string long_text(100, 'l');
  map.Put("a", {long_text});
  map.Put("b", {"b"});
  map.Merge();
  for (int turn = 0; turn < 3; ++turn) {
    map.Mutable("a").text += "a";
    EXPECT_EQ(map.Mutable("b").text, "b" + std::string(static_cast<size_t>(turn), 'b'));
    map.Mutable("b").text += "b";
    EXPECT_EQ(map.FindCommitted("a")->text.size(), 100U + static_cast<size_t>(turn));
    map.Merge();
  }
  map.Mutable("b").text = "lost";
  map.Drop();
  map.Erase("a");
  map.Merge();
  EXPECT_EQ(map.Find("a"), nullptr);
  EXPECT_EQ(map.Find("b")->text, "bbbb");
  int changed = 0;
  map.Mutable("b");
  map.ForEachChanged([&changed](const std::string& key, Pieces& value) {
    EXPECT_EQ(key, "b");
    EXPECT_EQ(value.text, "bbbb");
    ++changed;
  });
  EXPECT_EQ(changed, 1);
}

TEST(Text, EveryByteOfAWordIsLookedAt) {
  for (size_t size = 0; size <= 24; ++size) {
    const std::string plain(size, 'p');
    EXPECT_TRUE(IsCleanUtf8(plain));
    for (size_t at = 0; at < size; ++at) {
      std::string text = plain;
      text[at] = '\0';
      EXPECT_FALSE(IsCleanUtf8(text)) << at;
      text[at] = '\xFF';
      EXPECT_FALSE(IsCleanUtf8(text)) << at;
      text[at] = '\x7F';
      EXPECT_TRUE(IsCleanUtf8(text)) << at;
      text.replace(at, 1, "\xC3\xA4");
      EXPECT_TRUE(IsCleanUtf8(text)) << at;
    }
  }
}

}  // namespace
}  // namespace printfleet
