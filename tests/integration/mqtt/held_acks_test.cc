// Acknowledgements are held until Release(): what platform facts E.2 and E.4 say of the installed
// libmosquitto and Mosquitto, on our own class.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "clients.h"

namespace printfleet::mqtt {
namespace {

// After a Release nothing is redelivered: a new message is the first one to come. Closes and waits
// until the broker has read the end of the connection, hence all acknowledgements before it.
void ExpectNothingLeft(Broker& broker, Reader& reader) {
  broker.SkipLog();  // ends of earlier connections: this one came after the broker had seen them
  reader.inbound.Close();
  ASSERT_TRUE(broker.SawTheEndOf("test-reports"));
  reader.messages.clear();
  reader.ComeUp();
  PublishNumbers(broker, "reports/marker", 1);
  ASSERT_TRUE(reader.UntilMessages(1));
  EXPECT_EQ(reader.messages.front().topic, "reports/marker");
}

TEST(HeldAcks, UnreleasedMessagesComeAgainInOrderAndReleasedOnesDoNot) {
  Broker broker;
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  PublishNumbers(broker, "reports/a", 1000);
  ASSERT_TRUE(reader.UntilMessages(1000));
  EXPECT_EQ(reader.inbound.held(), 1000);

  reader.inbound.Drop();
  EXPECT_EQ(reader.inbound.held(), 0);
  reader.messages.clear();
  reader.ComeUp();
  EXPECT_TRUE(reader.session_present);
  ASSERT_TRUE(reader.UntilMessages(1000));
  EXPECT_EQ(reader.Payloads(), Numbers(1000));

  reader.Release();
  EXPECT_EQ(reader.inbound.held(), 0);
  ExpectNothingLeft(broker, reader);
}

TEST(HeldAcks, TheSameOverTls) {
  Broker broker;
  Reader reader(broker.tls_address(), ReportsSession());
  reader.ComeUp();
  PublishNumbers(broker, "reports/a", 1000);
  ASSERT_TRUE(reader.UntilMessages(1000));
  reader.inbound.Drop();
  reader.messages.clear();
  // With TLS the first messages may come in the CONNACK's record: SUBSCRIBE then waits for Release.
  ASSERT_TRUE(reader.inbound.Connect(Now()).ok());
  ASSERT_TRUE(reader.UntilMessages(1000));
  EXPECT_EQ(reader.Payloads(), Numbers(1000));
  reader.inbound.Drop();
  reader.messages.clear();
  ASSERT_TRUE(reader.inbound.Connect(Now()).ok());
  ASSERT_TRUE(reader.UntilMessages(1000));
  reader.Release();
  ASSERT_TRUE(reader.Until([&] { return reader.inbound.up(); }));
  ExpectNothingLeft(broker, reader);
}

TEST(HeldAcks, PublishingOnTheOtherConnectionFlushesNothing) {
  const Broker broker;
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  PublishNumbers(broker, "reports/a", 10);
  ASSERT_TRUE(reader.UntilMessages(10));
  PublishNumbers(broker, "elsewhere", 10);
  reader.Keep(reader.inbound.OnSecond(Now()));
  reader.Keep(reader.inbound.OnWritable(Now()));
  EXPECT_EQ(reader.inbound.held(), 10);
  EXPECT_FALSE(reader.inbound.wants_write());

  reader.inbound.Drop();
  reader.messages.clear();
  reader.ComeUp();
  ASSERT_TRUE(reader.UntilMessages(10));
  EXPECT_EQ(reader.Payloads(), Numbers(10));
}

TEST(HeldAcks, ADestroyedConnectionFlushesNothing) {
  const Broker broker;
  {
    Reader reader(broker.address(), ReportsSession());
    reader.ComeUp();
    PublishNumbers(broker, "reports/a", 10);
    ASSERT_TRUE(reader.UntilMessages(10));
  }
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  ASSERT_TRUE(reader.UntilMessages(10));
  EXPECT_EQ(reader.Payloads(), Numbers(10));
}

TEST(HeldAcks, KilledBetweenReadAndReleaseLosesNothing) {
  const Broker broker;
  {
    Reader reader(broker.address(), ReportsSession());
    reader.ComeUp();
    reader.inbound.Close();
  }
  PublishNumbers(broker, "reports/a", 100);
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    Reader reader(broker.address(), ReportsSession());
    reader.ComeUp();
    const bool done = reader.UntilMessages(100);
    if (write(ready[1], done ? "y" : "n", 1) == 1) {
      pause();
    }
    _exit(1);
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);

  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  ASSERT_TRUE(reader.UntilMessages(100));
  EXPECT_EQ(reader.Payloads(), Numbers(100));
}

TEST(HeldAcks, BrokerKilledAfterAnOlderSnapshotDeliversAcknowledgedMessagesAgain) {
  Broker broker;
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  PublishNumbers(broker, "reports/a", 100);
  broker.Save();
  ASSERT_TRUE(reader.UntilMessages(100));
  reader.Release();

  broker.Kill();
  ASSERT_TRUE(reader.Until([&] { return reader.inbound.closed(); }));
  broker.Start();
  reader.messages.clear();
  reader.ComeUp();
  EXPECT_TRUE(reader.session_present);
  ASSERT_TRUE(reader.UntilMessages(100));
  EXPECT_EQ(reader.Payloads(), Numbers(100));
}

TEST(HeldAcks, ASessionIsRememberedByAKilledBrokerOnlyAfterASave) {
  for (const bool save : {false, true}) {
    Broker broker;
    Reader reader(broker.address(), ReportsSession());
    reader.ComeUp();
    EXPECT_FALSE(reader.session_present);
    if (save) {
      broker.Save();
    }
    reader.inbound.Close();
    broker.Kill();
    broker.Start();
    PublishNumbers(broker, "reports/a", 100);
    reader.ComeUp();
    EXPECT_EQ(reader.session_present, save);
    if (save) {
      EXPECT_TRUE(reader.UntilMessages(100));
    } else {
      EXPECT_TRUE(reader.Silent());
    }
  }
}

TEST(HeldAcks, ReceiveMaximumBoundsTheFirstBatch) {
  const Broker broker;
  SessionConfig config = ReportsSession();
  config.receive_max = 50;
  Reader reader(broker.address(), config);
  reader.ComeUp();
  PublishNumbers(broker, "reports/a", 120);
  ASSERT_TRUE(reader.UntilMessages(50));
  EXPECT_TRUE(reader.Silent());
  EXPECT_EQ(reader.messages.size(), 50U);
  reader.Release();
  // From here on Mosquitto 2.0.11 sends without bound; a broker that counts right would stop at
  // 100, which is as good.
  ASSERT_TRUE(reader.UntilMessages(100));
  reader.Release();
  ASSERT_TRUE(reader.UntilMessages(120));
  EXPECT_EQ(reader.Payloads(), Numbers(120));
}

// More than there are packet identifiers, with acknowledgements outstanding all the time.
TEST(HeldAcks, ALongBacklogComesOnceInOrderWhenIdentifiersComeRound) {
  constexpr int kMessages = 70000;
  const Broker broker;
  Reader reader(broker.address(), ReportsSession());
  reader.ComeUp();
  reader.inbound.Close();
  PublishNumbers(broker, "reports/a", kMessages);
  reader.messages_max = 1000;
  ASSERT_TRUE(reader.inbound.Connect(Now()).ok());
  ASSERT_TRUE(reader.Until([&] {
    if (reader.inbound.held() >= 1000 || reader.messages.size() == kMessages) {
      reader.Release();
    }
    return reader.messages.size() >= kMessages;
  }));
  EXPECT_EQ(reader.Payloads(), Numbers(kMessages));
  EXPECT_TRUE(reader.inbound.up());
}

TEST(HeldAcks, ReadsNoMoreThanAskedFor) {
  const Broker broker;
  Reader reader(broker.address(), ReportsSession());
  reader.messages_max = 7;
  reader.ComeUp();
  PublishNumbers(broker, "reports/a", 20);
  ASSERT_TRUE(reader.UntilMessages(1));
  while (reader.messages.size() < 20) {
    const size_t before = reader.messages.size();
    reader.Turn();
    EXPECT_LE(reader.messages.size() - before, 7U);
  }
  EXPECT_EQ(reader.ingest_seq, 20U);
  EXPECT_EQ(reader.messages.back().ingest_seq, 20U);
}

TEST(HeldAcks, AFlushThatDoesNotFitGoesOnWhenTheSocketTakesMore) {
  Broker broker;
  SessionConfig config = ReportsSession();
  config.receive_max = 65535;
  Reader reader(broker.address(), config);
  reader.ComeUp();
  const int small = 1;  // the kernel's minimum
  ASSERT_EQ(setsockopt(reader.inbound.fd(), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
  constexpr int kMessages = 60000;
  PublishNumbers(broker, "reports/a", kMessages);
  ASSERT_TRUE(reader.UntilMessages(kMessages));

  broker.Freeze();
  reader.Keep(reader.inbound.Release(Now()));
  EXPECT_TRUE(reader.inbound.flushing());
  EXPECT_TRUE(reader.inbound.wants_write());
  EXPECT_EQ(reader.inbound.held(), 0);
  broker.Thaw();
  ASSERT_TRUE(reader.Until([&] { return !reader.inbound.flushing(); }));
  EXPECT_TRUE(reader.inbound.wants_read());

  ExpectNothingLeft(broker, reader);
}

}  // namespace
}  // namespace printfleet::mqtt
