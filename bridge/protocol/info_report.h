// info/report of the Kobra 3 family: what of it is a reading. [§3.8]
#pragma once

#include "protocol/message.h"
#include "protocol/report.h"

namespace printfleet::protocol {

InfoReport ReadInfoReport(const Message& message);

}  // namespace printfleet::protocol
