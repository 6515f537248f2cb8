#include "protocol/network_report.h"

namespace printfleet::protocol {

WifiReport ReadWifiReport(const Message& message) {
  return {.signal_strength = message.Data().Int("signal_strength", kAnyInt)};
}

NetworkReport ReadNetworkReport(const Message& message) {
  return {.done = message.done()};
}

}  // namespace printfleet::protocol
