#include "store/service.h"

#include <gtest/gtest.h>

#include "store/write.h"

namespace printfleet::store {
namespace {

constexpr milliseconds kHorizon{180000};

MonoTime At(int64_t second) {
  return MonoTime(seconds(second));
}

TEST(BatchAges, NothingIsOldInTheBeginning) {
  BatchAges ages;
  ages.Add(1, At(0));
  ages.Add(2, At(10));

  EXPECT_EQ(ages.TakePrunable(At(100), kHorizon), std::nullopt);
}

TEST(BatchAges, OnlyWhatIsOlderThanTheHorizonGoes) {
  BatchAges ages;
  ages.Add(1, At(0));
  ages.Add(2, At(10));
  ages.Add(3, At(20));

  EXPECT_EQ(ages.TakePrunable(At(191), kHorizon), 2);
  EXPECT_EQ(ages.TakePrunable(At(192), kHorizon), std::nullopt);
  EXPECT_EQ(ages.TakePrunable(At(201), kHorizon), 3);
}

TEST(BatchAges, TheNewestMarkStaysHoweverLongNothingComes) {
  BatchAges ages;
  ages.Add(1, At(0));

  EXPECT_EQ(ages.TakePrunable(At(100000), kHorizon), std::nullopt);
}

TEST(Digests, PackAndUnpack) {
  const std::vector<Digest> digests = {MessageDigest("t", "a"), MessageDigest("t", "b")};
  std::vector<Digest> unpacked;

  UnpackDigests(PackDigests(digests) + "rest", unpacked);

  EXPECT_EQ(unpacked, digests);
}

TEST(Partitions, NamesAndDaysAreUtc) {
  const WallTime midnight = *ParseIso8601("2026-01-01T00:00:00Z");

  EXPECT_EQ(PartitionName("report_log", DayOf(midnight)), "report_log_20260101");
  EXPECT_EQ(DateText(DayOf(midnight - milliseconds(1))), "2025-12-31");
}

}  // namespace
}  // namespace printfleet::store
