// print/report: the job, and what it does. [§3.6]
#pragma once

#include "protocol/message.h"
#include "protocol/report.h"

namespace printfleet::protocol {

PrintReport ReadPrintReport(const Message& message);

}  // namespace printfleet::protocol
