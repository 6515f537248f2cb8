// lastWill/report: the printer's own word on its connection. [§3.3]
#pragma once

#include "protocol/message.h"
#include "protocol/report.h"

namespace printfleet::protocol {

LastWillReport ReadLastWillReport(const Message& message);

}  // namespace printfleet::protocol
