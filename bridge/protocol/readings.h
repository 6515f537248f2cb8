// Temperatures and settings: the same members in several types of reports.
#pragma once

#include "protocol/fields.h"
#include "protocol/report.h"

namespace printfleet::protocol {

// curr_nozzle_temp and its like. [§3.4]
Temperatures ReadTemperatures(const Fields& fields);

// fan_speed_pct, print_speed_mode, z_comp. [§3.5]
PrintSettings ReadSettings(const Fields& fields);

// The printers' number of a mode (1 silent, 2 standard, 3 sport).
int64_t SpeedModeNumber(SpeedMode mode);

}  // namespace printfleet::protocol
