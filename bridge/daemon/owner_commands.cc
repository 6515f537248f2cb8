// `printfleet migrate` and `printfleet retain`: what is done as the owner of the tables.
#include <thread>

#include "base/log.h"
#include "daemon/clock.h"
#include "daemon/commands.h"
#include "daemon/external.h"
#include "store/connection.h"
#include "store/maintenance.h"
#include "store/managed.h"
#include "store/migrate.h"

namespace printfleet::daemon {
namespace {

// How to connect as the owner of the tables, and as whom the daemon works.
struct Ownership {
  std::string conninfo;
  store::WorkingRole role;
};

Result<Ownership> OwnershipOf(const settings::Settings& settings) {
  const settings::Database& database = settings.database;
  const bool managed = database.mode == settings::Mode::kManaged;
  const store::ManagedCluster cluster = store::LocateCluster(settings);
  const auto working = managed ? Result<std::string>(cluster.conninfo) : ExternalConninfo(database);
  if (!working.ok()) {
    return working.error();
  }
  if (!managed && database.owner_url.empty()) {
    return Ownership{*working, {}};
  }
  const auto owner =
      managed ? Result<std::string>(cluster.owner_conninfo) : ExternalOwnerConninfo(database);
  const auto role = store::RoleName(*working);
  if (!owner.ok() || !role.ok()) {
    return owner.ok() ? role.error() : owner.error();
  }
  return Ownership{*owner, {.name = *role, .create = managed}};
}

}  // namespace

int Migrate(const settings::Loaded& loaded) {
  const auto owner = OwnershipOf(loaded.settings);
  if (!owner.ok()) {
    LogError("migrate", owner.error().message);
    return 2;
  }
  const auto applied = store::Migrate(owner->conninfo, store::DefaultSchemaDir(), owner->role);
  if (!applied.ok()) {
    LogError("migrate", applied.error().message);
    return applied.error().code == Errc::kUnavailable ? 3 : 2;
  }
  LogInfo("migrate", "done", {{"applied", *applied}});
  return 0;
}

int Retain(const settings::Loaded& loaded) {
  const auto owner = OwnershipOf(loaded.settings);
  if (!owner.ok()) {
    LogError("retain", owner.error().message);
    return 2;
  }
  store::SocketGuard guard;
  auto session = store::Connect({.conninfo = owner->conninfo,
                                 .admin_conninfo = "",
                                 .instance = "retain",
                                 .application = "printfleet-maintenance"},
                                guard);
  if (!session.ok()) {
    LogError("retain", session.error().message);
    return 3;
  }
  store::Maintenance maintenance(loaded.settings.store, loaded.settings.commands.remember,
                                 [](milliseconds time) {
                                   std::this_thread::sleep_for(time);
                                   return false;
                                 });
  const store::MaintenanceReport report = maintenance.Run(**session, Now().wall);
  for (const auto& [table, count] : report.partitions_dropped) {
    LogInfo("retain", "dropped days", {{"table", table}, {"days", count}});
  }
  for (const auto& [table, count] : report.rows_deleted) {
    if (count > 0) {
      LogInfo("retain", "deleted rows", {{"table", table}, {"rows", count}});
    }
  }
  if (report.error) {
    LogError("retain", "not all of it", {{"error", report.error->message}});
    return report.error->code == Errc::kUnavailable ? 3 : 1;
  }
  LogInfo("retain", "done");
  return 0;
}

}  // namespace printfleet::daemon
