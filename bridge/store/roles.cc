#include "store/roles.h"

#include "base/log.h"
#include "store/row_set.h"
#include "store/statements.h"

namespace printfleet::store {
namespace {

constexpr std::string_view kAppend = "SELECT, INSERT";
constexpr std::string_view kWrite = "SELECT, INSERT, UPDATE";
constexpr std::string_view kReplace = "SELECT, INSERT, DELETE";

constexpr Grant kGrants[] = {
    {"printers", kWrite},           {"printer_status", kWrite},   {"jobs", kWrite},
    {"job_events", kAppend},        {"printer_files", kReplace},  {"commands", kWrite},
    {"command_executions", kWrite}, {"events", kAppend},          {"audit_log", kAppend},
    {"dead_letters", kAppend},      {"report_log", kAppend},      {"telemetry", kAppend},
    {"artifacts", kWrite},          {"downloads", kWrite},        {"notifications", kWrite},
    {"inbound_batches", kReplace},  {"ledger", "SELECT, UPDATE"}, {"schema_migrations", "SELECT"},
    {"retention_days", kAppend},
};

// The first cell of the first row.
Result<std::string> Value(Session& session, const Statement& statement,
                          const std::vector<Cell>& parameters = {}) {
  const Result<SqlRows> rows = session.Run(statement, parameters);
  if (!rows) {
    return rows.error();
  }
  return rows->empty() ? "" : rows->front().at(0).value_or("");
}

// Granting writes the catalog anew; at each start that would be for nothing.
Result<std::string> HasGrants(Session& owner, const std::string& role) {
  RowSet set(2);
  for (const Grant& grant : kGrants) {
    set.Text(grant.table).Text(grant.privileges);
  }
  return Value(owner, kHasGrants, {role, set.ArrayLiteral(0), set.ArrayLiteral(1)});
}

}  // namespace

std::span<const Grant> WorkingGrants() {
  return kGrants;
}

Status GrantWorkingRole(Session& owner, const std::string& role, bool create) {
  const Result<std::string> self = Value(owner, kCurrentRole);
  if (!self || *self == role) {
    return self ? Status(Ok{}) : self.error();
  }
  const Result<std::string> exists = Value(owner, kRoleExists, {role});
  if (!exists) {
    return exists.error();
  }
  if (*exists != "t" && create) {
    const Result<SqlRows> created = owner.Exec(CreateRoleSql(role));
    if (!created) {
      return created.error();
    }
    LogInfo("store", "made the daemon's role", {{"role", role}});
  }
  const Result<std::string> granted = HasGrants(owner, role);
  if (!granted || *granted == "t") {
    return granted ? Status(Ok{}) : granted.error();
  }
  Transaction transaction(owner);
  Status begun = transaction.Begin();
  if (!begun) {
    return begun;
  }
  std::string sql = GrantSchemaSql(role);
  for (const Grant& grant : kGrants) {
    sql += GrantTableSql(role, grant.table, grant.privileges);
  }
  const Result<SqlRows> done = owner.Exec(sql);
  if (!done) {
    return done.error();
  }
  LogInfo("store", "gave the daemon's role its rights", {{"role", role}});
  return transaction.Commit();
}

Result<std::string> AuditRisk(Session& session) {
  return Value(session, kAuditRisk);
}

}  // namespace printfleet::store
