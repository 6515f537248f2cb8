// Connecting, migrating, partitions, loading. The rest: write_statements.cc and
// question_statements.cc.
#include "store/statements.h"

namespace printfleet::store {
namespace {

// A name as SQL takes it, whatever is in it.
std::string QuotedName(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    quoted += c;
    if (c == '"') {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace

const Statement kTryDaemonLock = {
    "try_daemon_lock",
    "SELECT pg_try_advisory_lock(" + std::string(kDaemonLockKeys) + ")",
};

const std::string kReleaseDaemonLock =
    "SELECT pg_advisory_unlock(" + std::string(kDaemonLockKeys) + ")";

const Statement kDaemonLockHolder = {
    "daemon_lock_holder",
    R"(SELECT l.pid, coalesce(a.application_name, '')
       FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
       WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 1886546028 AND l.objid = 1
         AND l.objsubid = 2
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
};

const Statement kTerminateBackend = {"terminate_backend", "SELECT pg_terminate_backend($1::int)"};

const Statement kBackendLives = {
    "backend_lives",
    "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = $1::int)",
};

const Statement kDatabaseExists = {
    "database_exists",
    "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)",
};

const Statement kServerFacts = {
    "server_facts",
    "SELECT current_setting('server_encoding'), current_setting('transaction_read_only')",
};

const std::string kSessionSettings =
    "SET client_min_messages = warning; SET timezone = 'UTC'; SET datestyle = 'ISO';"
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'";

std::string CreateDatabaseSql(std::string_view name) {
  return "CREATE DATABASE " + QuotedName(name) + " ENCODING 'UTF8' TEMPLATE template0";
}

const std::string kLockMigrations =
    "SELECT pg_advisory_lock(" + std::string(kMigrationLockKeys) + ")";

const std::string kUnlockMigrations =
    "SELECT pg_advisory_unlock(" + std::string(kMigrationLockKeys) + ")";

const Statement kHasMigrations = {
    "has_migrations",
    "SELECT to_regclass('fleet.schema_migrations') IS NOT NULL",
};

const std::string kCreateMigrations = R"(
  CREATE SCHEMA IF NOT EXISTS fleet;
  CREATE TABLE fleet.schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    checksum text NOT NULL
  );
  COMMENT ON TABLE fleet.schema_migrations IS 'the files of schema/ that have been applied')";

const Statement kAppliedMigrations = {
    "applied_migrations",
    "SELECT version, name, checksum FROM fleet.schema_migrations ORDER BY version",
};

const Statement kRecordMigration = {
    "record_migration",
    "INSERT INTO fleet.schema_migrations (version, name, checksum) VALUES ($1::int, $2, $3)",
};

const Statement kCurrentRole = {"current_role", "SELECT current_user"};

const Statement kRoleExists = {
    "role_exists",
    "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)",
};

std::string CreateRoleSql(std::string_view role) {
  return "CREATE ROLE " + QuotedName(role) +
         " LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT";
}

const Statement kHasGrants = {
    "has_grants",
    R"(SELECT bool_and(has_table_privilege($1, 'fleet.' || t.name, p.name)
                       = (p.name = ANY (string_to_array(t.privileges, ', '))))
              AND has_schema_privilege($1, 'fleet', 'USAGE')
              AND NOT has_schema_privilege($1, 'fleet', 'CREATE')
              AND has_function_privilege($1, 'fleet.add_partition(text, date)', 'EXECUTE')
              AND has_function_privilege($1, 'fleet.drop_partition(text, date)', 'EXECUTE')
              AND NOT has_function_privilege('public', 'fleet.add_partition(text, date)', 'EXECUTE')
              AND NOT has_function_privilege('public', 'fleet.drop_partition(text, date)', 'EXECUTE')
       FROM unnest($2::text[], $3::text[]) t(name, privileges),
            unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) p(name))",
};

std::string GrantSchemaSql(std::string_view role) {
  const std::string name = QuotedName(role);
  const std::string functions =
      " ON FUNCTION fleet.add_partition(text, date), fleet.drop_partition(text, date) ";
  // From PUBLIC the migrations took it, too; a restore without rights has given it back.
  return "REVOKE ALL ON SCHEMA fleet FROM " + name + ";GRANT USAGE ON SCHEMA fleet TO " + name +
         ";REVOKE ALL" + functions + "FROM PUBLIC;GRANT EXECUTE" + functions + "TO " + name + ";";
}

std::string GrantTableSql(std::string_view role, std::string_view table,
                          std::string_view privileges) {
  const std::string on = " ON fleet." + QuotedName(table);
  const std::string name = QuotedName(role);
  return "REVOKE ALL" + on + " FROM " + name + ";GRANT " + std::string(privileges) + on + " TO " +
         name + ";";
}

const Statement kAuditRisk = {
    "audit_risk",
    R"(SELECT CASE WHEN r.rolsuper THEN 'is a superuser'
                   WHEN pg_has_role(current_user, c.relowner, 'MEMBER') THEN 'owns it'
                   WHEN has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
                     OR has_any_column_privilege(c.oid, 'UPDATE') THEN 'may change its rows'
                   ELSE '' END
       FROM pg_class c, pg_roles r
       WHERE c.oid = 'fleet.audit_log'::regclass AND r.rolname = current_user)",
};

const Statement kPartitions = {
    "partitions",
    R"(SELECT p.relname, c.relname
       FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_class c ON c.oid = i.inhrelid
       WHERE NOT i.inhdetachpending
         AND i.inhparent IN ('fleet.report_log'::regclass, 'fleet.telemetry'::regclass))",
};

std::string CreatePartitionSql(std::string_view table, std::string_view date, int lock_timeout_ms) {
  return "SET LOCAL lock_timeout = " + std::to_string(lock_timeout_ms) +
         ";SELECT fleet.add_partition('" + std::string(table) + "', '" + std::string(date) + "')";
}

std::string AfterRestoreSql(int64_t ids_ahead) {
  std::string sql = "BEGIN; UPDATE fleet.ledger SET ";
  const char* separator = "";
  for (const std::string id :
       {"job", "command", "event", "task", "report_seq", "artifact", "notification"}) {
    const std::string column = id == "report_seq" ? "next_report_seq" : "next_" + id + "_id";
    sql += separator + column + " = " + column + " + " + std::to_string(ids_ahead);
    separator = ", ";
  }
  return sql + R"(;
    UPDATE fleet.printers SET bed = 'unknown' WHERE bed = 'clear';
    UPDATE fleet.notifications SET state = 'failed', last_error = 'a backup was restored'
      WHERE state IN ('open', 'queued');
    INSERT INTO fleet.audit_log (at, author, command, outcome) VALUES (now(), 'local', 'restore', 'done');
    COMMIT)";
}

const Statement kLoadPrinters = {
    "load_printers",
    R"(SELECT p.printer_id, p.model_id, p.model, p.name, array_to_json(p.groups)::text,
              p.labels::text, p.enrolment, p.firmware, p.machine_version, p.peripheral_version,
              p.maintenance, p.bed, p.topic_form, p.note, p.last_task_id,
              fleet.epoch_ms(p.first_seen_at), fleet.epoch_ms(p.last_seen_at),
              fleet.epoch_ms(p.retired_at), p.replaced_by,
              s.online, s.offline_reason, s.address, s.state, fleet.epoch_ms(s.state_since),
              s.nozzle_temp_c, s.nozzle_target_c, s.bed_temp_c, s.bed_target_c, s.fan_ratio,
              s.print_speed_mode, s.z_offset_mm, s.progress_ratio, s.job_id, s.last_error_code,
              s.last_error_text, fleet.epoch_ms(s.last_error_at), fleet.epoch_ms(s.reported_at),
              fleet.epoch_ms(s.received_at)
       FROM fleet.printers p LEFT JOIN fleet.printer_status s USING (printer_id)
       ORDER BY p.printer_id)",
};

// The open jobs by their own index, the last ones by printer; of each printer the open one first.
const Statement kLoadJobs = {
    "load_jobs",
    R"(SELECT DISTINCT ON (j.printer_id)
              j.job_id, j.printer_id, j.task_id, j.local_task,
              coalesce(encode(j.filename_raw, 'hex'), ''), j.filename, j.source, j.command_id,
              j.artifact_id, j.state, j.outcome, fleet.epoch_ms(j.started_at), fleet.epoch_ms(j.ended_at),
              j.progress_ratio, j.layer, j.layers, j.elapsed_s, j.remaining_s, j.material_used_mm,
              j.error_code, j.error_text, j.slice_params::text, j.counted
       FROM (SELECT * FROM fleet.jobs WHERE outcome IS NULL
             UNION ALL
             SELECT last.* FROM fleet.printers p
             CROSS JOIN LATERAL (SELECT * FROM fleet.jobs l WHERE l.printer_id = p.printer_id
                                 ORDER BY l.job_id DESC LIMIT 1) last) j
       ORDER BY j.printer_id, (j.outcome IS NOT NULL), j.job_id DESC)",
};

const Statement kLoadCommands = {
    "load_commands",
    R"(SELECT command_id, author, request_id, command, target::text, args::text, options::text,
              state, target_hash, body_digest, reply_topic, encode(correlation_data, 'hex'),
              reply_stream, fleet.epoch_ms(created_at), fleet.epoch_ms(deadline_at),
              fleet.epoch_ms(finished_at)
       FROM fleet.commands WHERE finished_at IS NULL AND state = 'accepted' ORDER BY command_id)",
};

const Statement kLoadExecutions = {
    "load_executions",
    R"(SELECT e.command_id, e.printer_id, e.printer_name, e.state, e.skip_reason, e.task_id,
              e.job_id, e.code, e.message, e.result::text, e.attempts, e.msgid,
              fleet.epoch_ms(e.sent_at), fleet.epoch_ms(e.finished_at)
       FROM fleet.command_executions e JOIN fleet.commands c USING (command_id)
       WHERE c.finished_at IS NULL AND c.state = 'accepted'
       ORDER BY e.command_id, e.printer_id)",
};

const Statement kLoadRequests = {
    "load_requests",
    R"(SELECT author, request_id, command_id, body_digest, fleet.epoch_ms(created_at)
       FROM fleet.commands
       WHERE request_id IS NOT NULL AND state <> 'rejected'
         AND created_at >= now() - $1::bigint * interval '1 millisecond'
       ORDER BY command_id DESC LIMIT $2::bigint)",
};

const Statement kLoadArtifacts = {
    "load_artifacts",
    R"(SELECT artifact_id, kind, name, sha256, md5, size_bytes, slicer, model, model_id, estimated_s,
              material, filament_mm, filament_g, layers, thumbnail_type, added_by,
              fleet.epoch_ms(added_at)
       FROM fleet.artifacts WHERE removed_at IS NULL ORDER BY artifact_id)",
};

const Statement kLoadLedger = {
    "load_ledger",
    R"(SELECT last_batch_seq, next_job_id, next_command_id, next_event_id, next_task_id,
              next_report_seq, hold, next_artifact_id, next_notification_id, spool, spool_through
       FROM fleet.ledger)",
};

const Statement kLoadNotifications = {
    "load_notifications",
    R"(SELECT notification_id, state, fleet.epoch_ms(closed_at), fleet.epoch_ms(due_at), attempts,
              last_error, body::text
       FROM fleet.notifications WHERE state IN ('open', 'queued') ORDER BY notification_id)",
};

const Statement kLoadDigests = {
    "load_digests",
    R"(SELECT seq, session, encode(digests, 'hex') FROM fleet.inbound_batches
       WHERE (seq, session) > ($1::bigint, $2::text) ORDER BY seq, session LIMIT $3::bigint)",
};

const Statement kLastBatchSeq = {"last_batch_seq", "SELECT last_batch_seq FROM fleet.ledger"};

}  // namespace printfleet::store
