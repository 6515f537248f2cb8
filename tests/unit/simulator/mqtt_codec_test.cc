#include "bench/simulator/mqtt_codec.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "bench/simulator/random.h"

namespace printfleet::simulator {
namespace {

constexpr std::size_t kMax = 1024 * 1024;

template <typename T>
T DecodeAs(const std::string& bytes) {
  Decoded decoded = Decode(bytes, kMax);
  EXPECT_EQ(decoded.error, "");
  EXPECT_EQ(decoded.consumed, bytes.size());
  return decoded.packet ? std::get<T>(*decoded.packet) : T{};
}

TEST(MqttCodec, ConnectSaysWillAndLogin) {
  Connect connect;
  connect.client_id = "id";
  connect.user_name = "u";
  connect.password = "pw";
  connect.keep_alive_s = 0x0102;
  connect.clean_session = true;
  connect.will = Will{"t", "w", 1, true};

  const std::string bytes = EncodeConnect(connect);

  // Flags: user 80, password 40, will retain 20, will QoS 1 08, will 04, clean 02.
  const std::string expected(
      "\x10\x1b\x00\x04MQTT\x04\xee\x01\x02\x00\x02id\x00\x01t\x00\x01w\x00\x01u\x00\x02pw", 29);
  EXPECT_EQ(bytes, expected);
}

TEST(MqttCodec, ConnectWithoutWillOrLoginIsShort) {
  Connect connect;
  connect.client_id = "a";
  connect.clean_session = false;
  connect.keep_alive_s = 0;

  EXPECT_EQ(EncodeConnect(connect), std::string("\x10\x0d\x00\x04MQTT\x04\x00\x00\x00\x00\x01"
                                                "a",
                                                15));
}

TEST(MqttCodec, SubscribeListsEveryFilter) {
  EXPECT_EQ(EncodeSubscribe(1, {"a/#", "b"}, 1), std::string("\x82\x0c\x00\x01\x00\x03"
                                                             "a/#\x01\x00\x01"
                                                             "b\x01",
                                                             14));
}

TEST(MqttCodec, SmallPacketsMatchTheStandard) {
  EXPECT_EQ(EncodePingreq(), std::string("\xc0\x00", 2));
  EXPECT_EQ(EncodeDisconnect(), std::string("\xe0\x00", 2));
  EXPECT_EQ(EncodePuback(0x1234), "\x40\x02\x12\x34");
  EXPECT_EQ(DecodeAs<Puback>(EncodePuback(0x1234)).packet_id, 0x1234);
  DecodeAs<Pingresp>(std::string("\xd0\x00", 2));
}

TEST(MqttCodec, PublishRoundTripKeepsEveryField) {
  for (const std::size_t size : {0U, 1U, 120U, 127U, 128U, 16'383U, 16'384U, 300'000U}) {
    for (const int qos : {0, 1}) {
      Publish publish{"some/topic",  std::string(size, 'x'), qos,
                      size % 2 == 1, qos > 0 && size > 100,  static_cast<std::uint16_t>(qos * 777)};

      const auto back = DecodeAs<Publish>(EncodePublish(publish));

      EXPECT_EQ(back.topic, publish.topic);
      EXPECT_EQ(back.payload, publish.payload);
      EXPECT_EQ(back.qos, publish.qos);
      EXPECT_EQ(back.retain, publish.retain);
      EXPECT_EQ(back.dup, publish.dup);
      EXPECT_EQ(back.packet_id, publish.packet_id);
    }
  }
}

TEST(MqttCodec, AnswersOfABrokerAreRead) {
  const auto connack = DecodeAs<Connack>(std::string("\x20\x02\x01\x05", 4));
  EXPECT_TRUE(connack.session_present);
  EXPECT_EQ(connack.return_code, 5);

  const auto suback = DecodeAs<Suback>(std::string("\x90\x04\x00\x07\x01\x80", 6));
  EXPECT_EQ(suback.packet_id, 7);
  EXPECT_EQ(suback.return_codes, (std::vector<std::uint8_t>{1, 0x80}));
}

TEST(MqttCodec, EveryTruncationAsksForMore) {
  const std::string bytes = EncodePublish({"topic", std::string(200, 'p'), 1, false, false, 9});
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const Decoded decoded = Decode(std::string_view(bytes).substr(0, length), kMax);
    EXPECT_FALSE(decoded.packet) << length;
    EXPECT_EQ(decoded.error, "") << length;
  }
}

TEST(MqttCodec, TwoPacketsInOneBufferComeOneByOne) {
  const std::string first = EncodePuback(3);
  const Decoded decoded = Decode(first + EncodePuback(4), kMax);
  ASSERT_TRUE(decoded.packet);
  EXPECT_EQ(decoded.consumed, first.size());
  EXPECT_EQ(std::get<Puback>(*decoded.packet).packet_id, 3);
}

TEST(MqttCodec, BrokenStreamsAreErrors) {
  const std::string endless("\x30\xff\xff\xff\xff\x01", 6);
  const std::string qos2("\x34\x05\x00\x01t\x00\x01", 7);
  const std::string topic_too_long("\x30\x03\x00\x09t", 5);
  const std::string no_topic("\x30\x01\x00", 3);
  const std::string connack_short("\x20\x01\x00", 3);
  const std::string client_packet("\xc0\x00", 2);
  for (const std::string& bytes :
       {endless, qos2, topic_too_long, no_topic, connack_short, client_packet}) {
    EXPECT_NE(Decode(bytes, kMax).error, "");
  }
}

TEST(MqttCodec, PacketAboveTheLimitIsRefusedByItsHeader) {
  const std::string bytes = EncodePublish({"t", std::string(5000, 'x'), 0, false, false, 0});
  EXPECT_NE(Decode(std::string_view(bytes).substr(0, 5), 1000).error, "");
}

TEST(MqttCodec, RandomBytesNeverCrash) {
  Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(static_cast<std::size_t>(random.Between(0, 40)), '\0');
    for (char& c : bytes) {
      c = static_cast<char>(random.Next() & 0xffU);
    }
    const Decoded decoded = Decode(bytes, 1000);
    EXPECT_LE(decoded.consumed, bytes.size());
  }
}

}  // namespace
}  // namespace printfleet::simulator
