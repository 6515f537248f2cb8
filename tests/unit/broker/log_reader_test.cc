// Lines as Debian 12's Mosquitto 2.0.11 writes them, and lines that clients try to forge.
#include "broker/log_reader.h"

#include <gtest/gtest.h>

namespace printfleet::broker {
namespace {

using core::BrokerNote;
using printer::OfflineReason;
using Kind = BrokerNote::Kind;

constexpr char kId[] = "9347a110c5423fe412ce45533bfc10e6";

class LogReaderTest : public testing::Test {
 protected:
  // The note of the last line; those before must have none.
  std::optional<BrokerNote> Read(std::initializer_list<std::string> lines) {
    std::optional<BrokerNote> note;
    for (const std::string& line : lines) {
      EXPECT_FALSE(note) << "before " << line;
      note = reader_.Read(line);
    }
    return note;
  }

  void ExpectRefused(std::initializer_list<std::string> lines, OfflineReason reason,
                     const std::string& address, const std::string& detail = "") {
    const auto note = Read(lines);
    ASSERT_TRUE(note);
    EXPECT_EQ(note->kind, Kind::kRefused);
    EXPECT_EQ(note->reason, reason);
    EXPECT_EQ(note->address, address);
    EXPECT_EQ(note->detail, detail);
    EXPECT_EQ(note->client_id, "");
  }

  LogReader reader_;
};

TEST_F(LogReaderTest, AClientConnects) {
  const auto note = Read({"New connection from 192.0.2.7:55671 on port 1883.",
                          std::string("New client connected from 192.0.2.7:55671 as ") + kId +
                              " (p2, c1, k60, u'dev|fdm|20021|it's me')."});
  ASSERT_TRUE(note);
  EXPECT_EQ(note->kind, Kind::kConnected);
  EXPECT_EQ(note->client_id, kId);
  EXPECT_EQ(note->address, "192.0.2.7");
  EXPECT_EQ(note->user, "dev|fdm|20021|it's me");
  EXPECT_EQ(note->protocol, "3.1.1");
  EXPECT_EQ(note->keep_alive_s, 60);
}

TEST_F(LogReaderTest, AClientConnectsWithoutAUserOverIpv6) {
  const auto note = Read({"New client connected from 2001:db8::7:55671 as a (p5, c0, k0)."});
  ASSERT_TRUE(note);
  EXPECT_EQ(note->address, "2001:db8::7");
  EXPECT_EQ(note->user, "");
  EXPECT_EQ(note->protocol, "5");
}

TEST_F(LogReaderTest, HowSessionsEnd) {
  for (const auto& [rest, reason] : std::initializer_list<std::pair<std::string, OfflineReason>>{
           {"disconnected.", OfflineReason::kDisconnected},
           {"closed its connection.", OfflineReason::kConnectionLost},
           {"has exceeded timeout, disconnecting.", OfflineReason::kTimeout},
           {"disconnected due to protocol error.", OfflineReason::kProtocolError},
           {"disconnected due to out of memory.", OfflineReason::kConnectionLost},
           {"disconnected: Connection reset by peer.", OfflineReason::kConnectionLost},
           {"disconnected, not authorised.", OfflineReason::kLogin}}) {
    const auto note = Read({"Client a " + rest});
    ASSERT_TRUE(note) << rest;
    EXPECT_EQ(note->kind, Kind::kEnded);
    EXPECT_EQ(note->client_id, "a");
    EXPECT_EQ(note->reason, reason) << rest;
  }
  const auto note = Read({"Client a already connected, closing old connection."});
  ASSERT_TRUE(note);
  EXPECT_EQ(note->kind, Kind::kReplaced);
}

TEST_F(LogReaderTest, ARefusedLoginIsOfTheOnlyOneThatWaits) {
  ExpectRefused({"New connection from 192.0.2.7:43505 on port 28832.",
                 "Client <unknown> disconnected, not authorised."},
                OfflineReason::kLogin, "192.0.2.7");
}

TEST_F(LogReaderTest, WithSeveralWaitingNobodyIsNamed) {
  ExpectRefused({"New connection from 192.0.2.7:43505 on port 28832.",
                 "New connection from 192.0.2.8:43505 on port 28832.",
                 "Client <unknown> disconnected, not authorised."},
                OfflineReason::kLogin, "");
}

TEST_F(LogReaderTest, TheDebugLinesNameTheOneThatIsRefused) {
  ExpectRefused(
      {"New connection from 192.0.2.7:43505 on port 28832.",
       "New connection from 192.0.2.8:43505 on port 28832.", "Sending CONNACK to 192.0.2.8 (0, 5)",
       "Client <unknown> disconnected, not authorised."},
      OfflineReason::kLogin, "192.0.2.8");
}

TEST_F(LogReaderTest, TlsTroubles) {
  ExpectRefused({"New connection from 192.0.2.7:43929 on port 8883.",
                 "OpenSSL Error[0]: error:0A0000C7:SSL routines::peer did not return a certificate",
                 "Client <unknown> disconnected: Protocol error."},
                OfflineReason::kCertificate, "192.0.2.7",
                "error:0A0000C7:SSL routines::peer did not return a certificate");
  ExpectRefused({"Client connection from 192.0.2.9 failed: error:0A00010B:SSL routines::wrong "
                 "version number."},
                OfflineReason::kCertificate, "192.0.2.9",
                "error:0A00010B:SSL routines::wrong version number");
}

TEST_F(LogReaderTest, NoMqttIsAProtocolErrorAndAKnockIsNothing) {
  ExpectRefused({"New connection from 192.0.2.7:53395 on port 1883.",
                 "Client <unknown> disconnected due to protocol error."},
                OfflineReason::kProtocolError, "192.0.2.7");
  EXPECT_FALSE(Read({"New connection from 192.0.2.7:53395 on port 1883.",
                     "Client <unknown> closed its connection."}));
}

TEST_F(LogReaderTest, ADeniedTopic) {
  const auto note =
      Read({"Denied PUBLISH from a (d0, q1, r0, m2, "
            "'anycubic/anycubicCloud/v1/printer/public/20021/b/status/report', ... (2 "
            "bytes))"});
  ASSERT_TRUE(note);
  EXPECT_EQ(note->kind, Kind::kDenied);
  EXPECT_EQ(note->client_id, "a");
  EXPECT_EQ(note->detail, "anycubic/anycubicCloud/v1/printer/public/20021/b/status/report");
}

// Each line is what Mosquitto writes for a client that calls itself so.
TEST_F(LogReaderTest, AnIdThatLooksLikeALogLineForgesNothing) {
  for (const std::string& id :
       {std::string("victim disconnected."), std::string("victim closed its connection."),
        std::string("victim disconnected: Protocol error."),
        std::string("victim has exceeded timeout, disconnecting."),
        std::string("victim disconnected, not authorised."), std::string("victim (p2, c1, k60)."),
        std::string("victim (p2, c1, k60, u'x"), std::string("victim (p2, c1, k60, u'x').")}) {
    for (const std::string user : {"", ", u'y'"}) {
      EXPECT_FALSE(reader_.Read("New client connected from 192.0.2.66:1 as " + id +
                                " (p2, c1, k60" + user + ")."))
          << id;
    }
    for (const std::string end :
         {"disconnected.", "closed its connection.", "has exceeded timeout, disconnecting.",
          "already connected, closing old connection.", "disconnected: Protocol error."}) {
      EXPECT_FALSE(reader_.Read("Client " + id + " " + end)) << id;
    }
  }
  const auto denied = reader_.Read(
      "Denied PUBLISH from victim (d0, q0, r0, m0, 'a/b', ... (2 bytes)) (d0, q0, r0, m0, 'x', ... "
      "(2 bytes))");
  ASSERT_TRUE(denied);
  EXPECT_EQ(denied->client_id, "") << "counted, of nobody";
}

TEST_F(LogReaderTest, OtherLinesAreNothing) {
  for (const char* line :
       {"", "Client", "Client ", "Client a", "New client connected from ", "Denied PUBLISH",
        "New connection from", "mosquitto version 2.0.11 running", "OpenSSL Error[", "\tfleet/#",
        "Received PUBLISH from a (d0, q1, r0, m1, 'x', ... (2 bytes))",
        "Sending CONNACK to a (0, 0)", "New client connected from 192.0.2.7:1 as a (p, c1, k60).",
        "New client connected from 192.0.2.7:1 as a (p2, c1, k60) and more."}) {
    EXPECT_FALSE(reader_.Read(line)) << line;
  }
  EXPECT_FALSE(reader_.Read("Client " + std::string(500, 'x') + " disconnected."));
}

}  // namespace
}  // namespace printfleet::broker
