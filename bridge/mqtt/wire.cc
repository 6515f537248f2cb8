#include "mqtt/wire.h"

#include "base/check.h"

namespace printfleet::mqtt::wire {
namespace {

constexpr size_t kLengthBytesMax = 4;
constexpr size_t kTextBytesMax = 65535;
constexpr uint8_t kQos1 = 1;
constexpr uint8_t kRefusedProtocolVersion3 = 1;  // what a broker of MQTT 3 answers
constexpr uint8_t kUnsupportedProtocolVersion = 0x84;

enum PropertyId : uint8_t {
  kMessageExpiry = 0x02,
  kResponseTopic = 0x08,
  kCorrelationData = 0x09,
  kSessionExpiry = 0x11,
  kServerKeepalive = 0x13,
  kReceiveMaximum = 0x21,
  kPacketBytesMax = 0x27,
};

void AppendNumber(uint32_t number, int bytes, std::string& out) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(number >> shift & 0xFF);
  }
}

void AppendLength(size_t length, std::string& out) {
  do {
    const auto low = static_cast<uint8_t>(length % 128);
    length /= 128;
    out += static_cast<char>(length > 0 ? low | 0x80 : low);
  } while (length > 0);
}

void AppendText(std::string_view text, std::string& out) {
  CHECK(text.size() <= kTextBytesMax);
  AppendNumber(static_cast<uint32_t>(text.size()), 2, out);
  out += text;
}

std::string Framed(uint8_t first, const std::string& body) {
  std::string packet(1, static_cast<char>(first));
  AppendLength(body.size(), packet);
  return packet + body;
}

// Takes pieces off the front. Once something is missing all else is, too.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool ok() const { return ok_; }

  [[nodiscard]] bool empty() const { return bytes_.empty(); }

  std::string_view Bytes(size_t count) {
    if (count > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return {};
    }
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

  uint32_t Number(size_t count) {
    uint32_t number = 0;
    for (const char c : Bytes(count)) {
      number = number << 8 | static_cast<uint8_t>(c);
    }
    return number;
  }

  std::string_view Text() { return Bytes(Number(2)); }

  size_t Length() {
    size_t length = 0;
    for (size_t i = 0; i < kLengthBytesMax; ++i) {
      const uint32_t byte = Number(1);
      length |= static_cast<size_t>(byte & 0x7F) << (7 * i);
      if ((byte & 0x80) == 0) {
        return length;
      }
    }
    ok_ = false;
    return 0;
  }

  std::string_view Rest() { return Bytes(bytes_.size()); }

  void Fail() { ok_ = false; }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

// Skips the value of property `id`. Source: MQTT 5, 2.2.2.2.
void SkipProperty(uint32_t id, Reader& reader) {
  switch (id) {
    case 0x01:
    case 0x17:
    case 0x19:
    case 0x24:
    case 0x25:
    case 0x28:
    case 0x29:
    case 0x2A:
      reader.Bytes(1);
      break;
    case 0x13:
    case 0x21:
    case 0x22:
    case 0x23:
      reader.Bytes(2);
      break;
    case 0x02:
    case 0x11:
    case 0x18:
    case 0x27:
      reader.Bytes(4);
      break;
    case 0x0B:
      reader.Length();
      break;
    case 0x03:
    case 0x08:
    case 0x09:
    case 0x12:
    case 0x15:
    case 0x16:
    case 0x1A:
    case 0x1C:
    case 0x1F:
      reader.Text();
      break;
    case 0x26:
      reader.Text();
      reader.Text();
      break;
    default:
      reader.Fail();
  }
}

// Calls take(id, reader) for each property; it says whether it took the value.
template <typename Take>
void ReadProperties(Reader& reader, Take&& take) {
  Reader properties(reader.Bytes(reader.Length()));
  while (properties.ok() && !properties.empty()) {
    const uint32_t id = properties.Number(1);
    if (!take(id, properties)) {
      SkipProperty(id, properties);
    }
  }
  if (!properties.ok()) {
    reader.Fail();
  }
}

bool TakeNothing(uint32_t /*id*/, Reader& /*reader*/) {
  return false;
}

Packet ReadConnack(Reader reader, size_t body_bytes) {
  Connack connack;
  const uint32_t flags = reader.Number(1);
  connack.session_present = (flags & 1) != 0;
  connack.reason_code = static_cast<uint8_t>(reader.Number(1));
  if (body_bytes == 2 && connack.reason_code != 0) {
    if (connack.reason_code == kRefusedProtocolVersion3) {
      connack.reason_code = kUnsupportedProtocolVersion;
    }
    return connack;  // a refusal in the words of MQTT 3
  }
  ReadProperties(reader, [&](uint32_t id, Reader& property) {
    if (id != kServerKeepalive) {
      return false;
    }
    connack.keepalive_s = static_cast<uint16_t>(property.Number(2));
    return true;
  });
  return reader.ok() && flags <= 1 ? Packet(connack) : Packet(Malformed());
}

Packet ReadSuback(Reader reader) {
  Suback suback;
  suback.packet_identifier = static_cast<uint16_t>(reader.Number(2));
  ReadProperties(reader, TakeNothing);
  for (const char code : reader.Rest()) {
    suback.reason_codes.push_back(static_cast<uint8_t>(code));
  }
  return reader.ok() ? Packet(std::move(suback)) : Packet(Malformed());
}

Packet ReadPublish(uint8_t first, Reader reader) {
  const uint8_t qos = first >> 1 & 3;
  Publish publish;
  publish.retain = (first & 1) != 0;
  publish.topic = reader.Text();
  if (qos == kQos1) {
    publish.packet_identifier = static_cast<uint16_t>(reader.Number(2));
  }
  ReadProperties(reader, [&](uint32_t id, Reader& property) {
    switch (id) {
      case kMessageExpiry:
        publish.message_expiry_s = property.Number(4);
        return true;
      case kResponseTopic:
        publish.response_topic = property.Text();
        return true;
      case kCorrelationData:
        publish.correlation_data = property.Text();
        return true;
      default:
        return false;
    }
  });
  publish.payload = reader.Rest();
  // QoS 2 was not asked for, an alias not allowed; 0 is no packet identifier.
  const bool sound = reader.ok() && qos <= kQos1 && !publish.topic.empty() &&
                     publish.packet_identifier.value_or(1) != 0;
  return sound ? Packet(publish) : Packet(Malformed());
}

}  // namespace

std::string Encode(const Connect& connect) {
  std::string body;
  AppendText("MQTT", body);
  body += '\x05';
  const bool login = !connect.user.empty();
  const bool password = login && !connect.password.empty();
  body += static_cast<char>((login ? 0x80 : 0) | (password ? 0x40 : 0) |
                            (connect.clean_start ? 0x02 : 0));
  AppendNumber(connect.keepalive_s, 2, body);
  std::string properties;
  const auto add = [&properties](PropertyId id, uint32_t value, int bytes) {
    if (value > 0) {
      properties += static_cast<char>(id);
      AppendNumber(value, bytes, properties);
    }
  };
  add(kSessionExpiry, connect.session_expiry_s, 4);
  add(kReceiveMaximum, connect.receive_max, 2);
  add(kPacketBytesMax, connect.packet_bytes_max, 4);
  AppendLength(properties.size(), body);
  body += properties;
  AppendText(connect.client_id, body);
  if (login) {
    AppendText(connect.user, body);
  }
  if (password) {
    AppendText(connect.password, body);
  }
  return Framed(0x10, body);
}

std::string EncodeSubscribe(uint16_t packet_identifier, const std::vector<std::string>& filters,
                            bool retain_as_published) {
  std::string body;
  AppendNumber(packet_identifier, 2, body);
  AppendLength(0, body);
  for (const std::string& filter : filters) {
    AppendText(filter, body);
    body += static_cast<char>(kQos1 | (retain_as_published ? 0x08 : 0));
  }
  return Framed(0x82, body);
}

void AppendPuback(uint16_t packet_identifier, std::string& out) {
  out += '\x40';
  out += '\x02';
  AppendNumber(packet_identifier, 2, out);
}

std::optional<size_t> PacketSize(std::string_view bytes) {
  size_t length = 0;
  for (size_t i = 0; i < kLengthBytesMax; ++i) {
    if (i + 1 >= bytes.size()) {
      return 0;
    }
    const auto byte = static_cast<uint8_t>(bytes[i + 1]);
    length |= static_cast<size_t>(byte & 0x7F) << (7 * i);
    if ((byte & 0x80) == 0) {
      return 1 + (i + 1) + length;
    }
  }
  return std::nullopt;
}

Packet Decode(std::string_view bytes) {
  Reader reader(bytes);
  const auto first = static_cast<uint8_t>(reader.Number(1));
  const size_t body_bytes = reader.Length();
  switch (first >> 4) {
    case 2:
      return ReadConnack(reader, body_bytes);
    case 3:
      return ReadPublish(first, reader);
    case 9:
      return ReadSuback(reader);
    case 13:
      return Pingresp();
    case 14:
      return Disconnect{static_cast<uint8_t>(reader.empty() ? 0 : reader.Number(1))};
    default:
      return Malformed();
  }
}

}  // namespace printfleet::mqtt::wire
