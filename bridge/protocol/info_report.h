// info/report of the Kobra 3 family: its readings, and the job under way. [§3.8]
#pragma once

#include "protocol/message.h"
#include "protocol/report.h"

namespace printfleet::protocol {

InfoReport ReadInfoReport(const Message& message);

}  // namespace printfleet::protocol
