// Temperatures and settings: the same members in several types of reports.
#pragma once

#include "protocol/fields.h"
#include "protocol/report.h"

namespace printfleet::protocol {

// What a sensor or a target can say; a broken thermistor's -200 is no temperature.
constexpr Range<double> kTemperatureC{-50, 600};

// curr_nozzle_temp and its like. [§3.4]
Temperatures ReadTemperatures(const Fields& fields);

// fan_speed_pct, print_speed_mode, print_speed_pct, z_comp. [§3.5]
PrintSettings ReadSettings(const Fields& fields);

// aux_fan_speed_pct and box_fan_level, beside fan_speed_pct. [§3.4]
std::optional<double> ReadAuxiliaryFan(const Fields& fields);
std::optional<int64_t> ReadBoxFanLevel(const Fields& fields);

// The printers' number of a mode (1 silent, 2 standard, 3 sport).
int64_t SpeedModeNumber(SpeedMode mode);

}  // namespace printfleet::protocol
