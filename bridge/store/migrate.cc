#include "store/migrate.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/digest.h"
#include "base/log.h"
#include "settings/installed.h"
#include "store/cell_reader.h"
#include "store/connection.h"
#include "store/roles.h"
#include "store/statements.h"

namespace printfleet::store {
namespace {

constexpr size_t kVersionDigits = 4;

// "0001_create_fleet" -> 1 and "create_fleet".
std::optional<Migration> ParseStem(std::string_view stem) {
  Migration migration;
  if (stem.size() < kVersionDigits + 2 || stem[kVersionDigits] != '_') {
    return std::nullopt;
  }
  const char* digits_end = stem.data() + kVersionDigits;
  const auto [end, error] = std::from_chars(stem.data(), digits_end, migration.version);
  if (error != std::errc() || end != digits_end || migration.version <= 0) {
    return std::nullopt;
  }
  migration.name = stem.substr(kVersionDigits + 1);
  const bool plain = std::all_of(migration.name.begin(), migration.name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  return plain ? std::optional(migration) : std::nullopt;
}

std::optional<std::string> ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file || !content) {
    return std::nullopt;
  }
  return content.str();
}

Result<std::vector<AppliedMigration>> ReadApplied(Session& session) {
  const Result<SqlRows> exists = session.Run(kHasMigrations);
  if (!exists) {
    return exists.error();
  }
  if (exists->at(0).at(0) != "t") {
    const Result<SqlRows> created = session.Exec(kCreateMigrations);
    if (!created) {
      return created.error();
    }
  }
  const Result<SqlRows> rows = session.Run(kAppliedMigrations);
  if (!rows) {
    return rows.error();
  }
  std::vector<AppliedMigration> applied;
  for (const SqlRow& row : *rows) {
    CellReader reader(row);
    AppliedMigration& migration = applied.emplace_back();
    migration.version = static_cast<int>(reader.Int());
    migration.name = reader.Text();
    migration.checksum = reader.Text();
  }
  return applied;
}

Status Apply(Session& session, const Migration& migration) {
  Transaction transaction(session);
  Status begun = transaction.Begin();
  if (!begun) {
    return begun;
  }
  const Result<SqlRows> applied = session.Exec(migration.sql);
  if (!applied) {
    return applied.error();
  }
  const Result<SqlRows> recorded = session.Run(
      kRecordMigration, {std::to_string(migration.version), migration.name, migration.checksum});
  if (!recorded) {
    return recorded.error();
  }
  return transaction.Commit();
}

// Under the lock.
Result<int> ApplyPending(Session& session, const std::vector<Migration>& known) {
  const Result<std::vector<AppliedMigration>> applied = ReadApplied(session);
  if (!applied) {
    return applied.error();
  }
  const Result<size_t> first = FirstPending(known, *applied);
  if (!first) {
    return first.error();
  }
  for (size_t at = *first; at < known.size(); ++at) {
    const Status status = Apply(session, known[at]);
    if (!status) {
      return status.error().Within("schema/" + known[at].name);
    }
    LogInfo("store", "schema migrated", {{"version", known[at].version}, {"name", known[at].name}});
  }
  return static_cast<int>(known.size() - *first);
}

}  // namespace

std::string DefaultSchemaDir() {
#ifdef PRINTFLEET_SCHEMA_DIR
  return settings::InstalledPath("schema", PRINTFLEET_SCHEMA_DIR);
#else
  return settings::InstalledPath("schema", "");
#endif
}

Result<std::vector<Migration>> ReadMigrations(const std::string& schema_dir) {
  std::error_code error;
  std::filesystem::directory_iterator files(schema_dir, error);
  if (error) {
    return Error{Errc::kNotFound, "schema directory " + schema_dir + ": " + error.message()};
  }
  std::vector<Migration> migrations;
  for (const std::filesystem::directory_entry& file : files) {
    if (file.path().extension() != ".sql") {
      continue;
    }
    std::optional<Migration> migration = ParseStem(file.path().stem().string());
    std::optional<std::string> sql = ReadFile(file.path());
    if (!migration || !sql) {
      return Error{Errc::kInvalid, file.path().string() + ": " +
                                       (migration ? "cannot be read" : "not NNNN_verb_noun.sql")};
    }
    migration->checksum = Sha256Hex(*sql);
    migration->sql = std::move(*sql);
    migrations.push_back(std::move(*migration));
  }
  std::sort(migrations.begin(), migrations.end(),
            [](const Migration& a, const Migration& b) { return a.version < b.version; });
  for (size_t at = 0; at < migrations.size(); ++at) {
    if (migrations[at].version != static_cast<int>(at) + 1) {
      return Error{Errc::kInvalid, schema_dir + ": version " + std::to_string(at + 1) +
                                       " is missing or twice there"};
    }
  }
  return migrations;
}

Result<size_t> FirstPending(const std::vector<Migration>& known,
                            const std::vector<AppliedMigration>& applied) {
  if (!applied.empty() && applied.back().version > static_cast<int>(known.size())) {
    return Error{Errc::kUnsupported,
                 "the database has schema version " + std::to_string(applied.back().version) +
                     ", this program knows " + std::to_string(known.size()) +
                     ": install the printfleet that was here before, or a newer one"};
  }
  for (size_t at = 0; at < applied.size(); ++at) {
    if (applied[at].version != static_cast<int>(at) + 1 ||
        applied[at].checksum != known[at].checksum) {
      return Error{Errc::kUnsupported, "schema version " + std::to_string(at + 1) + " (" +
                                           known[at].name +
                                           ") in the database is not the one of this program"};
    }
  }
  return applied.size();
}

Result<int> MigrateSession(Session& session, const std::string& schema_dir,
                           const WorkingRole& role) {
  const Result<std::vector<Migration>> known = ReadMigrations(schema_dir);
  if (!known) {
    return known.error();
  }
  const Result<SqlRows> locked = session.Exec(kLockMigrations);
  if (!locked) {
    return locked.error();
  }
  Result<int> count = ApplyPending(session, *known);
  if (count && !role.name.empty()) {
    const Status granted = GrantWorkingRole(session, role.name, role.create);
    if (!granted) {
      count = granted.error().Within("role " + role.name);
    }
  }
  const Result<SqlRows> unlocked = session.Exec(kUnlockMigrations);
  if (count && !unlocked) {
    return unlocked.error();
  }
  return count;
}

Result<int> Migrate(const std::string& conninfo, const std::string& schema_dir,
                    const WorkingRole& role) {
  SocketGuard guard;
  Result<std::unique_ptr<Session>> session =
      Connect({.conninfo = conninfo, .admin_conninfo = "", .instance = "migrate"}, guard);
  if (!session) {
    return session.error();
  }
  return MigrateSession(**session, schema_dir, role);
}

}  // namespace printfleet::store
