// MQTT 5 as a subscriber speaks it: encoders for what Inbound sends, a decoder for what a broker
// sends it. Pure: bytes in, bytes out; no byte of the broker is believed before it is checked.
// Source: https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace printfleet::mqtt::wire {

// -- To the broker. Texts must not be longer than 65,535 bytes --

struct Connect {
  std::string client_id;
  std::string user;  // "" for none, and then no password
  std::string password;
  bool clean_start = true;
  uint16_t keepalive_s = 60;
  uint32_t session_expiry_s = 0;
  uint16_t receive_max = 0;       // 0: not said
  uint32_t packet_bytes_max = 0;  // 0: not said
};

std::string Encode(const Connect& connect);

// All filters with QoS 1.
std::string EncodeSubscribe(uint16_t packet_identifier, const std::vector<std::string>& filters,
                            bool retain_as_published);

void AppendPuback(uint16_t packet_identifier, std::string& out);

constexpr std::string_view kPingreq("\xC0\x00", 2);
constexpr std::string_view kDisconnect("\xE0\x00", 2);

// -- From the broker --

struct Connack {
  bool session_present = false;
  uint8_t reason_code = 0;
  std::optional<uint16_t> keepalive_s;  // the broker's instead of ours
};

struct Suback {
  uint16_t packet_identifier = 0;
  std::vector<int> reason_codes;
};

// Views are of the bytes that were decoded.
struct Publish {
  std::string_view topic;
  std::string_view payload;
  bool retain = false;
  std::optional<uint16_t> packet_identifier;  // with QoS 1
  std::optional<uint32_t> message_expiry_s;
  std::string_view response_topic;
  std::string_view correlation_data;
};

struct Pingresp {};

struct Disconnect {
  uint8_t reason_code = 0;
};

// What breaks the protocol: close.
struct Malformed {};

using Packet = std::variant<Malformed, Connack, Suback, Publish, Pingresp, Disconnect>;

// How many bytes the first packet of `bytes` has, its header included: more than `bytes` when it is
// not complete; 0 when not even its length is; nullopt when that is malformed.
std::optional<size_t> PacketSize(std::string_view bytes);

// Requires: PacketSize(bytes) == bytes.size().
Packet Decode(std::string_view bytes);

}  // namespace printfleet::mqtt::wire
