// Outbound: what becomes of messages, in which order they go, and its last will.
#include <gtest/gtest.h>

#include "clients.h"

namespace printfleet::mqtt {
namespace {

using Lane = core::Publish::Lane;
using Result = core::Published::Result;

core::Publish InLane(core::Publish message, Lane lane) {
  message.lane = lane;
  return message;
}

core::Publish Retained(core::Publish message) {
  message.retain = true;
  return message;
}

SessionConfig Watching(const std::string& filter) {
  SessionConfig config = ReportsSession("test-watcher");
  config.filters = {filter};
  return config;
}

TEST(Outbound, AnAcknowledgedTokenIsTaken) {
  const Broker broker;
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  Writer writer(broker.address(), TestOutbound());
  writer.ComeUp();
  core::Publish message = Text("reports/a", "x", 7);
  message.execution.printer_id = "p1";
  writer.outbound.Enqueue(message, Now());
  ASSERT_TRUE(writer.Until([&] { return !writer.published.empty(); }));
  EXPECT_EQ(writer.published.size(), 1U);
  EXPECT_EQ(writer.published[0].token, 7U);
  EXPECT_EQ(writer.published[0].execution.printer_id, "p1");
  EXPECT_TRUE(writer.published[0].ok);
  EXPECT_EQ(writer.published[0].result, Result::kTaken);
  EXPECT_EQ(writer.outbound.queued(), 0U);
  EXPECT_EQ(writer.outbound.in_flight(), 0U);
}

TEST(Outbound, SaysThatNobodySubscribes) {
  const Broker broker;
  Writer writer(broker.address(), TestOutbound());
  writer.ComeUp();
  writer.outbound.Enqueue(Text("printers/absent", "x", 7), Now());
  ASSERT_TRUE(writer.Until([&] { return !writer.published.empty(); }));
  EXPECT_TRUE(writer.published[0].ok);
  EXPECT_EQ(writer.published[0].result, Result::kNoSubscriber);
}

// Of a printer that is stopped, nothing that waits may set it going afterwards.
TEST(Outbound, AStopWithdrawsWhatWaitsToSetItsPrinterGoing) {
  const Broker broker;
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  Writer writer(broker.address(), TestOutbound());
  writer.ComeUp();
  uint64_t token = 0;
  for (const char* printer : {"p1", "p2", "p1"}) {
    core::Publish start = InLane(Text("reports/start", printer, ++token), Lane::kPrinter);
    start.execution.printer_id = printer;
    start.sets_going = token != 3;  // the third asks something
    writer.outbound.Enqueue(start, Now());
  }
  core::Publish stop = InLane(Text("reports/stop", "stop", 0), Lane::kStop);
  stop.execution.printer_id = "p1";
  writer.outbound.Enqueue(stop, Now());
  ASSERT_TRUE(writer.Until([&] { return writer.published.size() == 3; }));
  for (const core::Published& published : writer.published) {
    EXPECT_EQ(published.result, published.token == 1 ? Result::kOvertaken : Result::kTaken)
        << published.token;
  }
  ASSERT_TRUE(reader.UntilMessages(3));
  EXPECT_EQ(reader.messages[0].payload, "stop");
  EXPECT_EQ(reader.messages[1].payload, "p2");
  EXPECT_EQ(reader.messages[2].payload, "p1");
}

TEST(Outbound, WhileNotUpTokensAreRefusedAndResponsesWait) {
  const Broker broker;
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  Writer writer(broker.address(), TestOutbound());
  writer.outbound.Enqueue(Text("reports/request", "x", 7), Now());
  writer.outbound.Enqueue(Retained(Text("reports/state", "x")), Now());
  writer.outbound.Enqueue(Text("reports/response", "x"), Now());
  writer.Keep(writer.outbound.Pump(Now()));
  ASSERT_EQ(writer.published.size(), 1U);
  EXPECT_FALSE(writer.published[0].ok);
  EXPECT_EQ(writer.published[0].result, Result::kNotSent);
  EXPECT_EQ(writer.outbound.queued(), 1U);

  writer.ComeUp();
  ASSERT_TRUE(writer.Until([&] { return writer.outbound.queued() == 0; }));
  ASSERT_TRUE(reader.UntilMessages(1));
  EXPECT_EQ(reader.messages.front().topic, "reports/response");
}

TEST(Outbound, AResponseWaitsAMinuteForAConnection) {
  Writer writer({"127.0.0.1", 1, "", "", ""}, TestOutbound());
  Instant now = Now();
  writer.outbound.Enqueue(Text("reports/response", "x"), now);
  now.mono += seconds(59);
  writer.Keep(writer.outbound.OnSecond(now));
  EXPECT_EQ(writer.outbound.queued(), 1U);
  now.mono += seconds(1);
  writer.Keep(writer.outbound.OnSecond(now));
  EXPECT_EQ(writer.outbound.queued(), 0U);
  EXPECT_EQ(writer.outbound.expired_total(), 1U);
}

TEST(Outbound, ATokenInFlightAtDisconnectIsUnknownAndAQueuedOneNotSent) {
  const Broker broker;
  OutboundConfig config = TestOutbound();
  config.inflight_max = 1;
  Writer writer(broker.address(), config);
  writer.ComeUp();
  broker.Freeze();
  writer.outbound.Enqueue(Text("reports/a", "x", 1), Now());
  writer.outbound.Enqueue(Text("reports/a", "y", 2), Now());
  writer.Keep(writer.outbound.Pump(Now()));
  EXPECT_EQ(writer.outbound.in_flight(), 1U);
  writer.outbound.Drop();
  broker.Thaw();
  writer.Keep(writer.outbound.Pump(Now()));
  ASSERT_EQ(writer.published.size(), 2U);
  EXPECT_EQ(writer.published[0].token, 2U);
  EXPECT_EQ(writer.published[0].result, Result::kNotSent);
  EXPECT_EQ(writer.published[1].token, 1U);
  EXPECT_EQ(writer.published[1].result, Result::kUnknown);
  EXPECT_FALSE(writer.published[1].ok);
}

TEST(Outbound, AResponseInFlightAtDisconnectIsSentAgain) {
  Broker broker;
  Writer writer(broker.address(), TestOutbound());
  writer.ComeUp();
  broker.Freeze();
  writer.outbound.Enqueue(Text("reports/r", "first"), Now());
  writer.Keep(writer.outbound.Pump(Now()));
  writer.outbound.Enqueue(Text("reports/r", "second"), Now());
  writer.Keep(writer.outbound.Pump(Now()));
  broker.Kill();
  ASSERT_TRUE(writer.Until([&] { return writer.outbound.closed(); }));
  EXPECT_FALSE(writer.down.empty());
  EXPECT_EQ(writer.outbound.queued(), 2U);

  broker.Start();
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  writer.ComeUp();
  ASSERT_TRUE(writer.Until([&] { return writer.outbound.in_flight() == 0; }));
  ASSERT_TRUE(reader.UntilMessages(2));
  EXPECT_EQ(reader.Payloads(), (std::vector<std::string>{"first", "second"}));
}

TEST(Outbound, AMessageThatExpiresInOurQueueIsNotSent) {
  const Broker broker;
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  OutboundConfig config = TestOutbound();
  config.inflight_max = 1;
  Writer writer(broker.address(), config);
  writer.ComeUp();
  broker.Freeze();
  core::Publish late = Text("reports/a", "late", 2);
  late.expiry_s = 5;
  Instant past = Now();
  past.mono -= seconds(6);
  writer.outbound.Enqueue(Text("reports/a", "first", 1), Now());
  writer.outbound.Enqueue(late, past);
  writer.Keep(writer.outbound.Pump(Now()));
  broker.Thaw();
  ASSERT_TRUE(writer.Until([&] { return writer.published.size() == 2; }));
  EXPECT_EQ(writer.published[1].token, 2U);
  EXPECT_EQ(writer.published[1].result, Result::kNotSent);
  EXPECT_EQ(writer.outbound.expired_total(), 1U);
}

TEST(Outbound, WhatIsLeftOfTheExpiryAndTheCorrelationDataTravel) {
  const Broker broker;
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  Writer writer(broker.address(), TestOutbound());
  writer.ComeUp();
  core::Publish message = Text("reports/a", "x");
  message.expiry_s = 60;
  message.correlation_data = std::string("\x00\x01z", 3);
  Instant earlier = Now();
  earlier.mono -= milliseconds(9900);
  writer.outbound.Enqueue(message, earlier);
  ASSERT_TRUE(
      writer.Until([&] { return writer.outbound.in_flight() + writer.outbound.queued() == 0; }));
  ASSERT_TRUE(reader.UntilMessages(1));
  EXPECT_LE(reader.messages[0].message_expiry_s.value_or(0), 51U);
  EXPECT_GE(reader.messages[0].message_expiry_s.value_or(0), 45U);
  EXPECT_EQ(reader.messages[0].correlation_data, message.correlation_data);
}

TEST(Outbound, StopsOvertakeRequestsOvertakeTheRestEvenWithAWindowOfOne) {
  const Broker broker;
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  OutboundConfig config = TestOutbound();
  config.inflight_max = 1;
  Writer writer(broker.address(), config);
  writer.ComeUp();
  writer.outbound.Enqueue(Text("reports/x", "first"), Now());
  writer.Keep(writer.outbound.Pump(Now()));
  EXPECT_EQ(writer.outbound.in_flight(), 1U);
  writer.outbound.Enqueue(Retained(Text("reports/x", "state")), Now());
  writer.outbound.Enqueue(Text("reports/x", "response"), Now());
  writer.outbound.Enqueue(InLane(Text("reports/x", "request", 1), Lane::kPrinter), Now());
  writer.outbound.Enqueue(InLane(Text("reports/x", "stop", 2), Lane::kStop), Now());
  ASSERT_TRUE(
      writer.Until([&] { return writer.outbound.in_flight() + writer.outbound.queued() == 0; }));
  ASSERT_TRUE(reader.UntilMessages(5));
  EXPECT_EQ(reader.Payloads(),
            (std::vector<std::string>{"first", "stop", "request", "response", "state"}));
}

TEST(Outbound, AFullWindowKeepsRoomForStops) {
  const Broker broker;
  OutboundConfig config = TestOutbound();
  config.inflight_max = 32;
  Writer writer(broker.address(), config);
  writer.ComeUp();
  broker.Freeze();
  for (int i = 0; i < 100; ++i) {
    writer.outbound.Enqueue(Text("reports/x", "response"), Now());
    writer.outbound.Enqueue(InLane(Text("reports/x", "request", 1), Lane::kPrinter), Now());
  }
  writer.Keep(writer.outbound.Pump(Now()));
  EXPECT_EQ(writer.outbound.in_flight(), 30U);
  writer.outbound.Enqueue(InLane(Text("reports/x", "stop", 2), Lane::kStop), Now());
  writer.Keep(writer.outbound.Pump(Now()));
  EXPECT_EQ(writer.outbound.in_flight(), 31U);
  broker.Thaw();
}

TEST(Outbound, ANewerRetainedDocumentTakesTheOlderOnesPlace) {
  const Broker broker;
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  Writer writer(broker.address(), TestOutbound());
  writer.ComeUp();
  for (const char* payload : {"1", "2", "3"}) {
    writer.outbound.Enqueue(Retained(Text("reports/a", payload)), Now());
    writer.outbound.Enqueue(Retained(Text("reports/b", payload)), Now());
  }
  EXPECT_EQ(writer.outbound.queued(), 2U);
  ASSERT_TRUE(
      writer.Until([&] { return writer.outbound.in_flight() + writer.outbound.queued() == 0; }));
  ASSERT_TRUE(reader.UntilMessages(2));
  EXPECT_EQ(reader.Payloads(), (std::vector<std::string>{"3", "3"}));
}

TEST(Outbound, AFullQueueShedsRetainedThenTheRestAndNeverStops) {
  const Broker broker;
  OutboundConfig config = TestOutbound();
  config.queue_messages_max = 4;
  Writer writer(broker.address(), config);
  writer.ComeUp();
  writer.outbound.Enqueue(Text("reports/x", "response"), Now());
  writer.outbound.Enqueue(Retained(Text("reports/s", "state")), Now());
  writer.outbound.Enqueue(InLane(Text("reports/x", "request", 1), Lane::kPrinter), Now());
  for (const fleet::PublishToken token : {11U, 12U, 13U, 14U, 15U}) {
    writer.outbound.Enqueue(InLane(Text("reports/x", "stop", token), Lane::kStop), Now());
  }
  EXPECT_EQ(writer.outbound.queued(), 5U);
  EXPECT_EQ(writer.outbound.dropped_total(), 3U);
  ASSERT_TRUE(writer.Until([&] { return writer.published.size() == 6; }));
  EXPECT_EQ(writer.published[0].token, 1U);
  EXPECT_EQ(writer.published[0].result, Result::kNotSent);
  EXPECT_EQ(writer.published[5].token, 15U);
  EXPECT_TRUE(writer.published[5].ok);
}

TEST(Outbound, ATopicThatCannotBePublishedIsRefusedAndTheConnectionStays) {
  const Broker broker;
  Writer writer(broker.address(), TestOutbound());
  writer.ComeUp();
  writer.outbound.Enqueue(Text("reports/+/x", "x", 3), Now());
  writer.Keep(writer.outbound.Pump(Now()));
  ASSERT_EQ(writer.published.size(), 1U);
  EXPECT_EQ(writer.published[0].result, Result::kNotSent);
  EXPECT_EQ(writer.outbound.refused_total(), 1U);
  EXPECT_TRUE(writer.outbound.up());
}

TEST(Outbound, TheWillIsPublishedOnACrashAndNotOnClose) {
  const Broker broker;
  Reader reader(broker.address(), Watching("bridge/test-outbound"));
  reader.ComeUp();
  Writer writer(broker.address(), TestOutbound());
  writer.ComeUp();
  writer.outbound.Enqueue(Retained(Text("bridge/test-outbound", "online")), Now());
  ASSERT_TRUE(reader.Until([&] {
    writer.Turn();
    return reader.messages.size() == 1;
  }));
  writer.outbound.Close();
  EXPECT_TRUE(writer.outbound.closed());
  EXPECT_TRUE(reader.Silent());

  writer.ComeUp();
  writer.outbound.Drop();
  ASSERT_TRUE(reader.UntilMessages(2));
  EXPECT_EQ(reader.Payloads(), (std::vector<std::string>{"online", "offline"}));

  Reader later(broker.address(), [] {
    SessionConfig config = Watching("bridge/test-outbound");
    config.client_id = "later";
    return config;
  }());
  later.ComeUp();
  ASSERT_TRUE(later.UntilMessages(1));
  EXPECT_EQ(later.messages[0].payload, "offline");
  EXPECT_TRUE(later.messages[0].retained);
}

TEST(Outbound, NothingIsSentAgainBehindOurBackAfterAReconnect) {
  const Broker broker;
  Writer writer(broker.address(), TestOutbound());
  writer.ComeUp();
  broker.Freeze();
  core::Publish request = InLane(Text("reports/x", "request", 1), Lane::kPrinter);
  writer.outbound.Enqueue(request, Now());
  writer.Keep(writer.outbound.Pump(Now()));
  writer.outbound.Drop();
  broker.Thaw();
  writer.ComeUp();
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  writer.outbound.Enqueue(Text("reports/x", "marker"), Now());
  ASSERT_TRUE(reader.Until([&] {
    writer.Turn();
    return !reader.messages.empty();
  }));
  EXPECT_EQ(reader.messages[0].payload, "marker");
}

TEST(Outbound, WorksOverTls) {
  const Broker broker;
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  Writer writer(broker.tls_address(), TestOutbound());
  writer.ComeUp();
  for (int i = 0; i < 500; ++i) {
    writer.outbound.Enqueue(Text("reports/x", std::to_string(i), 1), Now());
  }
  ASSERT_TRUE(writer.Until([&] { return writer.published.size() == 500; }));
  ASSERT_TRUE(reader.UntilMessages(500));
  EXPECT_EQ(reader.Payloads(), Numbers(500));
}

}  // namespace
}  // namespace printfleet::mqtt
