#include "protocol/last_will_report.h"

namespace printfleet::protocol {

LastWillReport ReadLastWillReport(const Message& message) {
  // A resin printer says state "online" with msg "device offline": the state counts.
  // Source: tests/fixtures/payloads/MolgoVulgo_…__report-lastWill-onlineReport-online__1.json
  return {.online = message.envelope.state == "online"};
}

}  // namespace printfleet::protocol
