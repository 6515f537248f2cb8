// The plans of every statement that reads: on a year of a farm of 30 printers, none of them goes
// through a table that grows, nor through days that it was not asked about.
//
// A year's days are all there, with fewer rows than a farm has; PRINTFLEET_YEAR_REPORTS=8640 (of a
// printer a day) fills it as full as a farm does.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "cluster.h"
#include "rows.h"
#include "store/migrate.h"
#include "store/statements.h"
#include "worker_probe.h"

namespace printfleet::store {
namespace {

constexpr const char* kYear = R"(
SET synchronous_commit = off;
INSERT INTO fleet.printers (printer_id, model_id, model, name, enrolment, bed, first_seen_at, retired_at)
  SELECT 'p' || n, '20021', 'K2Pro', 'name-' || n, CASE WHEN n > 30 THEN 'retired' ELSE 'enrolled' END,
         'clear', now() - interval '365 days', CASE WHEN n > 30 THEN now() - interval '300 days' END
  FROM generate_series(1, 40) n;
INSERT INTO fleet.printer_status (printer_id, online, state, state_since)
  SELECT printer_id, true, 'printing', now() FROM fleet.printers;
SELECT fleet.add_partition(t, (now() - d * interval '1 day')::date)
  FROM unnest('{report_log,telemetry}'::text[]) t, generate_series(0, 364) d;
INSERT INTO fleet.report_log (seq, printer_id, received_at, type, action, state, msgid, payload)
  SELECT row_number() OVER (), 'p' || p, now() - d * interval '1 day' - r * interval '20 seconds',
         'tempature', 'auto', 'done', md5(r::text), repeat('x', 200)
  FROM generate_series(0, 363) d, generate_series(1, 30) p, generate_series(1, %R) r;
INSERT INTO fleet.telemetry (printer_id, at, nozzle_temp_c, bed_temp_c)
  SELECT printer_id, received_at, 210, 60 FROM fleet.report_log;
INSERT INTO fleet.jobs (job_id, printer_id, source, state, outcome, started_at, ended_at, counted, filename)
  SELECT n, 'p' || n %% 30 + 1, 'panel', CASE WHEN n > 60000 THEN 'printing' ELSE 'ended' END,
         CASE WHEN n > 60000 THEN NULL WHEN n %% 9 = 0 THEN 'failed' ELSE 'finished' END,
         now() - (60001 - n) * interval '9 minutes',
         CASE WHEN n <= 60000 THEN now() - (60001 - n) * interval '9 minutes' END, n <= 60000, 'a.gcode'
  FROM generate_series(1, 60020) n;
INSERT INTO fleet.job_events SELECT n, now(), 'printing', NULL FROM generate_series(1, 60000) n,
  generate_series(1, 3);
INSERT INTO fleet.commands (command_id, author, request_id, command, state, body_digest, reply_stream,
                            created_at, deadline_at, finished_at)
  SELECT n, 'ann', 'r' || n, 'print.pause', CASE WHEN n > 19995 THEN 'accepted' ELSE 'done' END, 'd', true,
         now() - (20001 - n) * interval '26 minutes', now(),
         CASE WHEN n <= 19995 THEN now() - (20001 - n) * interval '26 minutes' END
  FROM generate_series(1, 20000) n;
INSERT INTO fleet.command_executions (command_id, printer_id, state, attempts)
  SELECT n, 'p' || (n + p) %% 30 + 1, 'succeeded', 1 FROM generate_series(1, 20000) n, generate_series(1, 8) p;
INSERT INTO fleet.events SELECT n, now() - (100001 - n) * interval '5 minutes', 'online',
  'p' || n %% 30 + 1, '{}' FROM generate_series(1, 100000) n;
INSERT INTO fleet.audit_log (at, author, command, outcome)
  SELECT now() - n * interval '26 minutes', 'ann', 'print.pause', 'done' FROM generate_series(1, 20000) n;
INSERT INTO fleet.dead_letters SELECT now() - n * interval '26 minutes', 't', '\x00', 'r', NULL
  FROM generate_series(1, 20000) n;
INSERT INTO fleet.notifications (notification_id, target, state, created_at, body)
  SELECT n, 't', CASE WHEN n > 19990 THEN 'queued' ELSE 'sent' END,
         now() - (20001 - n) * interval '26 minutes', '{}' FROM generate_series(1, 20000) n;
INSERT INTO fleet.artifacts (artifact_id, kind, name, sha256, md5, size_bytes, added_by, added_at, removed_at)
  SELECT n, 'gcode', 'n' || n, md5(n::text) || md5(n::text), md5(n::text), 1, 'x', now(),
         CASE WHEN n %% 2 = 0 THEN now() - interval '300 days' END FROM generate_series(1, 2000) n;
INSERT INTO fleet.downloads (command_id, printer_id, attempt, artifact_id, offered_at, expires_at)
  SELECT n, 'p1', 1, n %% 2000 + 1, now() - (20001 - n) * interval '26 minutes', now() - interval '1 hour'
  FROM generate_series(1, 20000) n;
INSERT INTO fleet.printer_files (printer_id, storage, path, filename, is_directory, listed_at)
  SELECT 'p' || p, 'local', '/', 'f' || f, false, now() FROM generate_series(1, 40) p, generate_series(1, 500) f;
INSERT INTO fleet.inbound_batches SELECT n, 'reports', now(), '\x00' FROM generate_series(1, 300) n;
ANALYZE)";

// Too large to be read whole; partitions by their parent's name.
const std::set<std::string> kGrow = {"report_log",    "telemetry",     "jobs",
                                     "job_events",    "commands",      "command_executions",
                                     "events",        "audit_log",     "dead_letters",
                                     "notifications", "printer_files", "downloads"};

std::string Replaced(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

// One farm's year, filled once.
class Plans : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    WorkerProbe probe(Cluster::Get().NewDatabaseName());
    probe.Start();
    looker_ = new Looker(probe.database());
    const char* reports = std::getenv("PRINTFLEET_YEAR_REPORTS");  // NOLINT(concurrency-mt-unsafe)
    std::string year = Replaced(kYear, "%R", reports != nullptr ? reports : "10");
    year = Replaced(year, "%%", "%");
    const Result<SqlRows> filled = looker_->session().Exec(year);
    CHECK(filled.ok());
  }

  static void TearDownTestSuite() {
    delete looker_;
    looker_ = nullptr;
  }

  // The plan of `sql` with `parameters` (SQL literals), as the daemon's prepared statements have it
  // at first, and as they have it for good.
  static std::string PlanOf(const std::string& sql, const std::string& parameters, bool generic) {
    looker_->Rows("DEALLOCATE ALL");
    looker_->Rows(std::string("SET plan_cache_mode = force_") + (generic ? "generic" : "custom") +
                  "_plan");
    const std::string prepared = looker_->Value("PREPARE p AS " + sql);
    std::string plan = prepared;
    for (const SqlRow& row :
         looker_->Rows("EXPLAIN EXECUTE p" + (parameters.empty() ? "" : "(" + parameters + ")"))) {
      plan += row.at(0).value_or("") + "\n";
    }
    return plan;
  }

  static void ExpectByIndex(const std::string& name, const std::string& plan) {
    EXPECT_NE(plan.find("cost="), std::string::npos) << name << "\n" << plan;
    const std::regex scan(R"(Seq Scan on ([a-z_]+?)(_\d{8})? )");
    for (std::sregex_iterator at(plan.begin(), plan.end(), scan), end; at != end; ++at) {
      EXPECT_FALSE(kGrow.contains((*at)[1].str())) << name << " reads all of " << (*at)[1] << "\n"
                                                   << plan;
    }
  }

  // Days of report_log or telemetry in a plan that is pruned when it is made.
  static size_t DaysIn(const std::string& plan) {
    const std::regex day(R"( on (report_log|telemetry)_(\d{8}))");
    std::set<std::string> days;
    for (std::sregex_iterator at(plan.begin(), plan.end(), day), end; at != end; ++at) {
      days.insert((*at)[2].str());
    }
    return days.size();
  }

  static Looker* looker_;
};

Looker* Plans::looker_ = nullptr;

TEST_F(Plans, Questions) {
  const std::string kPages[] = {"'', '', 0, 100", "'', '', 30000, 100", "'name-3', '', 0, 100",
                                "'p3', '', 0, 100", "'nobody', '', 0, 100"};
  // As AnswerQuestion has it: planned for what is asked.
  ASSERT_NE(kLimitQuestionTime.find("force_custom_plan"), std::string::npos);
  for (const std::string& page : kPages) {
    for (const Statement* list : {&kJobList, &kEventList}) {
      ExpectByIndex(list->name + " " + page, PlanOf(list->sql, page, false));
    }
    ExpectByIndex("commands " + page,
                  PlanOf(kCommandList.sql, page + ", 'print.pause', 'ann', ''", false));
    ExpectByIndex("commands of today " + page,
                  PlanOf(kCommandList.sql, page + ", '', '', '2026-01-01T00:00:00Z'", false));
  }
  const std::pair<const Statement*, const char*> kSingle[] = {
      {&kJobGet, "100"},
      {&kCommandGetById, "100, '', '', 100"},
      {&kCommandGetByRequest, "'ann', 'r100', '', '', 100"},
      {&kReprint, "100, ''"},
      {&kReplay, "'ann', 'r100', 'd'"}};
  for (const auto& [statement, parameters] : kSingle) {
    ExpectByIndex(statement->name, PlanOf(statement->sql, parameters, false));
    ExpectByIndex(statement->name, PlanOf(statement->sql, parameters, true));
  }
}

// By its name. Which of the two indexes, its own or that of the newest, is a matter of how many
// there are.
TEST_F(Plans, OneOfAFewPrintersIsFoundByAnIndex) {
  for (const Statement* list : {&kJobList, &kEventList}) {
    ExpectByIndex(list->name, PlanOf(list->sql, "'name-3', '', 0, 100", false));
  }
}

TEST_F(Plans, Start) {
  for (const Statement* statement :
       {&kLoadPrinters, &kLoadJobs, &kLoadCommands, &kLoadExecutions, &kLoadArtifacts, &kLoadLedger,
        &kLoadNotifications, &kLastBatchSeq, &kPartitions}) {
    ExpectByIndex(statement->name, PlanOf(statement->sql, "", true));
  }
  ExpectByIndex("digests", PlanOf(kLoadDigests.sql, "5, 'reports', 100", false));
  ExpectByIndex("requests", PlanOf(kLoadRequests.sql, "2592000000, 100000", true));
}

TEST_F(Plans, Retention) {
  ASSERT_NE(kMaintenanceLimits.find("force_custom_plan"), std::string::npos);
  for (const Statement* statement :
       {&kDeleteOldNotifications, &kDeleteOldDownloads, &kDeleteOldExecutions, &kDeleteOldCommands,
        &kDeleteOldJobs, &kDeleteOldArtifacts, &kDeleteOldFiles, &kDeleteOldDeadLetters,
        &kDeleteOldEvents, &kDeleteOldAudit}) {
    for (const char* when : {"now() - interval '364 days'", "now() - interval '1 day'"}) {
      ExpectByIndex(statement->name, PlanOf(statement->sql, std::string(when) + ", 1000", false));
    }
  }
}

TEST_F(Plans, WritesThatLookForRows) {
  for (const Statement* statement : {&kMarkJob, &kPruneBatches, &kAdvanceLedger}) {
    const std::string parameters = statement == &kMarkJob ? "1, true, 'good', false, ''" : "1";
    ExpectByIndex(statement->name, PlanOf(statement->sql, parameters, true));
  }
}

// Statements in fences of Markdown: SELECT … ;
std::vector<std::string> StatementsOf(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  const std::string content = text.str();
  std::vector<std::string> statements;
  for (size_t at = content.find("SELECT "); at != std::string::npos;
       at = content.find("SELECT ", at + 1)) {
    const size_t end = content.find_first_of(";`", at);
    statements.push_back(content.substr(at, end - at));
    at = end;
  }
  return statements;
}

TEST_F(Plans, WhatTheManualAsks) {
  std::vector<std::filesystem::path> files = {PRINTFLEET_SOURCE_DIR "/README.md"};
  for (const auto& entry :
       std::filesystem::directory_iterator(PRINTFLEET_SOURCE_DIR "/deploy/manual")) {
    files.push_back(entry.path());
  }
  size_t count = 0;
  for (const auto& file : files) {
    for (const std::string& statement : StatementsOf(file)) {
      // Counting what there is of all jobs reads all jobs.
      if (statement.find("GROUP BY 1, 2") != std::string::npos &&
          statement.find("outcome IS NOT NULL") != std::string::npos) {
        continue;
      }
      if (statement == "SELECT reason, topic FROM fleet.dead_letters") {
        continue;  // of a farm of one printer, on its first day
      }
      const std::string sql = Replaced(statement, "…", "p3");
      ExpectByIndex(file.filename().string() + ": " + sql, PlanOf(sql, "", false));
      ++count;
    }
  }
  EXPECT_GE(count, 5U);
}

TEST_F(Plans, DaysThatAreNotAskedForAreNotRead) {
  for (const auto& [table, at] :
       {std::pair("report_log", "received_at"), std::pair("telemetry", "at")}) {
    const std::string from = looker_->Value("SELECT (now() - interval '10 days')::date");
    const std::string to = looker_->Value("SELECT (now() - interval '8 days')::date");
    const std::string sql = std::string("SELECT * FROM fleet.") + table +
                            " WHERE printer_id = 'p3' AND " + at + " >= '" + from + "' AND " + at +
                            " < '" + to + "' ORDER BY " + at;
    const std::string plan = PlanOf(sql, "", false);
    ExpectByIndex(sql, plan);
    EXPECT_EQ(DaysIn(plan), 2U) << plan;
    // The newest twenty: from the newest day backwards, as far as they reach.
    const std::string newest = std::string("EXPLAIN (ANALYZE, TIMING off) SELECT * FROM fleet.") +
                               table + " WHERE printer_id = 'p3' ORDER BY " + at + " DESC LIMIT 20";
    std::string ran;
    for (const SqlRow& row : looker_->Rows(newest)) {
      ran += row.at(0).value_or("") + "\n";
    }
    size_t days = 0;
    std::istringstream lines(ran);
    for (std::string line; std::getline(lines, line);) {
      days += line.find("Scan") != std::string::npos &&
              line.find("never executed") == std::string::npos;
    }
    EXPECT_LE(days, 6U) << ran;
  }
}

}  // namespace
}  // namespace printfleet::store
