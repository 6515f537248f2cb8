#include "cli/broker_address.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace printfleet::cli {
namespace {

settings::Settings Load(const std::string& text) {
  const auto loaded = settings::LoadText(text, "f");
  EXPECT_TRUE(loaded.ok());
  return loaded.settings;
}

TEST(BrokerAddress, OpenLoopbackIsLocal) {
  const auto broker = BrokerOf(Load("data_dir: /x\nfleet: {topic_root: farm}\n"), {});
  ASSERT_TRUE(broker.ok());
  EXPECT_EQ(broker->Text(), "mqtt://127.0.0.1:1883");
  EXPECT_EQ(broker->author, "local");
  EXPECT_EQ(broker->CommandTopic(), "farm/command");
  EXPECT_EQ(broker->ResponseTopic("i"), "farm/response/local/i");
}

TEST(BrokerAddress, ListenerFitsTheLogin) {
  const auto settings = Load(
      "data_dir: /x\nbroker:\n  listeners:\n"
      "  - {address: 192.0.2.1, port: 8883, for: [printers]}\n"
      "  - {address: 0.0.0.0, port: 8884, for: [people], login: password}\n"
      "  - {address: \"::1\", port: 1883, for: [people]}\n");
  EXPECT_EQ(BrokerOf(settings, {})->Text(), "mqtt://[::1]:1883");
  ConnectionArguments connection;
  connection.user = "anna";
  const auto broker = BrokerOf(settings, connection);
  ASSERT_TRUE(broker.ok());
  EXPECT_EQ(broker->Text(), "mqtt://127.0.0.1:8884");
  EXPECT_EQ(broker->CommandTopic(), "fleet/v1/command/anna");
  EXPECT_EQ(broker->ResponseTopic("i"), "fleet/v1/response/anna/i");
}

TEST(BrokerAddress, LoginIsAskedFor) {
  const auto settings =
      Load("data_dir: /x\nbroker: {listeners: [{for: [people], login: password}]}\n");
  const auto broker = BrokerOf(settings, {});
  ASSERT_FALSE(broker.ok());
  EXPECT_EQ(broker.error().code, Errc::kInvalid);
}

TEST(BrokerAddress, FreePortIsReadWhereTheBrokerKeepsIt) {
  std::string directory = testing::TempDir() + "broker-XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  const auto settings = Load("data_dir: " + directory + "\nbroker: {listeners: [{port: 0}]}\n");
  EXPECT_EQ(BrokerOf(settings, {}).error().code, Errc::kUnavailable);
  std::filesystem::create_directory(directory + "/broker");
  std::ofstream(directory + "/broker/listener-1.port") << "41883\n";
  EXPECT_EQ(BrokerOf(settings, {})->port, 41883);
  std::filesystem::remove_all(directory);
}

TEST(BrokerAddress, OfAUrl) {
  ConnectionArguments connection;
  connection.broker = "mqtts://anna@broker.example";
  connection.topic_root = "farm";
  const auto broker = FindBroker(connection);
  ASSERT_TRUE(broker.ok());
  EXPECT_EQ(broker->port, 8883);
  EXPECT_TRUE(broker->tls);
  EXPECT_EQ(broker->author, "anna");
  EXPECT_EQ(broker->topic_root, "farm");
  for (const auto* wrong : {"http://x", "mqtt://a:b@x", "x"}) {
    connection.broker = wrong;
    EXPECT_FALSE(FindBroker(connection).ok()) << wrong;
  }
}

TEST(BrokerAddress, ExternalUsesTheDaemonsLoginUnlessAsked) {
  const auto settings = Load(
      "data_dir: /x\nbroker: {mode: external, url: \"mqtt://daemon@b.example:1884\", "
      "trust_command_topic: true}\n");
  EXPECT_EQ(BrokerOf(settings, {})->author, "daemon");
  ConnectionArguments connection;
  connection.user = "anna";
  EXPECT_EQ(BrokerOf(settings, connection)->author, "anna");
  EXPECT_EQ(BrokerOf(settings, connection)->Text(), "mqtt://b.example:1884");
}

}  // namespace
}  // namespace printfleet::cli
