// multiColorBox/report and extfilbox/report: boxes of filament, and the holder of one spool. [§3.8]
#pragma once

#include "protocol/message.h"
#include "protocol/report.h"

namespace printfleet::protocol {

FilamentBoxReport ReadFilamentBoxReport(const Message& message);
SpoolHolderReport ReadSpoolHolderReport(const Message& message);

}  // namespace printfleet::protocol
