// MQTT 3.1.1 as a client speaks it: encoders for what a printer sends, one decoder for what a
// broker sends. Pure: bytes in, bytes out. QoS 2 is left out, because the printers never ask for
// it. Source: http://docs.oasis-open.org/mqtt/mqtt/v3.1.1/mqtt-v3.1.1.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace printfleet::simulator {

struct Will {
  std::string topic;
  std::string payload;
  int qos = 1;
  bool retain = false;
};

struct Connect {
  std::string client_id;
  std::string user_name;
  std::string password;
  std::uint16_t keep_alive_s = 60;
  bool clean_session = true;
  std::optional<Will> will;
};

struct Publish {
  std::string topic;
  std::string payload;
  int qos = 0;
  bool retain = false;
  bool dup = false;
  std::uint16_t packet_id = 0;  // 0 with QoS 0
};

struct Connack {
  bool session_present = false;
  std::uint8_t return_code = 0;
};

struct Suback {
  std::uint16_t packet_id = 0;
  std::vector<std::uint8_t> return_codes;  // 0x80: refused
};

struct Puback {
  std::uint16_t packet_id = 0;
};

struct Pingresp {};

using Packet = std::variant<Connack, Suback, Puback, Publish, Pingresp>;

// Strings longer than 65,535 bytes cannot be said in MQTT. Requires: none is.
std::string EncodeConnect(const Connect& connect);
std::string EncodeSubscribe(std::uint16_t packet_id, const std::vector<std::string>& filters,
                            int qos);
std::string EncodePublish(const Publish& publish);
std::string EncodePuback(std::uint16_t packet_id);
std::string EncodePingreq();
std::string EncodeDisconnect();

struct Decoded {
  std::optional<Packet> packet;  // empty: need more bytes, unless `error` says otherwise
  std::size_t consumed = 0;      // bytes to take off the front when there is a packet
  std::string error;             // not empty: the stream is broken, close it
};

// Decodes the first packet of `bytes`. A packet above `packet_bytes_max` is an error as soon as its
// header says so.
Decoded Decode(std::string_view bytes, std::size_t packet_bytes_max);

}  // namespace printfleet::simulator
