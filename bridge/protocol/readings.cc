#include "protocol/readings.h"

#include <array>
#include <string_view>

namespace printfleet::protocol {
namespace {

constexpr Range<double> kZOffsetMm{-10, 10};
constexpr Range<double> kSpeedPercent{0, 1000};
constexpr Range<int64_t> kFanLevels{0, 100};

struct Mode {
  SpeedMode mode;
  int64_t number;
  std::string_view name;
};

constexpr std::array<Mode, 3> kModes{{{SpeedMode::kSilent, 1, "silent"},
                                      {SpeedMode::kStandard, 2, "standard"},
                                      {SpeedMode::kSport, 3, "sport"}}};

std::optional<SpeedMode> ReadSpeedMode(const Fields& fields) {
  const std::optional<int64_t> number =
      fields.Int("print_speed_mode", {kModes.front().number, kModes.back().number});
  for (const Mode& mode : kModes) {
    if (number == mode.number) {
      return mode.mode;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view Name(SpeedMode mode) {
  for (const Mode& candidate : kModes) {
    if (candidate.mode == mode) {
      return candidate.name;
    }
  }
  return "";
}

std::optional<SpeedMode> ParseSpeedMode(std::string_view name) {
  for (const Mode& mode : kModes) {
    if (mode.name == name) {
      return mode.mode;
    }
  }
  return std::nullopt;
}

int64_t SpeedModeNumber(SpeedMode mode) {
  for (const Mode& candidate : kModes) {
    if (candidate.mode == mode) {
      return candidate.number;
    }
  }
  return 0;
}

Temperatures ReadTemperatures(const Fields& fields) {
  return {
      .nozzle_c = fields.Number("curr_nozzle_temp", kTemperatureC),
      .nozzle_target_c = fields.Number("target_nozzle_temp", kTemperatureC),
      .bed_c = fields.Number("curr_hotbed_temp", kTemperatureC),
      .bed_target_c = fields.Number("target_hotbed_temp", kTemperatureC),
      .chamber_c = fields.Number("curr_chamber_temp", kTemperatureC),
      .chamber_target_c = fields.Number("target_chamber_temp", kTemperatureC),
  };
}

PrintSettings ReadSettings(const Fields& fields) {
  const std::optional<double> speed = fields.Number("print_speed_pct", kSpeedPercent);
  return {
      .fan_ratio = fields.Percent("fan_speed_pct"),
      .speed_mode = ReadSpeedMode(fields),
      .speed_ratio = speed ? std::optional(*speed / 100) : std::nullopt,
      .z_offset_mm = fields.Number("z_comp", kZOffsetMm),
  };
}

std::optional<double> ReadAuxiliaryFan(const Fields& fields) {
  return fields.Percent("aux_fan_speed_pct");
}

std::optional<int64_t> ReadBoxFanLevel(const Fields& fields) {
  return fields.Int("box_fan_level", kFanLevels);
}

}  // namespace printfleet::protocol
