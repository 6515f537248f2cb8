#include "core/links.h"

#include <gtest/gtest.h>

namespace printfleet::core {
namespace {

constexpr char kTopic[] = "fleet/v1/heartbeat/test";

Instant At(int64_t ms) {
  return {FromEpochMs(1000000000000 + ms), MonoTime(milliseconds(ms))};
}

Message Said(Session session, std::string topic, std::string payload, int64_t at_ms) {
  Message message;
  message.session = session;
  message.topic = std::move(topic);
  message.payload = std::move(payload);
  message.received = At(at_ms);
  return message;
}

class LinksTest : public testing::Test {
 protected:
  bool Heartbeat(Session session, const std::string& nonce, int64_t at_ms) {
    Message message = Said(session, kTopic, nonce, at_ms);
    return links_.Receive(message);
  }

  Message Report(int64_t at_ms) {
    Message message = Said(Session::kReports, "anycubic/x", "{}", at_ms);
    EXPECT_FALSE(links_.Receive(message));
    return message;
  }

  Links links_{Links::Config{kTopic, milliseconds(1000), milliseconds(10000)}};
};

TEST_F(LinksTest, WhatComesBeforeTheFirstHeartbeatIsBacklog) {
  links_.SetDeafBeforeStart(seconds(42), At(110));
  links_.OnUp(Session::kReports, At(100));
  const Message early = Report(110);
  EXPECT_TRUE(early.backlog);
  EXPECT_EQ(early.deaf_for, seconds(42));
  EXPECT_TRUE(links_.Deaf(Session::kReports, At(110)));
  EXPECT_TRUE(Heartbeat(Session::kReports, links_.NextHeartbeat(At(120)), 150));
  EXPECT_FALSE(Report(160).backlog);
  EXPECT_EQ(Report(160).read_until, MonoTime(milliseconds(120)));
  EXPECT_FALSE(links_.Deaf(Session::kReports, At(160)));
  EXPECT_DOUBLE_EQ(links_.LagSeconds(At(160)), 0.03);
}

TEST_F(LinksTest, WhatWasHeardIsSettledOnlyOnceItIsReleased) {
  links_.SetDeafBeforeStart(seconds(100), At(0));
  links_.OnUp(Session::kReports, At(0));
  links_.OnReleased(Session::kReports);  // a part of the backlog
  EXPECT_FALSE(links_.settled_at(Session::kReports));
  EXPECT_TRUE(Heartbeat(Session::kReports, links_.NextHeartbeat(At(1000)), 1010));
  EXPECT_FALSE(links_.settled_at(Session::kReports));
  // The connection goes before anything is stored: all of it comes again, as old as it is.
  links_.OnDown(Session::kReports);
  links_.OnUp(Session::kReports, At(2000));
  EXPECT_EQ(Report(2000).deaf_for, seconds(102));
  links_.OnReleased(Session::kReports);
  EXPECT_EQ(Report(3000).deaf_for, seconds(103));
  EXPECT_TRUE(Heartbeat(Session::kReports, links_.NextHeartbeat(At(4000)), 4010));
  links_.OnReleased(Session::kReports);
  EXPECT_EQ(links_.settled_at(Session::kReports), MonoTime(milliseconds(4000)));
  links_.OnDown(Session::kReports);
  links_.OnUp(Session::kReports, At(9000));
  EXPECT_EQ(Report(9000).deaf_for, seconds(5));
}

TEST_F(LinksTest, AHeartbeatOfAnEarlierConnectionProvesNothing) {
  links_.OnUp(Session::kReports, At(100));
  const std::string old = links_.NextHeartbeat(At(120));
  links_.OnDown(Session::kReports);
  links_.OnUp(Session::kReports, At(500));
  EXPECT_TRUE(Heartbeat(Session::kReports, old, 510));
  EXPECT_TRUE(Report(520).backlog);
  EXPECT_TRUE(Heartbeat(Session::kReports, "rubbish", 530));
  EXPECT_TRUE(Report(540).backlog);
}

TEST_F(LinksTest, AHeartbeatBeforeTheSubackProvesNothing) {
  // Of a process that died: the broker kept it, and delivers it before our SUBSCRIBE is answered.
  EXPECT_TRUE(Heartbeat(Session::kReports, "50", 100));
  EXPECT_TRUE(Report(110).backlog);
  EXPECT_TRUE(links_.Deaf(Session::kReports, At(110)));
  links_.OnUp(Session::kReports, At(120));
  EXPECT_TRUE(Report(130).backlog);
}

TEST_F(LinksTest, SessionsCatchUpEachForItself) {
  links_.OnUp(Session::kReports, At(0));
  links_.OnUp(Session::kCommands, At(0));
  EXPECT_TRUE(Heartbeat(Session::kCommands, links_.NextHeartbeat(At(1)), 5));
  EXPECT_TRUE(links_.caught_up(Session::kCommands));
  EXPECT_FALSE(links_.caught_up(Session::kReports));
}

TEST_F(LinksTest, SilenceGrowsTheLagAndEndsInDeafness) {
  links_.OnUp(Session::kReports, At(0));
  EXPECT_TRUE(Heartbeat(Session::kReports, links_.NextHeartbeat(At(0)), 10));
  (void)links_.NextHeartbeat(At(1000));
  EXPECT_DOUBLE_EQ(links_.LagSeconds(At(4000)), 3.0);
  EXPECT_FALSE(links_.Deaf(Session::kReports, At(9999)));
  EXPECT_EQ(links_.DeafAt(Session::kReports, At(9999)), MonoTime(milliseconds(10010)));
  EXPECT_TRUE(links_.Deaf(Session::kReports, At(10010)));
  EXPECT_EQ(links_.DeafAt(Session::kReports, At(10010)), std::nullopt);
}

TEST_F(LinksTest, WhileDrainingReportsAreNotHeardHoweverFreshTheHeartbeat) {
  links_.OnUp(Session::kReports, At(100));
  links_.OnUp(Session::kCommands, At(100));
  const std::string nonce = links_.NextHeartbeat(At(120));
  EXPECT_TRUE(Heartbeat(Session::kReports, nonce, 150));
  EXPECT_TRUE(Heartbeat(Session::kCommands, nonce, 150));
  links_.SetDraining(true);
  EXPECT_TRUE(links_.Deaf(Session::kReports, At(160)));
  EXPECT_FALSE(links_.DeafAt(Session::kReports, At(160)));
  EXPECT_FALSE(links_.Deaf(Session::kCommands, At(160)));
  links_.SetDraining(false);
  EXPECT_FALSE(links_.Deaf(Session::kReports, At(160)));
  EXPECT_TRUE(links_.Deaf(Session::kReports, At(10160)));
}

}  // namespace
}  // namespace printfleet::core
