#include "broker/output.h"

#include <gtest/gtest.h>

namespace printfleet::broker {
namespace {

TEST(BrokerOutput, Levels) {
  EXPECT_EQ(LevelOfLine("Error: Address already in use"), LogLevel::kError);
  EXPECT_EQ(LevelOfLine("Warning: Bridge x"), LogLevel::kWarning);
  EXPECT_EQ(LevelOfLine("Warning: ACL pattern 'anycubic/#' does not contain '%c' or '%u'."),
            LogLevel::kDebug);
  EXPECT_EQ(LevelOfLine("Client printfleet-ready closed its connection."), LogLevel::kDebug);
  EXPECT_EQ(LevelOfLine("New connection from 127.0.0.1:49646 on port 1883."), LogLevel::kDebug);
  EXPECT_EQ(LevelOfLine("Client a disconnected."), LogLevel::kDebug);
  EXPECT_EQ(LevelOfLine("Client a disconnected, not authorised."), LogLevel::kInfo);
  EXPECT_EQ(LevelOfLine("mosquitto version 2.0.11 running"), LogLevel::kInfo);
}

}  // namespace
}  // namespace printfleet::broker
