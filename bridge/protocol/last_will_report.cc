#include "protocol/last_will_report.h"

namespace printfleet::protocol {
namespace {

constexpr std::array<Word<bool>, 2> kIsOnline{{{"online", true}, {"offline", false}}};

}  // namespace

LastWillReport ReadLastWillReport(const Message& message) {
  // A resin printer says state "online" with msg "device offline": the state counts.
  // Source: tests/fixtures/payloads/MolgoVulgo_…__report-lastWill-onlineReport-online__1.json
  return {.online = message.State(kIsOnline, false)};
}

}  // namespace printfleet::protocol
