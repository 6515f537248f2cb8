#include "broker/config.h"

#include <gtest/gtest.h>

namespace printfleet::broker {
namespace {

using settings::Broker;
using settings::BrokerListener;
using settings::Login;

BrokerListener Listener(const std::string& address, uint16_t port) {
  BrokerListener listener;
  listener.address = address;
  listener.port = port;
  return listener;
}

ConfigInput Input(const Broker& broker) {
  ConfigInput input;
  input.broker = &broker;
  input.private_port = 40001;
  return input;
}

TEST(BrokerConfig, DefaultIsExactlyThis) {
  const Broker broker;
  ConfigInput input = Input(broker);
  input.run_as = "mosquitto";
  const Result<std::string> text = ConfigText(input);
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text, R"(# Written by printfleet at each start; changes here are lost.
per_listener_settings true
user mosquitto

# The clock decides when to save, never the number of changes: each save stops the
# broker's only thread. A new durable session is saved by SIGUSR1.
persistence true
persistence_location ./
persistence_file mosquitto.db
autosave_on_changes false
autosave_interval 60
persistent_client_expiration 3m

# Printers publish with QoS 0; the daemon's session is to keep that too.
upgrade_outgoing_qos true
queue_qos0_messages true
max_queued_messages 0
max_queued_bytes 4294967296
max_inflight_messages 200
max_packet_size 2097152
message_size_limit 2097152
set_tcp_nodelay true
sys_interval 10

# Standard error goes to the daemon's log, which has the time.
log_dest stderr
log_timestamp false
connection_messages true
log_type error
log_type warning
log_type notice
log_type information

# For printers and people.
listener 1883 127.0.0.1
acl_file listener-1.acl
allow_anonymous true

# The daemon's own.
listener 40001 127.0.0.1
allow_anonymous false
acl_file private.acl
password_file private.passwords

# Proves that this broker serves; nothing is allowed here.
listener 0 ready.sock
allow_anonymous true
acl_file ready.acl
)");
}

TEST(BrokerConfig, PasswordAndTlsListener) {
  Broker broker;
  BrokerListener people = Listener("0.0.0.0", 8883);
  people.for_printers = false;
  people.login = Login::kPassword;
  people.tls = settings::Tls{"/x/ca.pem", "/x/cert.pem", "/x/key.pem", true};
  broker.listeners.push_back(people);
  const Result<std::string> text = ConfigText(Input(broker));
  ASSERT_TRUE(text.ok());
  EXPECT_NE(text->find("# For people.\n"
                       "listener 8883 0.0.0.0\n"
                       "acl_file listener-2.acl\n"
                       "allow_anonymous false\n"
                       "password_file listener-2.passwords\n"
                       "tls_version tlsv1.2\n"
                       "cafile listener-2-ca.pem\n"
                       "certfile listener-2-cert.pem\n"
                       "keyfile listener-2-key.pem\n"
                       "require_certificate true\n"),
            std::string::npos);
  EXPECT_EQ(text->find("\nuser "), std::string::npos);
}

TEST(BrokerConfig, DeniedTopicsAreLoggedOnlyOnRequest) {
  const Broker broker;
  ConfigInput input = Input(broker);
  EXPECT_EQ(ConfigText(input)->find("log_type debug"), std::string::npos);
  input.log_denied = true;
  EXPECT_NE(ConfigText(input)->find("log_type debug"), std::string::npos);
}

TEST(BrokerConfig, APortNumberIsUsedOnceAlsoOnOtherAddresses) {
  Broker broker;
  broker.listeners = {Listener("127.0.0.1", 1883), Listener("::1", 1883)};
  const Status status = CheckListeners(broker);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Errc::kInvalid);
  EXPECT_NE(status.error().message.find("give each listener a port number of its own"),
            std::string::npos);
  broker.listeners = {Listener("127.0.0.1", 40001)};
  EXPECT_FALSE(ConfigText(Input(broker)).ok());  // the daemon's own
  broker.listeners = {Listener("127.0.0.1", 0), Listener("::1", 0)};
  EXPECT_TRUE(CheckListeners(broker).ok());
  EXPECT_FALSE(ConfigText(Input(broker)).ok());  // not resolved
}

TEST(BrokerConfig, ItsLogReachesTheDaemonWhoseChildItIsNot) {
  Broker broker;
  const auto text = [&broker] { return *ConfigText(Input(broker)); };
  EXPECT_EQ(text().find("log_dest topic"), std::string::npos);
  broker.lifetime = settings::Lifetime::kOwn;
  EXPECT_NE(text().find("\nlog_dest topic\n"), std::string::npos);
  EXPECT_EQ(text().find("log_type debug"), std::string::npos);
  ConfigInput denied = Input(broker);
  denied.log_denied = true;
  EXPECT_NE(ConfigText(denied)->find("\nlog_type debug\n"), std::string::npos);
}

TEST(BrokerConfig, OpenListenersForPeopleStayOnLoopback) {
  Broker broker;
  broker.listeners = {Listener("0.0.0.0", 1883)};
  EXPECT_EQ(CheckListeners(broker).error().code, Errc::kInvalid);
  broker.listeners[0].for_people = false;
  EXPECT_TRUE(CheckListeners(broker).ok());
  broker.listeners[0].for_people = true;
  broker.listeners[0].login = Login::kPassword;
  EXPECT_TRUE(CheckListeners(broker).ok());
}

TEST(BrokerConfig, ACertificatesNameIsThePrintersId) {
  Broker broker;
  BrokerListener& printers = broker.listeners[0] = Listener("192.0.2.10", 8883);
  printers.login = Login::kCertificate;
  EXPECT_EQ(CheckListeners(broker).error().code,
            Errc::kInvalid);  // for people, without an authority
  printers.tls = settings::Tls{"/x/ca.pem", "/x/cert.pem", "/x/key.pem", false};
  EXPECT_FALSE(CheckListeners(broker).ok());  // still for people
  printers.for_people = false;
  const auto text = ConfigText(Input(broker));
  ASSERT_TRUE(text.ok()) << text.error().message;
  EXPECT_NE(text->find("# For printers.\n"
                       "listener 8883 192.0.2.10\n"
                       "acl_file listener-1.acl\n"
                       "use_identity_as_username true\n"
                       "use_username_as_clientid true\n"
                       "allow_anonymous true\n"
                       "tls_version tlsv1.2\n"
                       "ciphers DEFAULT:!aNULL:@SECLEVEL=0\n"
                       "cafile listener-1-ca.pem\n"
                       "certfile listener-1-cert.pem\n"
                       "keyfile listener-1-key.pem\n"
                       "require_certificate true\n"),
            std::string::npos)
      << *text;
}

TEST(BrokerConfig, OldCertificatesAreForPrintersAlone) {
  Broker broker;
  BrokerListener& listener = broker.listeners[0] = Listener("127.0.0.1", 8883);
  listener.tls = settings::Tls{"", "/x/cert.pem", "/x/key.pem", false};
  EXPECT_EQ(ConfigText(Input(broker))->find("\nciphers"), std::string::npos);
  listener.tls->security_level = 1;
  EXPECT_NE(ConfigText(Input(broker))->find("\nciphers DEFAULT:!aNULL:@SECLEVEL=1\n"),
            std::string::npos);
  listener.for_people = false;
  listener.tls->security_level = 2;
  EXPECT_NE(ConfigText(Input(broker))->find("\nciphers DEFAULT:!aNULL:@SECLEVEL=2\n"),
            std::string::npos);
}

TEST(BrokerConfig, NothingCanSmuggleALine) {
  Broker broker;
  broker.listeners[0].address = "127.0.0.1\nallow_anonymous true";
  EXPECT_FALSE(CheckListeners(broker).ok());
  broker.listeners[0].address = "127.0.0.1";
  ConfigInput input = Input(broker);
  input.run_as = "a\nb";
  EXPECT_FALSE(ConfigText(input).ok());
}

TEST(BrokerConfig, Loopback) {
  EXPECT_TRUE(IsLoopback("127.0.0.1"));
  EXPECT_TRUE(IsLoopback("127.1.2.3"));
  EXPECT_TRUE(IsLoopback("::1"));
  EXPECT_TRUE(IsLoopback("localhost"));
  EXPECT_FALSE(IsLoopback("0.0.0.0"));
  EXPECT_FALSE(IsLoopback("::"));
  EXPECT_FALSE(IsLoopback("127.example.org"));
}

}  // namespace
}  // namespace printfleet::broker
