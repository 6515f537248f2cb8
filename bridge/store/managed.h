// The managed PostgreSQL cluster as data: what must run once (initdb), what then runs as a server,
// and how to connect. child/ carries it out.
//
// Reads small files of data_dir/database and, in Prepare, removes an initdb that was interrupted;
// starts nothing and connects to nothing. Loop thread.
//
// data_dir/database/cluster (0700, the server's user) is PostgreSQL's data directory and holds its
// only socket: no TCP port. Whoever may connect is decided by the kernel, not by a password: peer
// authentication with a map that lets root, the daemon's user and the server's user be one of two
// roles: `printfleet`, the cluster's superuser and owner of the tables, for migrations and for
// people; and `printfleet_daemon`, which the daemon works as (store/roles.h). Where the server's
// user cannot enter data_dir's parents (root's home), the directory is passed open and PostgreSQL
// is told /proc/self/fd/3.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/process_spec.h"
#include "base/result.h"
#include "settings/settings.h"

namespace printfleet::store {

struct ManagedCluster {
  // Present when there is no cluster yet: run it to its end (child::RunToEnd), then FinishInit,
  // then start `server`.
  std::optional<ProcessSpec> init;
  ProcessSpec server;
  // libpq keywords, database printfleet: as the daemon works; as the owner of its tables. Database
  // and first role are made by the store's worker.
  std::string conninfo;
  std::string owner_conninfo;
  std::string admin_conninfo;  // as the owner, database postgres, which always exists
  std::string cluster_dir;
};

// data_dir/database/server.lock: child::FindHolder(it) says whether a database of ours runs.
std::string ManagedLockPath(const settings::Settings& settings);

// Only how to connect, for a server with a life of its own: it may not be there yet, or be making
// its cluster just now.
ManagedCluster LocateCluster(const settings::Settings& settings);

// Errors: kNotFound: no PostgreSQL installed, no such user; kConflict: the cluster is of another
// major version (how to upgrade), of another user, or the directory holds something else. It never
// removes a cluster that was ever started.
Result<ManagedCluster> PrepareCluster(const settings::Settings& settings);

// Call after init ended with code 0: from now on the cluster counts as whole.
Status FinishInit(const ManagedCluster& cluster);

// Whether the postmaster with this pid says in postmaster.pid that it accepts connections. `pid` 0:
// any (lifetime own).
bool IsClusterReady(const ManagedCluster& cluster, pid_t pid);

}  // namespace printfleet::store
