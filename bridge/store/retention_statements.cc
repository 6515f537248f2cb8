// The statements of retention: what is old, found by an index and deleted in pieces. Of each table
// only what nothing needs any more. $1 is the time before which rows are old, $2 how many go at
// most; the answer is how many went.
#include "store/statements.h"

namespace printfleet::store {
namespace {

std::string Counted(const std::string& deletion) {
  return "WITH gone AS (" + deletion + " RETURNING 1) SELECT count(*) FROM gone";
}

// Of a table that is only added to: by the place of its rows, for it may have no key.
std::string OldRows(const std::string& table, const std::string& at) {
  return Counted("DELETE FROM fleet." + table + " WHERE ctid = ANY (ARRAY(SELECT ctid FROM fleet." +
                 table + " WHERE " + at + " < $1::timestamptz ORDER BY " + at +
                 " LIMIT $2::bigint))");
}

// Commands that are over, the oldest first.
std::string OldCommands(const std::string& limit) {
  return "SELECT command_id FROM fleet.commands WHERE created_at < $1::timestamptz"
         " AND (finished_at < $1::timestamptz OR state = 'rejected') ORDER BY created_at LIMIT " +
         limit;
}

// So many at a time: one may have ten thousand executions.
constexpr const char* kCommandsAtATime = "20";

}  // namespace

// Planned for the cutoff that is asked for: with another one much or little of a table is old.
const std::string kMaintenanceLimits =
    "SET lock_timeout = '1s'; SET statement_timeout = '60s';"
    "SET idle_in_transaction_session_timeout = '60s'; SET plan_cache_mode = 'force_custom_plan'";

const Statement kOwnsTables = {
    "owns_tables",
    R"(SELECT pg_has_role(current_user, relowner, 'MEMBER')
       FROM pg_class WHERE oid = 'fleet.report_log'::regclass)",
};

const Statement kMarkDay = {
    "mark_day",
    "INSERT INTO fleet.retention_days (day) VALUES ($1::date) ON CONFLICT (day) DO NOTHING",
};

const Statement kDaysRan = {
    "days_ran",
    "SELECT day FROM fleet.retention_days ORDER BY day DESC",
};

const Statement kPendingPartitions = {
    "pending_partitions",
    R"(SELECT p.relname, c.relname
       FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhdetachpending
         AND i.inhparent IN ('fleet.report_log'::regclass, 'fleet.telemetry'::regclass))",
};

const Statement kDetachedPartitions = {
    "detached_partitions",
    R"(SELECT c.relname FROM pg_class c
       WHERE c.relnamespace = 'fleet'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
         AND c.relname ~ '^(report_log|telemetry)_[0-9]{8}$'
         AND obj_description(c.oid, 'pg_class') = 'printfleet: to be dropped')",
};

std::string MarkPartitionSql(const std::string& name) {
  return "COMMENT ON TABLE fleet." + name + " IS 'printfleet: to be dropped'";
}

std::string DetachPartitionSql(const std::string& table, const std::string& name) {
  return "ALTER TABLE fleet." + table + " DETACH PARTITION fleet." + name + " CONCURRENTLY";
}

std::string FinishDetachSql(const std::string& table, const std::string& name) {
  return "ALTER TABLE fleet." + table + " DETACH PARTITION fleet." + name + " FINALIZE";
}

std::string DropPartitionSql(const std::string& name) {
  return "DROP TABLE fleet." + name;
}

std::string DropPartitionAtOnceSql(std::string_view table, std::string_view date,
                                   int lock_timeout_ms) {
  return "SET LOCAL lock_timeout = " + std::to_string(lock_timeout_ms) +
         ";SELECT fleet.drop_partition('" + std::string(table) + "', '" + std::string(date) + "')";
}

const Statement kDeleteOldNotifications = {
    "delete_old_notifications",
    Counted(R"(DELETE FROM fleet.notifications WHERE notification_id = ANY (ARRAY(
         SELECT notification_id FROM fleet.notifications
         WHERE created_at < $1::timestamptz AND state IN ('sent', 'failed')
         ORDER BY created_at LIMIT $2::bigint)))"),
};

// Numbers of commands grow with time, so the oldest come first by the key.
const Statement kDeleteOldDownloads = {
    "delete_old_downloads",
    Counted(R"(DELETE FROM fleet.downloads WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM (SELECT ctid, offered_at, expires_at FROM fleet.downloads
                           ORDER BY command_id, printer_id, attempt LIMIT $2::bigint) oldest
         WHERE offered_at < $1::timestamptz AND expires_at < $1::timestamptz)))"),
};

const Statement kDeleteOldExecutions = {
    "delete_old_executions",
    Counted(R"(DELETE FROM fleet.command_executions WHERE ctid = ANY (ARRAY(
         SELECT e.ctid FROM ()" +
            OldCommands(kCommandsAtATime) + R"() c
           CROSS JOIN LATERAL (SELECT x.ctid FROM fleet.command_executions x
                               WHERE x.command_id = c.command_id) e LIMIT $2::bigint)))"),
};

// Those whose executions have gone before.
const Statement kDeleteOldCommands = {
    "delete_old_commands",
    Counted("DELETE FROM fleet.commands WHERE command_id = ANY (ARRAY(" +
            OldCommands("least(" + std::string(kCommandsAtATime) + ", $2::bigint)") + "))"),
};

// A printer's newest job stays: it is what the daemon compares with what the printer says.
const Statement kDeleteOldJobs = {
    "delete_old_jobs",
    Counted(R"(DELETE FROM fleet.jobs WHERE job_id = ANY (ARRAY(
         SELECT j.job_id FROM fleet.jobs j
         WHERE j.started_at < $1::timestamptz AND j.ended_at < $1::timestamptz
           AND j.outcome IS NOT NULL AND j.counted
           AND EXISTS (SELECT 1 FROM fleet.jobs n
                       WHERE n.printer_id = j.printer_id AND n.job_id > j.job_id)
         ORDER BY j.started_at LIMIT least(100, $2::bigint))))"),
};

const Statement kDeleteOldArtifacts = {
    "delete_old_artifacts",
    Counted(R"(DELETE FROM fleet.artifacts WHERE artifact_id = ANY (ARRAY(
         SELECT a.artifact_id FROM fleet.artifacts a
         WHERE a.removed_at < $1::timestamptz
           AND NOT EXISTS (SELECT 1 FROM fleet.downloads d WHERE d.artifact_id = a.artifact_id)
         LIMIT $2::bigint)))"),
};

const Statement kDeleteOldFiles = {
    "delete_old_files",
    Counted(R"(DELETE FROM fleet.printer_files WHERE ctid = ANY (ARRAY(
         SELECT f.ctid FROM fleet.printers p
           CROSS JOIN LATERAL (SELECT x.ctid FROM fleet.printer_files x
                               WHERE x.printer_id = p.printer_id) f
         WHERE p.enrolment = 'retired' AND p.retired_at < $1::timestamptz LIMIT $2::bigint)))"),
};

const Statement kDeleteOldDeadLetters = {"delete_old_dead_letters",
                                         OldRows("dead_letters", "received_at")};
const Statement kDeleteOldEvents = {"delete_old_events", OldRows("events", "at")};
const Statement kDeleteOldAudit = {"delete_old_audit", OldRows("audit_log", "at")};

}  // namespace printfleet::store
