#include "mqtt/wire.h"

#include <gtest/gtest.h>

namespace printfleet::mqtt::wire {
namespace {

using std::string_literals::operator""s;

template <typename T>
T DecodedAs(const std::string& bytes) {
  EXPECT_EQ(PacketSize(bytes), bytes.size());
  const Packet packet = Decode(bytes);
  EXPECT_TRUE(std::holds_alternative<T>(packet)) << packet.index();
  return std::get<T>(packet);
}

bool IsMalformed(const std::string& bytes) {
  EXPECT_EQ(PacketSize(bytes), bytes.size());
  return std::holds_alternative<Malformed>(Decode(bytes));
}

// The examples of MQTT 5, 3.1 to 3.14, spelt out.
TEST(Wire, ConnectSaysWhatTheSessionWants) {
  Connect connect;
  connect.client_id = "me";
  connect.user = "u";
  connect.password = "p";
  connect.clean_start = false;
  connect.keepalive_s = 60;
  connect.session_expiry_s = 3600;
  connect.receive_max = 2000;
  connect.packet_bytes_max = 65536;

  EXPECT_EQ(Encode(connect),
            "\x10\x22\x00\x04MQTT\x05\xC0\x00\x3C\x0D"
            "\x11\x00\x00\x0E\x10\x21\x07\xD0\x27\x00\x01\x00\x00"
            "\x00\x02me\x00\x01u\x00\x01p"s);
}

TEST(Wire, ConnectLeavesOutWhatIsNotSaid) {
  Connect connect;
  connect.client_id = "me";
  connect.password = "of nobody";

  EXPECT_EQ(Encode(connect), "\x10\x0F\x00\x04MQTT\x05\x02\x00\x3C\x00\x00\x02me"s);
}

TEST(Wire, SubscribeHasItsOptionsBehindEachFilter) {
  EXPECT_EQ(EncodeSubscribe(1, {"a/#", "b"}, true),
            "\x82\x0D\x00\x01\x00\x00\x03\x61/#\x09\x00\x01\x62\x09"s);
}

TEST(Wire, PubacksAreAppended) {
  std::string out;
  AppendPuback(0x1234, out);
  AppendPuback(1, out);
  EXPECT_EQ(out, "\x40\x02\x12\x34\x40\x02\x00\x01"s);
}

TEST(Wire, PublishIsTakenApart) {
  const std::string bytes =
      "\x33\x1B\x00\x01t\x00\x07\x13\x02\x00\x00\x00\x09\x08\x00\x01r\x09\x00\x02"
      "\x00\x01\x26\x00\x00\x00\x00hi"s;
  const auto publish = DecodedAs<Publish>(bytes);
  EXPECT_EQ(publish.topic, "t");
  EXPECT_EQ(publish.payload, "hi");
  EXPECT_TRUE(publish.retain);
  EXPECT_EQ(publish.packet_identifier, 7);
  EXPECT_EQ(publish.message_expiry_s, 9U);
  EXPECT_EQ(publish.response_topic, "r");
  EXPECT_EQ(publish.correlation_data, "\x00\x01"s);
}

TEST(Wire, PublishOfQos0IsNotAcknowledged) {
  const auto publish = DecodedAs<Publish>("\x30\x04\x00\x01t\x00"s);
  EXPECT_FALSE(publish.packet_identifier);
  EXPECT_EQ(publish.payload, "");
}

TEST(Wire, ConnackAndItsKeepAlive) {
  const auto connack = DecodedAs<Connack>("\x20\x09\x01\x00\x06\x13\x00\x0A\x21\x00\x14"s);
  EXPECT_TRUE(connack.session_present);
  EXPECT_EQ(connack.reason_code, 0);
  EXPECT_EQ(connack.keepalive_s, 10);
}

TEST(Wire, ABrokerOfMqtt3RefusesInItsOwnWords) {
  EXPECT_EQ(DecodedAs<Connack>("\x20\x02\x00\x01"s).reason_code, 0x84);
}

TEST(Wire, SubackHasACodeForEachFilter) {
  const auto suback = DecodedAs<Suback>("\x90\x05\x00\x01\x00\x01\x87"s);
  EXPECT_EQ(suback.reason_codes, (std::vector<int>{1, 0x87}));
}

TEST(Wire, DisconnectMayHaveNoReason) {
  EXPECT_EQ(DecodedAs<Disconnect>("\xE0\x00"s).reason_code, 0);
  EXPECT_EQ(DecodedAs<Disconnect>("\xE0\x01\x8E"s).reason_code, 0x8E);
  DecodedAs<Pingresp>("\xD0\x00"s);
}

TEST(Wire, WhatBreaksTheProtocolIsMalformed) {
  EXPECT_TRUE(IsMalformed("\x00\x00"s));                           // no such packet
  EXPECT_TRUE(IsMalformed("\x34\x04\x00\x01t\x00"s));              // QoS 2
  EXPECT_TRUE(IsMalformed("\x30\x03\x00\x00\x00"s));               // no topic
  EXPECT_TRUE(IsMalformed("\x32\x06\x00\x01t\x00\x00\x00"s));      // packet identifier 0
  EXPECT_TRUE(IsMalformed("\x30\x04\x00\x09t\x00"s));              // the topic ends behind it
  EXPECT_TRUE(IsMalformed("\x30\x05\x00\x01t\x01\x7F"s));          // no such property
  EXPECT_TRUE(IsMalformed("\x30\x06\x00\x01t\x02\x02\x00"s));      // a property cut short
  EXPECT_TRUE(IsMalformed("\x30\x07\x00\x01t\xFF\xFF\xFF\xFF"s));  // properties without end
  EXPECT_TRUE(IsMalformed("\x20\x03\x02\x00\x00"s));               // reserved flags
}

TEST(Wire, TheSizeIsKnownBeforeThePacketIsThere) {
  EXPECT_EQ(PacketSize(""), 0U);
  EXPECT_EQ(PacketSize("\x30"), 0U);
  EXPECT_EQ(PacketSize("\x30\x80"s), 0U);
  EXPECT_EQ(PacketSize("\x30\x80\x01"s), 131U);
  EXPECT_EQ(PacketSize("\x30\xFF\xFF\xFF\x7F"s), 268435460U);
  EXPECT_EQ(PacketSize("\x30\xFF\xFF\xFF\xFF"s), std::nullopt);
}

}  // namespace
}  // namespace printfleet::mqtt::wire
