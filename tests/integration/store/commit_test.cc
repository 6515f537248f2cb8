#include <gtest/gtest.h>

#include "base/text.h"
#include "cluster.h"
#include "rows.h"
#include "store/write.h"
#include "worker_probe.h"

namespace printfleet::store {
namespace {

class Commit : public ::testing::Test {
 protected:
  WorkerProbe probe_{Cluster::Get().NewDatabaseName()};
  Connected connected_ = probe_.Start();  // makes the database
  Looker looker_{probe_.database()};
};

TEST_F(Commit, EveryKindOfRowIsStored) {
  ASSERT_EQ(probe_.Commit(MakeFullBatch(1)), "committed") << probe_.failure();

  for (const char* table :
       {"telemetry", "printers", "printer_status", "jobs", "job_events", "events", "dead_letters",
        "commands", "command_executions", "audit_log", "notifications"}) {
    EXPECT_EQ(looker_.Value(std::string("SELECT count(*) FROM fleet.") + table), "1") << table;
  }
  EXPECT_EQ(looker_.Value("SELECT payload FROM fleet.report_log WHERE seq = 1"),
            *MakeReport(1).payload);
  EXPECT_EQ(looker_.Value("SELECT payload_raw FROM fleet.report_log WHERE seq = 2"), "\\x007bff");
  EXPECT_EQ(looker_.Value("SELECT msgid FROM fleet.report_log WHERE seq = 2"), "NULL");
  EXPECT_EQ(looker_.Value("SELECT fleet.iso8601(received_at) FROM fleet.report_log LIMIT 1"),
            "2026-03-01T12:00:00.123Z");
  EXPECT_EQ(looker_.Value("SELECT groups[2] FROM fleet.printers"),
            "with \"quotes\", {and} \\ comma");
  EXPECT_EQ(looker_.Value("SELECT labels->>'odd' FROM fleet.printers"), "\"\\{}");
  EXPECT_EQ(looker_.Value("SELECT filename FROM fleet.jobs"), "clip \xEF\xBF\xBD.gcode");
  EXPECT_EQ(looker_.Value("SELECT payload FROM fleet.dead_letters"), "\\x00ff");
  EXPECT_EQ(looker_.Value("SELECT count(*) FROM fleet.printer_files"), "2");
  EXPECT_EQ(looker_.Value("SELECT count(*) FROM fleet.inbound_batches WHERE seq = 1"), "2");
  EXPECT_EQ(looker_.Value("SELECT last_batch_seq FROM fleet.ledger"), "1");
}

TEST_F(Commit, OfSeveralRowsOfOneKeyTheLastCounts) {
  Batch batch = MakeFullBatch(1);
  batch.rows.registrations.push_back(MakeRegistration("p2"));
  batch.rows.registrations.push_back(MakeRegistration("p1"));
  batch.rows.registrations.back().registration.firmware = "3.1.1";
  batch.rows.statuses.push_back(MakeStatus("p1"));
  batch.rows.statuses.back().state = "paused";
  batch.rows.jobs.push_back(MakeJob(17, "p1"));
  batch.rows.jobs.back().layer = 101;
  batch.rows.commands.push_back(MakeCommand(5));
  batch.rows.commands.back().state = "done";
  batch.rows.executions.push_back(MakeExecution(5, "p1"));
  batch.rows.executions.back().state = fleet::ExecutionState::kSucceeded;
  batch.rows.file_lists.push_back(batch.rows.file_lists.back());
  batch.rows.file_lists.back().files.resize(1);

  ASSERT_EQ(probe_.Commit(std::move(batch)), "committed") << probe_.failure();

  EXPECT_EQ(looker_.Value("SELECT firmware FROM fleet.printers WHERE printer_id = 'p1'"), "3.1.1");
  EXPECT_EQ(looker_.Value("SELECT state FROM fleet.printer_status"), "paused");
  EXPECT_EQ(looker_.Value("SELECT layer FROM fleet.jobs"), "101");
  EXPECT_EQ(looker_.Value("SELECT state FROM fleet.commands"), "done");
  EXPECT_EQ(looker_.Value("SELECT state FROM fleet.command_executions"), "succeeded");
  EXPECT_EQ(looker_.Value("SELECT count(*) FROM fleet.printer_files"), "1");
}

TEST_F(Commit, DeletedFilesGoByTheirBytes) {
  ASSERT_EQ(probe_.Commit(MakeFullBatch(1)), "committed");
  Batch batch;
  batch.seq = 2;
  batch.rows.file_deletions = {{"p1", "usb", "/", "dir\xFE"},
                               {"p1", "usb", "/", "dir\xEF\xBF\xBD"},
                               {"p1", "usb", "/other", "a.gcode"},
                               {"p1", "local", "/", "a.gcode"}};
  ASSERT_EQ(probe_.Commit(std::move(batch)), "committed") << probe_.failure();
  EXPECT_EQ(looker_.Value("SELECT string_agg(filename, ' ') FROM fleet.printer_files"), "a.gcode");
}

TEST_F(Commit, LaterBatchesReplaceRowsByKey) {
  ASSERT_EQ(probe_.Commit(MakeFullBatch(1)), "committed");
  looker_.Rows("UPDATE fleet.jobs SET verdict = 'good'");
  Batch batch;
  batch.seq = 2;
  batch.rows.jobs.push_back(MakeJob(17, "p1"));
  batch.rows.jobs.back().state = printer::JobState::kEnded;
  batch.rows.jobs.back().outcome = printer::Outcome::kFinished;
  batch.rows.jobs.back().ended_at = Noon();

  ASSERT_EQ(probe_.Commit(std::move(batch)), "committed") << probe_.failure();

  EXPECT_EQ(looker_.Value("SELECT outcome FROM fleet.jobs"), "finished");
  EXPECT_EQ(looker_.Value("SELECT verdict FROM fleet.jobs"), "good");
}

TEST_F(Commit, StatusUpdatesAreHot) {
  ASSERT_EQ(probe_.Commit(MakeFullBatch(1)), "committed");
  for (int64_t seq = 2; seq <= 21; ++seq) {
    Batch batch;
    batch.seq = seq;
    batch.rows.statuses.push_back(MakeStatus("p1"));
    batch.rows.statuses.back().readings.nozzle_temp_c = static_cast<double>(seq);
    ASSERT_EQ(probe_.Commit(std::move(batch)), "committed");
  }
  probe_.Destroy();  // its backend's statistics are sent at its end

  EXPECT_TRUE(
      looker_.WaitFor("SELECT n_tup_upd = 20 AND n_tup_hot_upd = n_tup_upd"
                      " FROM pg_stat_user_tables WHERE relname = 'printer_status'",
                      "t"))
      << looker_.Value(
             "SELECT n_tup_upd || ' ' || n_tup_hot_upd FROM pg_stat_user_tables"
             " WHERE relname = 'printer_status'");
}

TEST_F(Commit, EmptyBatchIsCommittedWithoutTheDatabase) {
  Batch batch;
  batch.seq = 7;

  EXPECT_EQ(probe_.Commit(std::move(batch)), "committed");

  EXPECT_EQ(looker_.Value("SELECT last_batch_seq FROM fleet.ledger"), "0");
}

TEST_F(Commit, PoisonIsRefusedAndTheConnectionStays) {
  const std::string pid = looker_.Value(
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'printfleet/test'"
      " AND datname = current_database()");
  Batch nul = MakeAuditBatch(1, "nul");
  nul.rows.reports.push_back(MakeReport(1));
  nul.rows.reports.back().msgid = std::string("a\0b", 3);
  Batch latin = MakeAuditBatch(1, "latin");
  latin.rows.reports.push_back(MakeReport(1));
  latin.rows.reports.back().payload = "\xE4";
  Batch constraint = MakeAuditBatch(1, "constraint");
  constraint.rows.registrations.push_back(MakeRegistration("p1"));
  constraint.rows.statuses.push_back(MakeStatus("p1"));
  constraint.rows.statuses.back().state = "no such state";
  Batch json = MakeAuditBatch(1, "json");
  json.rows.audit.back().args_json = "{no json";
  Batch nul_text = MakeAuditBatch(1, std::string("n\0ul", 4));

  EXPECT_EQ(probe_.Commit(std::move(nul)), "refused");
  EXPECT_EQ(probe_.Commit(std::move(latin)), "refused");
  EXPECT_EQ(probe_.Commit(std::move(constraint)), "refused");
  EXPECT_EQ(probe_.Commit(std::move(json)), "refused");
  EXPECT_EQ(probe_.Commit(std::move(nul_text)), "refused");
  EXPECT_EQ(looker_.Value("SELECT count(*) FROM fleet.audit_log"), "0");
  EXPECT_EQ(looker_.Value("SELECT count(*) FROM fleet.report_log"), "0");

  EXPECT_EQ(probe_.Commit(MakeAuditBatch(1, "good")), "committed");
  EXPECT_EQ(
      looker_.Value("SELECT pid FROM pg_stat_activity WHERE application_name = 'printfleet/test'"
                    " AND datname = current_database()"),
      pid);
}

// What the memory has forgotten the table knows: of the same author, whatever else is in the batch.
TEST_F(Commit, ARequestThatWasAcceptedBeforeIsTold) {
  Batch first = MakeAuditBatch(1, "first");
  first.rows.commands.push_back(MakeCommand(5));
  ASSERT_EQ(probe_.Commit(std::move(first)), "committed") << probe_.failure();
  Batch again = MakeAuditBatch(2, "again");
  again.rows.commands.push_back(MakeCommand(6));
  again.rows.commands.back().request_id = "request-5";
  EXPECT_EQ(probe_.Commit(again), "known_request");
  EXPECT_EQ(looker_.Value("SELECT count(*) FROM fleet.audit_log"), "1");
  again.rows.commands.back().author = "bert";
  EXPECT_EQ(probe_.Commit(std::move(again)), "committed") << probe_.failure();
}

// -- Reports that are written before their batch is complete --

TEST_F(Commit, WhatIsWrittenAheadIsThereWithItsBatch) {
  ASSERT_TRUE(probe_.worker().WriteAhead({1, {MakeReport(1), MakeReport(2)}}));
  ASSERT_TRUE(probe_.worker().WriteAhead({1, {MakeReport(3)}}));
  ASSERT_TRUE(probe_.worker().LoadDigests());  // is answered behind the COMMIT
  EXPECT_EQ(looker_.Value("SELECT count(*) FROM fleet.report_log"), "0");
  Batch batch = MakeAuditBatch(1, "the rest");
  batch.rows.reports.push_back(MakeReport(4));

  ASSERT_EQ(probe_.Commit(std::move(batch)), "committed") << probe_.failure();

  EXPECT_EQ(looker_.Value("SELECT string_agg(seq::text, ' ' ORDER BY seq) FROM fleet.report_log"),
            "1 2 3 4");
  EXPECT_EQ(looker_.Value("SELECT last_batch_seq FROM fleet.ledger"), "1");
  EXPECT_TRUE(probe_.Wait<Digests>());
}

TEST_F(Commit, PoisonWrittenAheadRefusesItsBatchAndTheNextTryIsStored) {
  core::ReportRow poison = MakeReport(2);
  poison.payload = "\xE4";
  ASSERT_TRUE(probe_.worker().WriteAhead({1, {MakeReport(1), poison}}));
  ASSERT_TRUE(probe_.worker().WriteAhead({1, {MakeReport(3)}}));

  EXPECT_EQ(probe_.Commit(MakeAuditBatch(1, "refused")), "refused");

  EXPECT_EQ(looker_.Value("SELECT count(*) FROM fleet.report_log"), "0");
  ASSERT_TRUE(probe_.worker().WriteAhead({1, {MakeReport(1)}}));
  EXPECT_EQ(probe_.Commit(MakeAuditBatch(1, "good")), "committed") << probe_.failure();
  EXPECT_EQ(looker_.Value("SELECT count(*) FROM fleet.report_log"), "1");
}

TEST_F(Commit, WhatIsWrittenAheadOfASeqThatIsStoredIsInDoubt) {
  ASSERT_EQ(probe_.Commit(MakeAuditBatch(1, "once")), "committed");
  ASSERT_TRUE(probe_.worker().WriteAhead({1, {MakeReport(1)}}));

  EXPECT_EQ(probe_.Commit(MakeAuditBatch(1, "twice")), "in_doubt");

  ASSERT_TRUE(probe_.Wait<Connected>());
  EXPECT_EQ(looker_.Value("SELECT count(*) FROM fleet.report_log"), "0");
}

TEST_F(Commit, ReportsGoToTheirDay) {
  Batch batch;
  batch.seq = 1;
  const WallTime midnight = *ParseIso8601("2031-05-02T00:00:00Z");
  batch.rows.reports.push_back(MakeReport(1, midnight - milliseconds(1)));
  batch.rows.reports.push_back(MakeReport(2, midnight));

  ASSERT_EQ(probe_.Commit(std::move(batch)), "committed") << probe_.failure();

  EXPECT_EQ(looker_.Value(
                "SELECT relname FROM pg_class JOIN fleet.report_log r ON r.tableoid = pg_class.oid"
                " WHERE seq = 1"),
            "report_log_20310501");
  EXPECT_EQ(looker_.Value(
                "SELECT relname FROM pg_class JOIN fleet.report_log r ON r.tableoid = pg_class.oid"
                " WHERE seq = 2"),
            "report_log_20310502");
}

TEST_F(Commit, DaysAroundNowAreThereBeforehand) {
  EXPECT_EQ(
      looker_.Value("SELECT count(*) FROM generate_series(-1, 3) d WHERE to_regclass("
                    "'fleet.report_log_' || to_char((now() AT TIME ZONE 'UTC')::date + d::int,"
                    " 'YYYYMMDD')) IS NOT NULL"),
      "5");
}

TEST_F(Commit, PartitionThatWasTakenAwayIsNoPoison) {
  Batch batch;
  batch.seq = 1;
  batch.rows.reports.push_back(MakeReport(1));
  Batch again = batch;
  Batch first = batch;
  first.rows.reports[0].seq = 2;
  ASSERT_EQ(probe_.Commit(std::move(first)), "committed");
  looker_.Rows("DROP TABLE fleet.report_log_20260301");

  again.seq = 2;
  Batch retry = again;
  EXPECT_EQ(probe_.Commit(std::move(again)), "not_stored") << probe_.failure();
  ASSERT_TRUE(probe_.Wait<Connected>());
  EXPECT_EQ(probe_.Commit(std::move(retry)), "committed") << probe_.failure();
}

// The key's index is left as it is: a unique one looks for duplicates only where versions pile up.
TEST_F(Commit, IndexesByPrinterOfADayAreNotDeduplicated) {
  Batch batch;
  batch.seq = 1;
  batch.rows.reports.push_back(MakeReport(1));
  ASSERT_EQ(probe_.Commit(std::move(batch)), "committed") << probe_.failure();

  for (const std::string day : {"report_log_20260301", "telemetry_20260301"}) {
    EXPECT_EQ(
        looker_.Value("SELECT string_agg(reloptions::text, '') FROM pg_class c JOIN pg_index i "
                      "ON c.oid = indexrelid WHERE NOT indisunique AND indrelid = 'fleet." +
                      day + "'::regclass"),
        "{deduplicate_items=off}")
        << day;
  }
}

TEST_F(Commit, AttachDoesNotWaitBehindReaders) {
  Looker reader(probe_.database());
  reader.Rows("BEGIN");
  reader.Rows("SELECT count(*) FROM fleet.report_log");
  Batch batch;
  batch.seq = 1;
  batch.rows.reports.push_back(MakeReport(1, *ParseIso8601("2033-01-01T00:00:00Z")));

  EXPECT_EQ(probe_.Commit(std::move(batch)), "committed") << probe_.failure();
}

TEST_F(Commit, SameSeqTwiceIsNeverWrittenTwice) {
  ASSERT_EQ(probe_.Commit(MakeAuditBatch(1, "once")), "committed");

  EXPECT_EQ(probe_.Commit(MakeAuditBatch(1, "twice")), "in_doubt");

  ASSERT_TRUE(probe_.Wait<Connected>());
  ASSERT_TRUE(probe_.worker().ResolveDoubt(1));
  const std::optional<DoubtResolved> resolved = probe_.Wait<DoubtResolved>();
  ASSERT_TRUE(resolved);
  EXPECT_TRUE(resolved->committed);
  EXPECT_EQ(looker_.Value("SELECT count(*) FROM fleet.audit_log"), "1");
}

TEST_F(Commit, DigestsComeBack) {
  const Batch batch = MakeFullBatch(1);
  ASSERT_EQ(probe_.Commit(batch), "committed");

  ASSERT_TRUE(probe_.worker().LoadDigests());
  const std::optional<Digests> digests = probe_.Wait<Digests>();

  ASSERT_TRUE(digests);
  const std::set<Digest> found(digests->digests.begin(), digests->digests.end());
  EXPECT_EQ(found,
            (std::set<Digest>{batch.digests[0][0], batch.digests[0][1], batch.digests[1][0]}));
}

TEST_F(Commit, DigestsOfMoreBatchesThanAPageComeBackInTheirOrder) {
  ASSERT_EQ(probe_.Commit(MakeFullBatch(1)), "committed");
  ASSERT_EQ(looker_.Value("WITH made AS (INSERT INTO fleet.inbound_batches SELECT 1 + g / 2, "
                          "(ARRAY['commands', 'reports'])[1 + g % 2], now(), "
                          "decode(lpad(to_hex(g), 32, '0'), 'hex') FROM generate_series(2, 501) g "
                          "RETURNING 1) SELECT count(*) FROM made"),
            "500");

  ASSERT_TRUE(probe_.worker().LoadDigests());
  const std::optional<Digests> digests = probe_.Wait<Digests>();

  ASSERT_TRUE(digests);
  ASSERT_EQ(digests->digests.size(), 503U);
  const std::string wanted = looker_.Value(
      "SELECT encode(string_agg(digests, '' ORDER BY seq, session), 'hex') FROM "
      "fleet.inbound_batches");
  EXPECT_EQ(HexText(PackDigests(digests->digests)), wanted);
}

}  // namespace
}  // namespace printfleet::store
