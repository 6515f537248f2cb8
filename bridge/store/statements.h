// All SQL of the store, apart from the migrations in schema/. Named statements are prepared at
// their first use; the text-only ones run as they are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace printfleet::store {

struct Statement {
  std::string name;
  std::string sql;
};

struct CopyTarget {
  std::string table;
  std::vector<std::string> columns;
};

// -- Connecting --

// Keys of the advisory locks, of this database. Held by the daemon as long as its connection
// lives; held while migrating.
constexpr std::string_view kDaemonLockKeys = "1886546028, 1";
constexpr std::string_view kMigrationLockKeys = "1886546028, 2";

extern const Statement kTryDaemonLock;  // -> one boolean
extern const std::string kReleaseDaemonLock;
extern const Statement kDaemonLockHolder;  // -> pid, application_name
extern const Statement kTerminateBackend;  // pid ->
extern const Statement kBackendLives;      // pid -> one boolean
extern const Statement kDatabaseExists;    // name -> one boolean
extern const Statement kServerFacts;       // -> server_encoding, transaction_read_only
// UTC, no notices, and commits that are durable (a stronger setting than `on` stays).
extern const std::string kSessionSettings;
// CREATE DATABASE. The name is quoted.
std::string CreateDatabaseSql(std::string_view name);

// -- Migrating --

extern const std::string kLockMigrations;
extern const std::string kUnlockMigrations;
extern const Statement kHasMigrations;  // -> one boolean
extern const std::string kCreateMigrations;
extern const Statement kAppliedMigrations;  // -> version, name, checksum, by version
extern const Statement kRecordMigration;    // version, name, checksum ->

// -- Partitions --

extern const Statement kPartitions;  // -> table, partition's name

// Makes the partition of fleet.`table` for the day `date`.
std::string CreatePartitionSql(std::string_view table, std::string_view date, int lock_timeout_ms);

// -- Roles --

extern const Statement kCurrentRole;  // -> its name
extern const Statement kRoleExists;   // name -> one boolean
std::string CreateRoleSql(std::string_view role);
// role, tables[], their privileges[] -> one boolean: it has those, and no others
extern const Statement kHasGrants;
// Names are quoted; each ends with a semicolon.
std::string GrantSchemaSql(std::string_view role);
std::string GrantTableSql(std::string_view role, std::string_view table,
                          std::string_view privileges);
extern const Statement kAuditRisk;  // -> a few words, "" for none

// -- Writing a batch. One array for each column, in the order of write.cc --

extern const CopyTarget kReportLogCopy;
extern const CopyTarget kTelemetryCopy;

extern const Statement kUpsertPrinters;
extern const Statement kUpsertStatuses;
extern const Statement kUpsertJobs;
extern const Statement kMarkJob;  // job_id, set verdict?, verdict, set note?, note
extern const Statement kInsertJobEvents;
extern const Statement kDeleteFiles;      // printer_id[], storage[], path[], filename[], raw[]
extern const Statement kDeleteFileLists;  // printer_id[], storage[], path[]
extern const Statement kInsertFiles;
extern const Statement kUpsertCommands;
// Refuses a row of a request that was accepted before.
constexpr std::string_view kKnownRequestConstraint = "commands_author_request_id_key";
extern const Statement kUpsertExecutions;
extern const Statement kUpsertArtifacts;
extern const Statement kInsertOffers;
extern const Statement kMarkDownloads;  // key, first_byte_at[], last_byte_at[], bytes_sent[]
extern const Statement kInsertEvents;
extern const Statement kInsertAudit;
extern const Statement kUpsertNotifications;
extern const Statement kInsertDeadLetters;
extern const Statement kInsertBatches;
extern const Statement kPruneBatches;  // seq: those before it
// seq -> one row, or none when the ledger is at or past it.
extern const Statement kAdvanceLedger;
// next job, command, event, task, report, hold, next artifact, notification
extern const Statement kSetLedger;
extern const Statement kSetSpoolMark;  // identity, through

// -- Loading --

extern const Statement kLoadPrinters;
extern const Statement kLoadJobs;
extern const Statement kLoadCommands;
extern const Statement kLoadExecutions;
extern const Statement kLoadRequests;  // remember_ms, how many
extern const Statement kLoadArtifacts;
extern const Statement kLoadLedger;
extern const Statement kLoadNotifications;
extern const Statement kLoadDigests;  // seq and session: those behind it; limit
extern const Statement kLastBatchSeq;

// -- Retention: a time, how many at most -> how many rows went --

extern const Statement kDeleteOldNotifications;
extern const Statement kDeleteOldDownloads;
extern const Statement kDeleteOldExecutions;
extern const Statement kDeleteOldCommands;
extern const Statement kDeleteOldJobs;
extern const Statement kDeleteOldArtifacts;
extern const Statement kDeleteOldFiles;
extern const Statement kDeleteOldDeadLetters;
extern const Statement kDeleteOldEvents;
extern const Statement kDeleteOldAudit;

extern const std::string kMaintenanceLimits;  // of its connection
extern const Statement kOwnsTables;           // -> one boolean: may our role detach?
extern const Statement kMarkDay;              // date: the daemon ran
extern const Statement kDaysRan;              // -> date, from the newest
extern const Statement kPendingPartitions;    // half detached -> table, partition's name
extern const Statement kDetachedPartitions;   // to be dropped, and by nobody else -> name
// Names as Partitions makes them. Marked before it is detached, so that what somebody has detached
// for a reason of his own is not dropped; DETACH outside of a transaction.
std::string MarkPartitionSql(const std::string& name);
std::string DetachPartitionSql(const std::string& table, const std::string& name);
std::string FinishDetachSql(const std::string& table, const std::string& name);
std::string DropPartitionSql(const std::string& name);
// By fleet.drop_partition, inside a transaction.
std::string DropPartitionAtOnceSql(std::string_view table, std::string_view date,
                                   int lock_timeout_ms);

// -- Restoring --

// Numbers jump by so many; what was known of beds is not; nobody is told old news.
std::string AfterRestoreSql(int64_t ids_ahead);

// -- Questions: each row is one JSON object --

extern const std::string kLimitQuestionTime;  // inside its transaction
extern const Statement kJobList;              // printer, state or outcome, after, limit
extern const Statement kJobGet;               // job_id
extern const Statement kCommandList;     // printer, state, after, limit, command, author, since
extern const Statement kCommandGetById;  // command_id, after, state, limit of executions
extern const Statement kCommandGetByRequest;  // author, request_id, and so on
extern const Statement kEventList;            // printer, kind, after, limit
extern const Statement kReprint;
extern const Statement kReplay;  // author, request_id, body_digest

}  // namespace printfleet::store
