// video/report, user/report, peripherie/report, light/report, axis/report: what a printer has.
// [§3.7, §3.8]
#pragma once

#include "protocol/message.h"
#include "protocol/report.h"

namespace printfleet::protocol {

VideoReport ReadVideoReport(const Message& message);
UserReport ReadUserReport(const Message& message);
PeripheralsReport ReadPeripheralsReport(const Message& message);
LightReport ReadLightReport(const Message& message);
AxisReport ReadAxisReport(const Message& message);

}  // namespace printfleet::protocol
