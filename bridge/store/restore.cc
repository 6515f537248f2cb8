#include "store/restore.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "store/connection.h"
#include "store/migrate.h"
#include "store/statements.h"

namespace printfleet::store {
namespace {

Result<std::unique_ptr<Session>> ConnectOwner(const ManagedCluster& cluster, SocketGuard& guard) {
  return Connect({.conninfo = cluster.owner_conninfo,
                  .admin_conninfo = cluster.admin_conninfo,
                  .instance = "restore"},
                 guard);
}

}  // namespace

Status PrepareRestore(const ManagedCluster& cluster) {
  SocketGuard guard;
  const auto session = ConnectOwner(cluster, guard);
  const Result<std::string> role = RoleName(cluster.conninfo);
  if (!session || !role) {
    return session ? role.error() : session.error();
  }
  const Result<SqlRows> made = (*session)->Exec(CreateRoleSql(*role));
  return made ? Status(Ok{}) : made.error();
}

Status FinishRestore(const ManagedCluster& cluster, const std::string& schema_dir) {
  SocketGuard guard;
  const auto session = ConnectOwner(cluster, guard);
  const Result<std::string> role = RoleName(cluster.conninfo);
  if (!session || !role) {
    return session ? role.error() : session.error();
  }
  const Result<int> migrated =
      MigrateSession(**session, schema_dir, {.name = *role, .create = true});
  if (!migrated) {
    return migrated.error();
  }
  for (const std::string& sql : {AfterRestoreSql(kRestoredIdsAhead), std::string("ANALYZE")}) {
    const Result<SqlRows> done = (*session)->Exec(sql);
    if (!done) {
      return done.error();
    }
  }
  return Ok{};
}

Status CheckBackupVersion(const std::string& copied, const std::string& schema_dir) {
  const Result<std::vector<Migration>> known = ReadMigrations(schema_dir);
  if (!known) {
    return known.error();
  }
  std::istringstream lines(copied);
  std::string line;
  bool rows = false;
  int newest = 0;
  while (std::getline(lines, line) && line != "\\.") {
    if (rows) {
      newest = std::max(newest, std::atoi(line.c_str()));
    }
    rows = rows || line.starts_with("COPY fleet.schema_migrations ");
  }
  if (newest == 0) {
    return Error{Errc::kInvalid, "it is no backup of printfleet's: nothing of its schema is in it"};
  }
  if (newest > static_cast<int>(known->size())) {
    return Error{Errc::kUnsupported, "it has schema version " + std::to_string(newest) +
                                         ", this program knows " + std::to_string(known->size()) +
                                         ": restore it with the printfleet that made it, or a "
                                         "newer one"};
  }
  return Ok{};
}

}  // namespace printfleet::store
