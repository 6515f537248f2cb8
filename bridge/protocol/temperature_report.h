// tempature/report (so spelt), fan/report and set/report: readings. [§3.4]
#pragma once

#include "protocol/message.h"
#include "protocol/report.h"

namespace printfleet::protocol {

TemperatureReport ReadTemperatureReport(const Message& message);

// Also the answer to set/update, whose data is that of the request.
FanReport ReadFanReport(const Message& message);

}  // namespace printfleet::protocol
