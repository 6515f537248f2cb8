// Packets as a broker would send them, one behind the other: all bytes are taken or refused, and
// what is decoded lies within its packet.
#include "base/check.h"
#include "mqtt/wire.h"
#include "tests/fuzz/targets.h"

namespace printfleet::fuzz {
namespace {

void CheckWithin(std::string_view part, std::string_view whole) {
  CHECK(part.empty() ||
        (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size()));
}

}  // namespace

void Wire(std::string_view bytes) {
  while (true) {
    const auto size = mqtt::wire::PacketSize(bytes);
    if (!size || *size == 0 || *size > bytes.size()) {
      return;
    }
    const std::string_view packet = bytes.substr(0, *size);
    bytes.remove_prefix(*size);
    const mqtt::wire::Packet decoded = mqtt::wire::Decode(packet);
    if (const auto* publish = std::get_if<mqtt::wire::Publish>(&decoded)) {
      CHECK(!publish->topic.empty());
      CheckWithin(publish->topic, packet);
      CheckWithin(publish->payload, packet);
      CheckWithin(publish->response_topic, packet);
      CheckWithin(publish->correlation_data, packet);
    }
  }
}

}  // namespace printfleet::fuzz
