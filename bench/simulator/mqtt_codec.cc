#include "bench/simulator/mqtt_codec.h"

#include <utility>

namespace printfleet::simulator {
namespace {

enum PacketType : std::uint8_t {
  kConnectType = 1,
  kConnackType = 2,
  kPublishType = 3,
  kPubackType = 4,
  kSubscribeType = 8,
  kSubackType = 9,
  kPingreqType = 12,
  kPingrespType = 13,
  kDisconnectType = 14,
};

void PutByte(std::string& out, unsigned value) {
  out.push_back(static_cast<char>(static_cast<unsigned char>(value & 0xffU)));
}

void PutUint16(std::string& out, unsigned value) {
  PutByte(out, value >> 8U);
  PutByte(out, value);
}

void PutString(std::string& out, std::string_view text) {
  PutUint16(out, static_cast<unsigned>(text.size()));
  out.append(text);
}

std::string Frame(PacketType type, unsigned flags, std::string_view body) {
  std::string out;
  out.reserve(body.size() + 5);
  PutByte(out, (static_cast<unsigned>(type) << 4U) | flags);
  std::size_t length = body.size();
  do {
    const auto digit = static_cast<unsigned>(length & 0x7fU);
    length >>= 7U;
    PutByte(out, length > 0 ? digit | 0x80U : digit);
  } while (length > 0);
  out.append(body);
  return out;
}

unsigned ByteAt(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

std::uint16_t Uint16At(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>((ByteAt(bytes, at) << 8U) | ByteAt(bytes, at + 1));
}

Decoded Broken(std::string error) {
  Decoded decoded;
  decoded.error = std::move(error);
  return decoded;
}

Decoded DecodePublish(unsigned flags, std::string_view body) {
  Publish publish;
  publish.qos = static_cast<int>((flags >> 1U) & 3U);
  publish.retain = (flags & 1U) != 0;
  publish.dup = (flags & 8U) != 0;
  if (publish.qos > 1) {
    return Broken("PUBLISH with QoS 2 or 3");
  }
  if (body.size() < 2) {
    return Broken("PUBLISH without a topic");
  }
  const std::size_t topic_length = Uint16At(body, 0);
  const std::size_t payload_at = 2 + topic_length + (publish.qos > 0 ? 2U : 0U);
  if (body.size() < payload_at) {
    return Broken("PUBLISH shorter than its topic");
  }
  publish.topic = body.substr(2, topic_length);
  if (publish.qos > 0) {
    publish.packet_id = Uint16At(body, 2 + topic_length);
  }
  publish.payload = body.substr(payload_at);
  Decoded decoded;
  decoded.packet = std::move(publish);
  return decoded;
}

Decoded DecodeBody(unsigned type, unsigned flags, std::string_view body) {
  Decoded decoded;
  switch (type) {
    case kConnackType:
      if (body.size() != 2) {
        return Broken("CONNACK of a wrong length");
      }
      decoded.packet =
          Connack{(ByteAt(body, 0) & 1U) != 0, static_cast<std::uint8_t>(ByteAt(body, 1))};
      return decoded;
    case kPublishType:
      return DecodePublish(flags, body);
    case kPubackType:
      if (body.size() != 2) {
        return Broken("PUBACK of a wrong length");
      }
      decoded.packet = Puback{Uint16At(body, 0)};
      return decoded;
    case kSubackType: {
      if (body.size() < 3) {
        return Broken("SUBACK of a wrong length");
      }
      Suback suback;
      suback.packet_id = Uint16At(body, 0);
      suback.return_codes.assign(body.begin() + 2, body.end());
      decoded.packet = std::move(suback);
      return decoded;
    }
    case kPingrespType:
      decoded.packet = Pingresp{};
      return decoded;
    default:
      return Broken("unexpected packet type " + std::to_string(type));
  }
}

}  // namespace

std::string EncodeConnect(const Connect& connect) {
  unsigned flags = connect.clean_session ? 2U : 0U;
  if (connect.will) {
    flags |=
        4U | (static_cast<unsigned>(connect.will->qos) << 3U) | (connect.will->retain ? 0x20U : 0U);
  }
  flags |= connect.user_name.empty() ? 0U : 0x80U;
  flags |= connect.password.empty() ? 0U : 0x40U;
  std::string body;
  PutString(body, "MQTT");
  PutByte(body, 4);
  PutByte(body, flags);
  PutUint16(body, connect.keep_alive_s);
  PutString(body, connect.client_id);
  if (connect.will) {
    PutString(body, connect.will->topic);
    PutString(body, connect.will->payload);
  }
  if (!connect.user_name.empty()) {
    PutString(body, connect.user_name);
  }
  if (!connect.password.empty()) {
    PutString(body, connect.password);
  }
  return Frame(kConnectType, 0, body);
}

std::string EncodeSubscribe(std::uint16_t packet_id, const std::vector<std::string>& filters,
                            int qos) {
  std::string body;
  PutUint16(body, packet_id);
  for (const std::string& filter : filters) {
    PutString(body, filter);
    PutByte(body, static_cast<unsigned>(qos));
  }
  return Frame(kSubscribeType, 2, body);
}

std::string EncodePublish(const Publish& publish) {
  std::string body;
  body.reserve(publish.topic.size() + publish.payload.size() + 4);
  PutString(body, publish.topic);
  if (publish.qos > 0) {
    PutUint16(body, publish.packet_id);
  }
  body.append(publish.payload);
  const unsigned flags = (publish.dup ? 8U : 0U) | (static_cast<unsigned>(publish.qos) << 1U) |
                         (publish.retain ? 1U : 0U);
  return Frame(kPublishType, flags, body);
}

std::string EncodePuback(std::uint16_t packet_id) {
  std::string body;
  PutUint16(body, packet_id);
  return Frame(kPubackType, 0, body);
}

std::string EncodePingreq() {
  return Frame(kPingreqType, 0, "");
}

std::string EncodeDisconnect() {
  return Frame(kDisconnectType, 0, "");
}

Decoded Decode(std::string_view bytes, std::size_t packet_bytes_max) {
  std::size_t length = 0;
  std::size_t at = 1;
  for (unsigned shift = 0;; shift += 7, ++at) {
    if (shift > 21) {
      return Broken("remaining length of more than four bytes");
    }
    if (bytes.size() <= at) {
      return {};
    }
    const unsigned digit = ByteAt(bytes, at);
    length |= static_cast<std::size_t>(digit & 0x7fU) << shift;
    if ((digit & 0x80U) == 0) {
      ++at;
      break;
    }
  }
  if (length > packet_bytes_max) {
    return Broken("packet of " + std::to_string(length) + " bytes, more than the limit");
  }
  if (bytes.size() < at + length) {
    return {};
  }
  const unsigned first = ByteAt(bytes, 0);
  Decoded decoded = DecodeBody(first >> 4U, first & 15U, bytes.substr(at, length));
  decoded.consumed = at + length;
  return decoded;
}

}  // namespace printfleet::simulator
