// Migrations: the files of schema/, applied in order and once.
//
// Called by the worker on a connection of the tables' owner, or on its own where no owner is known
// to it, and by `printfleet migrate`.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/session.h"

namespace printfleet::store {

struct Migration {
  int version = 0;
  std::string name;  // create_fleet
  std::string sql;
  std::string checksum;  // SHA-256 of the file, hex
};

// A row of fleet.schema_migrations.
struct AppliedMigration {
  int version = 0;
  std::string name;
  std::string checksum;
};

// Where the program's own schema/ is: see settings::InstalledPath().
std::string DefaultSchemaDir();

// The NNNN_verb_noun.sql of `schema_dir`, by number. Errors: kNotFound (no such directory),
// kInvalid (another .sql name, a gap, a number twice).
Result<std::vector<Migration>> ReadMigrations(const std::string& schema_dir);

// What of `known` is still to be applied: the index of the first. Errors: kUnsupported when the
// database is newer than the program, or an applied file differs from ours.
Result<size_t> FirstPending(const std::vector<Migration>& known,
                            const std::vector<AppliedMigration>& applied);

// The role that the daemon works as, beside the owner of the tables who migrates; "": the same.
struct WorkingRole {
  std::string name;
  bool create = false;  // it is ours to make
};

// Applies what is missing, under an advisory lock, each file in a transaction of its own, and gives
// `role` its rights (roles.h). Returns how many files. Errors: of the two above; of the SQL.
Result<int> MigrateSession(Session& session, const std::string& schema_dir,
                           const WorkingRole& role = {});

// Connects (as application "printfleet/migrate") and does it.
Result<int> Migrate(const std::string& conninfo, const std::string& schema_dir,
                    const WorkingRole& role = {});

}  // namespace printfleet::store
