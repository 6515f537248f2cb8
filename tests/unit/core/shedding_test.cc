// What is given up at which free space, and when it ends.
#include "core/shedding.h"

#include <gtest/gtest.h>

namespace printfleet::core {
namespace {

settings::Settings Limits() {
  settings::Settings settings;
  settings.library.free_bytes_min = 1000;
  settings.store.disk = {.telemetry_free_bytes_min = 800,
                         .payloads_free_bytes_min = 600,
                         .history_free_bytes_min = 400,
                         .history_days_min = 7,
                         .commits_free_bytes_min = 200,
                         .reserve_bytes = 0};
  return settings;
}

using enum ShedStep;
using Steps = std::vector<ShedStep>;

TEST(Shedding, OneAfterTheOther) {
  Shedding shedding(Limits());
  EXPECT_EQ(shedding.Update(1000), Steps{});
  EXPECT_EQ(shedding.Update(999), Steps{kUploads});
  EXPECT_EQ(shedding.Update(799), Steps{kTelemetry});
  EXPECT_EQ(shedding.Update(798), Steps{});
  EXPECT_EQ(shedding.Update(500), Steps{kPayloads});
  EXPECT_EQ(shedding.Update(399), Steps{kHistory});
  EXPECT_EQ(shedding.Update(0), Steps{kCommits});
  for (const ShedStep step : kShedSteps) {
    EXPECT_TRUE(shedding.On(step)) << Name(step);
  }
}

TEST(Shedding, EndsWhenAQuarterMoreIsFree) {
  Shedding shedding(Limits());
  EXPECT_EQ(shedding.Update(100), (Steps{kUploads, kTelemetry, kPayloads, kHistory, kCommits}));
  EXPECT_EQ(shedding.Update(249), Steps{});
  EXPECT_EQ(shedding.Update(250), Steps{kCommits});
  EXPECT_EQ(shedding.Update(500), Steps{kHistory});
  EXPECT_EQ(shedding.Update(1249), (Steps{kTelemetry, kPayloads}));
  EXPECT_TRUE(shedding.On(kUploads));
  EXPECT_EQ(shedding.Update(1250), Steps{kUploads});
}

TEST(Shedding, ZeroIsNever) {
  settings::Settings settings = Limits();
  settings.store.disk.history_free_bytes_min = 0;
  Shedding shedding(settings);
  EXPECT_EQ(shedding.Update(0), (Steps{kUploads, kTelemetry, kPayloads, kCommits}));
}

TEST(Shedding, AnExternalDatabaseIsNotOnThisDisk) {
  settings::Settings settings = Limits();
  settings.database.mode = settings::Mode::kExternal;
  Shedding shedding(settings);
  EXPECT_EQ(shedding.Update(0), Steps{kUploads});
}

}  // namespace
}  // namespace printfleet::core
