#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>

#include "cluster.h"
#include "rows.h"
#include "store/connection.h"
#include "worker_probe.h"

namespace printfleet::store {
namespace {

constexpr const char* kWorkerPid =
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'printfleet/test'"
    " AND datname = current_database()";

TEST(Connect, MissingDatabaseIsMade) {
  WorkerProbe probe(Cluster::Get().NewDatabaseName());

  probe.Start();

  EXPECT_EQ(Looker(probe.database()).Value("SELECT count(*) FROM fleet.ledger"), "1");
}

TEST(Connect, AnotherDaemonIsAConflict) {
  WorkerProbe first(Cluster::Get().NewDatabaseName());
  first.Start();
  WorkerProbe second(first.database(), "other");

  second.worker().Start(true);
  const std::optional<Disconnected> disconnected = second.Wait<Disconnected>();

  ASSERT_TRUE(disconnected);
  EXPECT_EQ(disconnected->error.code, Errc::kConflict);
  EXPECT_NE(disconnected->error.message.find("printfleet/test"), std::string::npos);
  EXPECT_FALSE(second.worker().Commit(MakeAuditBatch(1, "second")));
  first.Destroy();
  EXPECT_TRUE(second.Wait<Connected>());
}

TEST(Connect, OwnOldBackendIsTerminated) {
  WorkerProbe probe(Cluster::Get().NewDatabaseName());
  probe.Start();
  probe.Destroy();
  SocketGuard guard;
  const auto old =
      Session::Open(*CompleteConninfo({.conninfo = Cluster::Get().Conninfo(probe.database()),
                                       .admin_conninfo = "",
                                       .instance = kInstance}),
                    guard);
  ASSERT_TRUE(old);
  const EventFd stop;
  ASSERT_TRUE(TakeDaemonLock(**old, kInstance, stop));

  WorkerProbe successor(probe.database());
  successor.Start();

  EXPECT_FALSE((*old)->Exec("SELECT 1"));
}

TEST(Connect, KilledBackendIsReplaced) {
  WorkerProbe probe(Cluster::Get().NewDatabaseName());
  probe.Start();
  const std::string pid = Looker(probe.database()).Value(kWorkerPid);

  // The server treats it as a crash: every connection goes, and it recovers.
  ASSERT_EQ(kill(std::atoi(pid.c_str()), SIGKILL), 0);

  EXPECT_TRUE(probe.Wait<Disconnected>());
  EXPECT_TRUE(probe.Wait<Connected>());
  EXPECT_EQ(probe.Commit(MakeAuditBatch(1, "after")), "committed") << probe.failure();
}

TEST(Connect, AfterManyLossesItIsBackAsSoonAsAfterTheFirst) {
  constexpr int kLosses = 9;  // doubled as often, a pause would have come to its longest
  WorkerProbe probe(Cluster::Get().NewDatabaseName());
  probe.Start();
  Looker looker(probe.database());
  milliseconds last{0};

  for (int loss = 1; loss <= kLosses; ++loss) {
    ASSERT_EQ(probe.Commit(MakeAuditBatch(loss, "between")), "committed");
    const auto begin = std::chrono::steady_clock::now();
    looker.Value("SELECT pg_terminate_backend(" + looker.Value(kWorkerPid) + ")");
    ASSERT_TRUE(probe.Wait<Connected>());
    last = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
  }

  EXPECT_LT(last, milliseconds(2000));
}

TEST(Connect, ServerRestartIsSurvived) {
  WorkerProbe probe(Cluster::Get().NewDatabaseName());
  probe.Start();
  ASSERT_EQ(probe.Commit(MakeAuditBatch(1, "before")), "committed");

  Cluster::Get().Stop();
  const std::optional<Disconnected> disconnected = probe.Wait<Disconnected>();
  const bool taken = probe.worker().Commit(MakeAuditBatch(2, "away"));
  Cluster::Get().Start();

  ASSERT_TRUE(disconnected);
  EXPECT_EQ(disconnected->error.code, Errc::kUnavailable);
  EXPECT_FALSE(taken);
  const std::optional<Connected> connected = probe.Wait<Connected>();
  ASSERT_TRUE(connected);
  EXPECT_FALSE(connected->loaded);
  EXPECT_EQ(probe.Commit(MakeAuditBatch(2, "after")), "committed") << probe.failure();
}

TEST(Connect, BreakBeforeCommitIsNotStored) {
  WorkerProbe probe(Cluster::Get().NewDatabaseName());
  probe.Start();
  Looker looker(probe.database());
  const int pid = std::atoi(looker.Value(kWorkerPid).c_str());
  ASSERT_EQ(kill(pid, SIGSTOP), 0);

  ASSERT_TRUE(probe.worker().Commit(MakeAuditBatch(1, "stuck")));
  while (!probe.worker().busy_since()) {
    usleep(1000);
  }
  probe.worker().Break();

  EXPECT_EQ(probe.WaitForCommit(), "not_stored");
  ASSERT_EQ(kill(pid, SIGCONT), 0);
  EXPECT_TRUE(probe.Wait<Connected>());
  EXPECT_FALSE(probe.worker().busy_since());
  EXPECT_EQ(looker.Value("SELECT count(*) FROM fleet.audit_log"), "0");
}

TEST(Connect, EndsWhileItsBackendHangs) {
  WorkerProbe probe(Cluster::Get().NewDatabaseName());
  probe.Start();
  Looker looker(probe.database());
  const int pid = std::atoi(looker.Value(kWorkerPid).c_str());
  ASSERT_EQ(kill(pid, SIGSTOP), 0);
  probe.worker().Break();

  probe.Destroy();

  ASSERT_EQ(kill(pid, SIGCONT), 0);
}

}  // namespace
}  // namespace printfleet::store
