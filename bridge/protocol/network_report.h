// wifi/report and network/report. [§3.8]
#pragma once

#include "protocol/message.h"
#include "protocol/report.h"

namespace printfleet::protocol {

WifiReport ReadWifiReport(const Message& message);
NetworkReport ReadNetworkReport(const Message& message);

}  // namespace printfleet::protocol
