// COMMIT in doubt. A deferred trigger makes COMMIT itself take as long as the test says.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "cluster.h"
#include "rows.h"
#include "worker_probe.h"

namespace printfleet::store {
namespace {

class Doubt : public ::testing::Test {
 protected:
  void MakeCommitTake(const std::string& seconds_text) {
    looker_.Rows(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_sleep(" +
        seconds_text +
        "); RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON fleet.audit_log DEFERRABLE"
        " INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()");
  }

  // Sends the batch; returns the backend's pid when it is inside COMMIT.
  int CommitUntilUnderWay(Batch batch) {
    EXPECT_TRUE(probe_.worker().Commit(std::move(batch)));
    const std::string condition =
        " FROM pg_stat_activity WHERE application_name = 'printfleet/test'"
        " AND datname = current_database() AND query = 'COMMIT' AND state = 'active'";
    EXPECT_TRUE(looker_.WaitFor("SELECT count(*)" + condition, "1"));
    return std::atoi(looker_.Value("SELECT pid" + condition).c_str());
  }

  bool Resolve(int64_t seq) {
    EXPECT_TRUE(probe_.Wait<Connected>());
    EXPECT_TRUE(probe_.worker().ResolveDoubt(seq));
    const std::optional<DoubtResolved> resolved = probe_.Wait<DoubtResolved>();
    EXPECT_TRUE(resolved && resolved->seq == seq);
    return resolved && resolved->committed;
  }

  WorkerProbe probe_{Cluster::Get().NewDatabaseName()};
  Connected connected_ = probe_.Start();  // makes the database
  Looker looker_{probe_.database()};
};

TEST_F(Doubt, CommitThatEndsAfterTheBreakIsFoundCommitted) {
  MakeCommitTake("0.7");
  CommitUntilUnderWay(MakeAuditBatch(1, "slow"));

  probe_.worker().Break();

  EXPECT_EQ(probe_.WaitForCommit(), "in_doubt");
  EXPECT_TRUE(Resolve(1));
  EXPECT_EQ(looker_.Value("SELECT count(*) FROM fleet.audit_log"), "1");
}

TEST_F(Doubt, CommitThatDoesNotEndIsTerminatedAndFoundNotCommitted) {
  MakeCommitTake("600");
  CommitUntilUnderWay(MakeAuditBatch(1, "stuck"));

  probe_.worker().Break();

  EXPECT_EQ(probe_.WaitForCommit(), "in_doubt");
  EXPECT_FALSE(Resolve(1));
  EXPECT_EQ(looker_.Value("SELECT count(*) FROM fleet.audit_log"), "0");
}

TEST_F(Doubt, StoppedBackendHoldsTheLockUntilItsCommitHasEnded) {
  MakeCommitTake("0.3");
  const int pid = CommitUntilUnderWay(MakeAuditBatch(1, "stopped"));
  ASSERT_EQ(kill(pid, SIGSTOP), 0);

  probe_.worker().Break();
  EXPECT_EQ(probe_.WaitForCommit(), "in_doubt");
  EXPECT_TRUE(probe_.Wait<Disconnected>());
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_FALSE(probe_.worker().ResolveDoubt(1));  // not connected before the lock is free
  ASSERT_EQ(kill(pid, SIGCONT), 0);

  EXPECT_TRUE(Resolve(1));
}

TEST_F(Doubt, KilledInCommitIsFoundNotCommittedAndCanBeRepeated) {
  MakeCommitTake("1");
  const int pid = CommitUntilUnderWay(MakeAuditBatch(1, "killed"));

  ASSERT_EQ(kill(pid, SIGKILL), 0);

  EXPECT_EQ(probe_.WaitForCommit(), "in_doubt");
  EXPECT_FALSE(Resolve(1));
  EXPECT_EQ(probe_.Commit(MakeAuditBatch(1, "again")), "committed") << probe_.failure();
}

}  // namespace
}  // namespace printfleet::store
