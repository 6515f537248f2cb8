// ota/report: versions, and how an update goes. [§6]
#pragma once

#include "protocol/message.h"
#include "protocol/report.h"

namespace printfleet::protocol {

OtaReport ReadOtaReport(const Message& message);

}  // namespace printfleet::protocol
