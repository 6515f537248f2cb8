// Inbound's sessions, properties and error texts against a real Mosquitto.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"

namespace printfleet::mqtt {
namespace {

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A server that accepts and says what the test tells it to.
class ScriptedServer {
 public:
  ScriptedServer() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }

  ~ScriptedServer() {
    close(listener_);
    close(connection_);
  }

  void Accept() { connection_ = accept(listener_, nullptr, nullptr); }

  void Say(const std::string& bytes) const {
    EXPECT_EQ(write(connection_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }

  [[nodiscard]] BrokerAddress address() const { return {"127.0.0.1", port_, "", "", ""}; }

 private:
  int listener_;
  int connection_ = -1;
  uint16_t port_ = 0;
};

TEST(Inbound, CloseKeepsTheSession) {
  const Broker broker;
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  EXPECT_FALSE(reader.session_present);
  reader.inbound.Close();
  EXPECT_TRUE(reader.inbound.closed());
  PublishNumbers(broker, "reports/a", 3);
  reader.ComeUp();
  EXPECT_TRUE(reader.session_present);
  ASSERT_TRUE(reader.UntilMessages(3));
  EXPECT_EQ(reader.Payloads(), Numbers(3));
}

TEST(Inbound, MessagesOfAKnownSessionMayComeBeforeUp) {
  const Broker broker;
  SessionConfig config = ReportsSession();
  config.receive_max = 10;
  Reader reader(broker.address(), config);
  reader.ComeUp();
  reader.inbound.Close();
  PublishNumbers(broker, "reports/a", 30);
  ASSERT_TRUE(reader.inbound.Connect(Now()).ok());
  while (reader.messages.size() < 30) {
    const size_t before = reader.messages.size();
    ASSERT_TRUE(reader.UntilMessages(before + 10));
    EXPECT_TRUE(reader.connected);
    reader.Release();
  }
  EXPECT_TRUE(reader.Until([&] { return reader.inbound.up(); }));
  EXPECT_EQ(reader.Payloads(), Numbers(30));
}

TEST(Inbound, EveryMessageHasItsDigestSessionAndTime) {
  const Broker broker;
  SessionConfig config = ReportsSession();
  config.session = core::Session::kCommands;
  Reader reader(broker.address(), config);
  reader.ComeUp();
  const Instant before = Now();
  PublishNumbers(broker, "reports/a", 1);
  ASSERT_TRUE(reader.UntilMessages(1));
  const core::Message& message = reader.messages.front();
  EXPECT_EQ(message.topic, "reports/a");
  EXPECT_EQ(message.digest, MessageDigest("reports/a", "0"));
  EXPECT_EQ(message.session, core::Session::kCommands);
  EXPECT_GE(message.received.mono, before.mono);
  EXPECT_FALSE(message.retained);
  EXPECT_FALSE(message.message_expiry_s.has_value());
}

TEST(Inbound, RetainAsPublishedTellsARetainedRequest) {
  const Broker broker;
  for (const bool retain_as_published : {false, true}) {
    SessionConfig config = ReportsSession(retain_as_published ? "with" : "without");
    config.retain_as_published = retain_as_published;
    Reader reader(broker.address(), config);
    reader.ComeUp();
    reader.messages.clear();
    ASSERT_TRUE(broker.Publish({"-t", "reports/r", "-q", "1", "-r", "-m", "retained"}));
    ASSERT_TRUE(reader.Until(
        [&] { return !reader.messages.empty() && reader.messages.back().topic == "reports/r"; }));
    EXPECT_EQ(reader.messages.back().retained, retain_as_published);
    ASSERT_TRUE(broker.Publish({"-t", "reports/r", "-q", "1", "-r", "-n"}));
  }
}

TEST(Inbound, CopiesExpiryResponseTopicAndCorrelationData) {
  const Broker broker;
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  ASSERT_TRUE(broker.Publish({"-t", "reports/p", "-q", "1", "-m", "x", "-D", "publish",
                              "message-expiry-interval", "600", "-D", "publish", "response-topic",
                              "answers/me", "-D", "publish", "correlation-data", "c-1"}));
  ASSERT_TRUE(reader.UntilMessages(1));
  const core::Message& message = reader.messages.front();
  EXPECT_EQ(message.message_expiry_s, 600U);
  EXPECT_EQ(message.response_topic, "answers/me");
  EXPECT_EQ(message.correlation_data, "c-1");
}

TEST(Inbound, AnEmptyPayloadIsAMessage) {
  const Broker broker;
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  ASSERT_TRUE(broker.Publish({"-t", "reports/e", "-q", "1", "-n"}));
  ASSERT_TRUE(reader.UntilMessages(1));
  EXPECT_EQ(reader.messages.front().payload, "");
}

TEST(Inbound, SubscribesToSeveralFilters) {
  const Broker broker;
  SessionConfig config = ReportsSession();
  config.filters = {"one/#", "two/+/x", "three"};
  Reader reader(broker.address(), config);
  reader.ComeUp();
  PublishNumbers(broker, "one/a", 1);
  PublishNumbers(broker, "two/a/x", 1);
  PublishNumbers(broker, "three", 1);
  EXPECT_TRUE(reader.UntilMessages(3));
}

TEST(Inbound, ATakeoverWithItsReasonCodeIsNamed) {
  ScriptedServer server;
  Reader reader(server.address(), ReportsSession("shared-id"));
  ASSERT_TRUE(reader.inbound.Connect(Now()).ok());
  server.Accept();
  server.Say(std::string("\x20\x03\x00\x00\x00", 5));  // CONNACK
  server.Say(std::string("\xE0\x02\x8E\x00", 4));      // DISCONNECT, session taken over
  ASSERT_TRUE(reader.Until([&] { return reader.inbound.closed(); }));
  EXPECT_TRUE(Contains(reader.down, "another client uses our client id 'shared-id'"))
      << reader.down;
}

// Mosquitto 2.0.11 just closes.
TEST(Inbound, ATakeoverOnMosquittoIsHinted) {
  const Broker broker;
  Reader first(broker.address(), ReportsSession("shared-id"));
  first.ComeUp();
  PublishNumbers(broker, "reports/a", 5);
  ASSERT_TRUE(first.UntilMessages(5));
  Reader second(broker.address(), ReportsSession("shared-id"));
  second.ComeUp();
  ASSERT_TRUE(first.Until([&] { return first.inbound.closed(); }));
  EXPECT_TRUE(Contains(first.down, "client with our client id 'shared-id'")) << first.down;
  EXPECT_EQ(first.inbound.held(), 0);
  EXPECT_TRUE(second.UntilMessages(5));
}

TEST(Inbound, SaysWhatToDoWhenNobodyListens) {
  for (const std::string host : {"127.0.0.1", "0.0.0.0"}) {
    Inbound inbound({host, FreePort(), "", "", ""}, ReportsSession());
    Status connected = inbound.Connect(Now());
    if (connected.ok()) {  // another machine: the probe says it later
      std::optional<std::string> down;
      ASSERT_TRUE(WaitFor([&] {
        down = inbound.OnWritable(Now()).down;
        return down.has_value();
      }));
      connected = Error{Errc::kUnavailable, *down};
    }
    EXPECT_TRUE(Contains(connected.error().message, "connection refused by " + host))
        << connected.error().message;
    EXPECT_TRUE(inbound.closed());
  }
}

TEST(Inbound, ReachesABrokerThatIsNotOnLoopbackThroughAProbe) {
  const Broker broker;
  BrokerAddress address = broker.address();
  address.host = "0.0.0.0";  // not loopback by name, and yet this machine
  Reader reader(address, ReportsSession());
  reader.ComeUp();
  PublishNumbers(broker, "reports/a", 3);
  EXPECT_TRUE(reader.UntilMessages(3));
}

TEST(Inbound, SaysThatALoginIsRefused) {
  const Broker broker;
  Reader reader(broker.login_address(), ReportsSession());
  ASSERT_TRUE(reader.inbound.Connect(Now()).ok());
  ASSERT_TRUE(reader.Until([&] { return reader.inbound.closed(); }));
  EXPECT_TRUE(Contains(reader.down, "not authorised")) << reader.down;
}

TEST(Inbound, SaysThatTheCertificateIsNotOfItsCa) {
  const Broker broker;
  const Broker stranger;
  BrokerAddress address = broker.tls_address();
  address.ca_file = stranger.tls_address().ca_file;
  Reader reader(address, ReportsSession());
  const Status connected = reader.inbound.Connect(Now());
  if (connected.ok()) {
    ASSERT_TRUE(reader.Until([&] { return reader.inbound.closed(); }));
  } else {
    reader.down = connected.error().message;
  }
  EXPECT_TRUE(Contains(reader.down, "broker.ca_file")) << reader.down;
  EXPECT_TRUE(Contains(reader.down, "certificate verify failed")) << reader.down;
}

TEST(Inbound, AMissingCaFileIsAConfigurationError) {
  Inbound inbound({"127.0.0.1", 1, "", "", "/nonexistent/ca.pem"}, ReportsSession());
  const Status connected = inbound.Connect(Now());
  ASSERT_FALSE(connected.ok());
  EXPECT_EQ(connected.error().code, Errc::kInvalid);
  EXPECT_TRUE(Contains(connected.error().message, "/nonexistent/ca.pem"));
}

TEST(Inbound, ABrokerThatIsKilledIsADown) {
  Broker broker;
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  broker.Kill();
  ASSERT_TRUE(reader.Until([&] { return reader.inbound.closed(); }));
  EXPECT_TRUE(Contains(reader.down, "closed the connection")) << reader.down;
  EXPECT_FALSE(reader.inbound.up());
  EXPECT_EQ(reader.inbound.fd(), -1);
}

TEST(Inbound, AServerThatSaysNothingIsADownAfterTheDeadline) {
  ScriptedServer server;
  Inbound inbound(server.address(), ReportsSession());
  Instant now = Now();
  ASSERT_TRUE(inbound.Connect(now).ok());
  now.mono += seconds(9);
  EXPECT_FALSE(inbound.OnSecond(now).down.has_value());
  now.mono += seconds(2);
  const std::optional<std::string> down = inbound.OnSecond(now).down;
  ASSERT_TRUE(down.has_value());
  EXPECT_TRUE(Contains(*down, "does not answer MQTT")) << *down;
  EXPECT_TRUE(inbound.closed());
}

TEST(Inbound, ARefusedSubscriptionIsADown) {
  ScriptedServer server;
  Reader reader(server.address(), ReportsSession());
  ASSERT_TRUE(reader.inbound.Connect(Now()).ok());
  server.Accept();
  server.Say(std::string("\x20\x03\x00\x00\x00", 5));  // CONNACK
  ASSERT_TRUE(reader.Until([&] { return reader.connected; }));
  server.Say(std::string("\x90\x04\x00\x01\x00\x87", 6));  // SUBACK, not authorised
  ASSERT_TRUE(reader.Until([&] { return reader.inbound.closed(); }));
  EXPECT_TRUE(Contains(reader.down, "subscription to 'reports/#'")) << reader.down;
}

TEST(Inbound, AServerThatAnswersNoSubscribeIsADown) {
  ScriptedServer server;
  Reader reader(server.address(), ReportsSession());
  ASSERT_TRUE(reader.inbound.Connect(Now()).ok());
  server.Accept();
  server.Say(std::string("\x20\x03\x00\x00\x00", 5));
  ASSERT_TRUE(reader.Until([&] { return reader.connected; }));
  Instant now = Now();
  reader.Keep(reader.inbound.OnSecond(now));
  now.mono += seconds(11);
  reader.Keep(reader.inbound.OnSecond(now));
  EXPECT_TRUE(Contains(reader.down, "SUBSCRIBE")) << reader.down;
}

TEST(Inbound, GarbageFromTheServerIsADown) {
  ScriptedServer server;
  Reader reader(server.address(), ReportsSession());
  ASSERT_TRUE(reader.inbound.Connect(Now()).ok());
  server.Accept();
  server.Say("HTTP/1.1 400 Bad Request\r\n\r\n" + std::string(100, 'x'));
  ASSERT_TRUE(reader.Until([&] { return reader.inbound.closed(); }));
  EXPECT_FALSE(reader.down.empty());
}

TEST(Inbound, StaysUpByPingsWhileIdle) {
  const Broker broker;
  SessionConfig config = ReportsSession();
  config.keepalive = seconds(5);
  Reader reader(broker.address(), config);
  reader.ComeUp();
  const MonoTime end = Now().mono + milliseconds(8500);  // the broker cuts at 7.5 s
  while (Now().mono < end) {
    reader.Turn(milliseconds(250));
    reader.Keep(reader.inbound.OnSecond(Now()));
  }
  EXPECT_TRUE(reader.inbound.up()) << reader.down;
}

}  // namespace
}  // namespace printfleet::mqtt
