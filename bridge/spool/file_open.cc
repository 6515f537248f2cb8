// How a file is opened: is it one of ours, of which format, or has it to be made?
#include <algorithm>
#include <array>
#include <utility>

#include "base/digest.h"
#include "spool/file.h"
#include "spool/statements.h"

namespace printfleet::spool {
namespace {

constexpr size_t kIdentityDigits = 32;

Status Make(Database& database) {
  // Before anything is in it.
  Status status = database.Execute("PRAGMA page_size = " + std::to_string(kPageBytes) +
                                   "; PRAGMA journal_mode = WAL");
  Transaction transaction(database);
  if (status) {
    status = transaction.Begin();
  }
  for (size_t i = 0; status && i < std::size(kTables); ++i) {
    status = database.Execute(std::string(kTables[i]));
  }
  if (status) {
    status =
        database.Execute("INSERT INTO spool VALUES ('" + RandomSecret() +
                         "', 0, 0); PRAGMA application_id = " + std::to_string(kApplicationId) +
                         "; PRAGMA user_version = " + std::to_string(kFormat));
  }
  return status ? transaction.Commit() : status;
}

// kMalformed when the tables are others than ours.
Status CheckTables(Database& database) {
  Result<Statement> tables = database.Prepare(
      "SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid");
  if (!tables) {
    return tables.error();
  }
  for (const std::string_view expected : kTables) {
    const Result<bool> row = tables->Step();
    if (!row) {
      return row.error();
    }
    if (!*row || tables->Bytes(0) != expected) {
      return Error{Errc::kMalformed, database.path() + ": its tables are not a spool's"};
    }
  }
  const Result<bool> more = tables->Step();
  if (!more) {
    return more.error();
  }
  return !*more ? Status(Ok{})
                : Error{Errc::kMalformed, database.path() + ": it has other tables, too"};
}

// kUnsupported: newer. kMalformed: none of ours.
Status CheckFormat(Database& database) {
  const Result<int64_t> application = database.Number("PRAGMA application_id");
  const Result<int64_t> format = database.Number("PRAGMA user_version");
  if (!application || !format) {
    return application ? format.error() : application.error();
  }
  if (*application != kApplicationId) {
    return Error{Errc::kMalformed, database.path() + ": is no spool"};
  }
  if (*format > kFormat) {
    return Error{Errc::kUnsupported, database.path() + ": written by a newer printfleet (format " +
                                         std::to_string(*format) + ", this one knows " +
                                         std::to_string(kFormat) +
                                         "); install that one again, or move the file away"};
  }
  if (*format != kFormat) {
    return Error{Errc::kMalformed, database.path() + ": is of no format"};
  }
  return CheckTables(database);
}

}  // namespace

Result<std::unique_ptr<File>> File::Open(const std::string& path, const std::string& boot,
                                         int64_t log_bytes) {
  Result<std::unique_ptr<Database>> database = Database::Open(path, true);
  if (!database) {
    return database.error();
  }
  std::unique_ptr<File> file(new File(std::move(*database), boot, log_bytes));
  Status prepared = file->Prepare();
  if (!prepared) {
    // Nothing of a file that cannot be used is touched.
    file->database_->KeepLogOnClose();
    return prepared.error();
  }
  return file;
}

Status File::Prepare() {
  const Result<int64_t> tables = database_->Number("SELECT count(*) FROM sqlite_schema");
  const Result<int64_t> version = database_->Number("PRAGMA user_version");
  if (!tables || !version) {
    return tables ? version.error() : tables.error();
  }
  Status status = *tables == 0 && *version == 0 ? Make(*database_) : CheckFormat(*database_);
  if (status) {
    status = database_->Execute("PRAGMA cache_size = -8192; PRAGMA journal_size_limit = " +
                                std::to_string(log_bytes_));
  }
  if (status) {
    status = PrepareStatements();
  }
  if (status) {
    status = ReadIdentity();
  }
  if (status) {
    Measure();
  }
  return status;
}

Status File::PrepareStatements() {
  const std::pair<Statement&, std::string_view> statements[] = {
      {insert_, kInsert},
      {read_, kRead},
      {count_, kCount},
      {count_records_, kCountRecords},
      {remove_, kRemove},
      {oldest_, kFirstAfter},
      {first_in_doubt_, kFirstInDoubt},
      {remove_doubt_, kRemoveDoubt},
      {count_doubt_records_, kCountDoubtRecords},
      {clear_doubt_, kClearDoubt},
      {add_, kAddToTotal},
      {page_count_, "PRAGMA page_count"},
      {free_count_, "PRAGMA freelist_count"},
  };
  for (const auto& [statement, sql] : statements) {
    Result<Statement> prepared = database_->Prepare(sql);
    if (!prepared) {
      return prepared.error();
    }
    statement = std::move(*prepared);
  }
  return Ok{};
}

Status File::ReadIdentity() {
  Result<Statement> identity = database_->Prepare("SELECT identity FROM spool");
  Result<Statement> boot = database_->Prepare(kBootNumber);
  if (!identity || !boot) {
    return identity ? boot.error() : identity.error();
  }
  Result<bool> row = identity->Step();
  if (row && *row) {
    identity_ = identity->Bytes(0);
  }
  if (!row) {
    return row.error();
  }
  if (!DigestFromHex(identity_) || identity_.size() != kIdentityDigits) {
    return Error{Errc::kMalformed, database_->path() + ": has no identity"};
  }
  boot->BindText(1, boot_);
  row = boot->Step();
  if (row && *row) {
    boot_number_ = boot->Integer(0);
  }
  const Result<int64_t> page_bytes = database_->Number("PRAGMA page_size");
  if (!row || !page_bytes) {
    return row ? page_bytes.error() : row.error();
  }
  page_bytes_ = *page_bytes;
  return Ok{};
}

}  // namespace printfleet::spool
