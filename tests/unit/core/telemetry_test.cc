// Which readings become a row of telemetry, and which reports are kept with their bytes.
#include "core/telemetry.h"

#include <gtest/gtest.h>

#include <functional>

namespace printfleet::core {
namespace {

constexpr milliseconds kSecond{1000};

// Bands of 0.5 degrees and 2 %, a second, a minute: the defaults.
class Telemetry : public ::testing::Test {
 protected:
  static TelemetrySample Printing() {
    TelemetrySample sample;
    sample.readings.nozzle_temp_c = 210;
    sample.readings.nozzle_target_c = 210;
    sample.readings.bed_temp_c = 60;
    sample.readings.bed_target_c = 60;
    sample.readings.fan_ratio = 0.5;
    sample.readings.speed_mode = protocol::SpeedMode::kStandard;
    sample.readings.z_offset_mm = 0.05;
    sample.progress_ratio = 0.4;
    return sample;
  }

  // Is Printing(), changed, due so long after Printing()?
  bool Due(const std::function<void(TelemetrySample&)>& change, milliseconds since,
           bool state_changed = false) const {
    TelemetrySample sample = Printing();
    change(sample);
    return TelemetryDue(sample, Printing(), state_changed, since, settings_);
  }

  settings::Settings settings_;
};

TEST_F(Telemetry, TheFirstIsStoredAndNothingIsNot) {
  EXPECT_TRUE(TelemetryDue(Printing(), {}, false, std::nullopt, settings_));
  EXPECT_FALSE(TelemetryDue({}, {}, true, std::nullopt, settings_));
}

TEST_F(Telemetry, WithinTheBandOnlyTheLongestIntervalCounts) {
  const auto wobble = [](TelemetrySample& sample) {
    sample.readings.nozzle_temp_c = 210.5;
    sample.readings.bed_temp_c = 59.5;
    sample.readings.fan_ratio = 0.52;
    sample.progress_ratio = 0.42;
  };
  EXPECT_FALSE(Due(wobble, 59 * kSecond));
  EXPECT_TRUE(Due(wobble, 60 * kSecond));
}

TEST_F(Telemetry, BeyondTheBandAtMostOnceInAStateInterval) {
  const std::function<void(TelemetrySample&)> moves[] = {
      [](TelemetrySample& sample) { sample.readings.nozzle_temp_c = 209.4; },
      [](TelemetrySample& sample) { sample.readings.bed_temp_c = 60.6; },
      [](TelemetrySample& sample) { sample.readings.fan_ratio = 0.53; },
      [](TelemetrySample& sample) { sample.progress_ratio = 0.43; },
      [](TelemetrySample& sample) { sample.progress_ratio.reset(); },
  };
  for (const auto& move : moves) {
    EXPECT_TRUE(Due(move, kSecond));
    EXPECT_FALSE(Due(move, kSecond - milliseconds(1)));
  }
}

TEST_F(Telemetry, TargetsAndStatesAtOnce) {
  const std::function<void(TelemetrySample&)> settings[] = {
      [](TelemetrySample& sample) { sample.readings.nozzle_target_c = 210.1; },
      [](TelemetrySample& sample) { sample.readings.bed_target_c = 0; },
      [](TelemetrySample& sample) { sample.readings.speed_mode = protocol::SpeedMode::kSport; },
      [](TelemetrySample& sample) { sample.readings.z_offset_mm = 0.06; },
      [](TelemetrySample& sample) { sample.readings.fan_ratio.reset(); },
  };
  for (const auto& set : settings) {
    EXPECT_TRUE(Due(set, milliseconds(0)));
  }
  EXPECT_TRUE(Due([](TelemetrySample&) {}, milliseconds(0), true));
}

TEST_F(Telemetry, ABandOfZeroStoresEveryChange) {
  settings_.store.telemetry_dead_band_c = 0;
  EXPECT_TRUE(
      Due([](TelemetrySample& sample) { sample.readings.nozzle_temp_c = 210.001; }, kSecond));
  EXPECT_FALSE(Due([](TelemetrySample&) {}, kSecond));
}

TEST_F(Telemetry, ASlowDriftIsFollowed) {
  TelemetrySample stored = Printing();
  TelemetrySample sample = stored;
  int rows = 0;
  for (int second = 1; second <= 100; ++second) {  // 10 degrees, a tenth each second
    sample.readings.nozzle_temp_c = 210 - 0.1 * second;
    if (TelemetryDue(sample, stored, false, kSecond, settings_)) {
      EXPECT_NEAR(*stored.readings.nozzle_temp_c - *sample.readings.nozzle_temp_c, 0.6, 1e-6);
      stored = sample;
      ++rows;
    }
  }
  EXPECT_EQ(rows, 16);
}

TEST_F(Telemetry, PayloadsOfWhatDidNotMoveAreNotKept) {
  protocol::Report report;
  protocol::TemperatureReport said;
  said.temperatures.nozzle_c = 210.4;
  report.body = said;
  const printer::Readings stored = Printing().readings;
  EXPECT_FALSE(KeepPayload(settings::Payloads::kAll, settings_.store, report, stored));
  settings_.store.telemetry_dead_band_c = 0.3;
  EXPECT_TRUE(KeepPayload(settings::Payloads::kAll, settings_.store, report, stored));
  said.temperatures.nozzle_c = 210;
  said.temperatures.nozzle_target_c = 0;
  report.body = said;
  EXPECT_TRUE(KeepPayload(settings::Payloads::kAll, settings_.store, report, stored));
  EXPECT_FALSE(KeepPayload(settings::Payloads::kUnusual, settings_.store, report, stored));
}

}  // namespace
}  // namespace printfleet::core
