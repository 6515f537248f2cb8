#include "spool/database.h"

#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace printfleet::spool {
namespace {

bool IsDiskFull(int code, int system_error) {
  const bool no_room = system_error == ENOSPC || system_error == EDQUOT;
  return (code & 0xff) == SQLITE_FULL || ((code & 0xff) == SQLITE_IOERR && no_room) ||
         ((code & 0xff) == SQLITE_CANTOPEN && no_room);
}

// Bytes of the header that say a newer SQLite is needed, or that it must not be written.
bool IsDamagedHeader(sqlite3* database, int code, const std::string& path) {
  return (code == SQLITE_ERROR && database != nullptr &&
          std::strcmp(sqlite3_errmsg(database), "unsupported file format") == 0) ||
         (code == SQLITE_READONLY && ::access(path.c_str(), W_OK) == 0);
}

Errc CodeOf(int code, int system_error) {
  if (IsDiskFull(code, system_error)) {
    return Errc::kUnavailable;
  }
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Errc::kMalformed;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::kConflict;
    default:
      return Errc::kInternal;
  }
}

Error FailureOf(sqlite3* database, int code, const std::string& path) {
  const int primary = code & 0xff;
  const bool of_system = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN;
  const int system_error = database != nullptr && of_system ? sqlite3_system_errno(database) : 0;
  std::string message = path + ": " + sqlite3_errstr(code);
  if (database != nullptr && primary == SQLITE_ERROR) {
    message += std::string(" (") + sqlite3_errmsg(database) + ")";
  }
  if (system_error != 0) {
    message += std::string(": ") + std::strerror(system_error);
  }
  const bool damaged = IsDamagedHeader(database, code, path);
  return Error{damaged ? Errc::kMalformed : CodeOf(code, system_error), std::move(message)};
}

int NoteLogPages(void* pages, sqlite3* /*database*/, const char* /*name*/, int count) {
  *static_cast<int64_t*>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

// -- Statement --

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)),
      path_(std::move(other.path_)),
      failed_bind_(other.failed_bind_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  std::swap(path_, other.path_);
  std::swap(failed_bind_, other.failed_bind_);
  return *this;
}

void Statement::Note(int code) {
  if (code != SQLITE_OK && failed_bind_ == SQLITE_OK) {
    failed_bind_ = code;
  }
}

void Statement::Bind(int parameter, int64_t value) {
  Note(sqlite3_bind_int64(statement_, parameter, value));
}

void Statement::BindBytes(int parameter, std::string_view bytes) {
  // A null pointer would be NULL.
  Note(sqlite3_bind_blob64(statement_, parameter, bytes.empty() ? "" : bytes.data(), bytes.size(),
                           SQLITE_STATIC));
}

void Statement::BindText(int parameter, std::string_view text) {
  Note(sqlite3_bind_text64(statement_, parameter, text.empty() ? "" : text.data(), text.size(),
                           SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::BindNull(int parameter) {
  Note(sqlite3_bind_null(statement_, parameter));
}

Result<bool> Statement::Step() {
  const int code = failed_bind_ != SQLITE_OK ? failed_bind_ : sqlite3_step(statement_);
  if (code == SQLITE_ROW || code == SQLITE_DONE) {
    return code == SQLITE_ROW;
  }
  return FailureOf(sqlite3_db_handle(statement_), code, path_);
}

void Statement::Reset() {
  failed_bind_ = SQLITE_OK;
  sqlite3_reset(statement_);
}

int64_t Statement::Integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::string_view Statement::Bytes(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr
             ? std::string_view()
             : std::string_view(static_cast<const char*>(bytes), static_cast<size_t>(size));
}

// -- Database --

Result<std::unique_ptr<Database>> Database::Open(const std::string& path, bool make) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (make ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  std::unique_ptr<Database> database(new Database(handle, path));
  if (code != SQLITE_OK) {
    return FailureOf(handle, code, path);
  }
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  // In the place of SQLite's own checkpoints, whose errors nobody would see.
  sqlite3_wal_hook(handle, &NoteLogPages, &database->log_pages_);
  // Before the file is touched first: alone, it needs no memory shared with others beside it.
  // Whatever is in the file, nothing of it is run, and its cells are looked at before they are
  // used.
  Status prepared = database->Execute(
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
      "PRAGMA temp_store = MEMORY; PRAGMA synchronous = FULL;"
      // Debian's build would write zeros over all that is removed.
      "PRAGMA secure_delete = OFF");
  if (!prepared) {
    return prepared.error();
  }
  return database;
}

Database::~Database() {
  sqlite3_close_v2(database_);
}

Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status(Ok{}) : FailureOf(database_, code, path_);
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    return FailureOf(database_, code, path_);
  }
  return Statement(statement, path_);
}

Result<int64_t> Database::Number(std::string_view sql) {
  Result<Statement> statement = Prepare(sql);
  if (!statement) {
    return statement.error();
  }
  const Result<bool> row = statement->Step();
  if (!row) {
    return row.error();
  }
  return *row ? statement->Integer(0) : 0;
}

int64_t Database::changed() const {
  return sqlite3_changes64(database_);
}

Status Database::Checkpoint(bool truncate) {
  const int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  const int code = sqlite3_wal_checkpoint_v2(database_, "main", mode, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return FailureOf(database_, code, path_);
  }
  log_pages_ = 0;
  return Ok{};
}

void Database::KeepLogOnClose() {
  sqlite3_db_config(database_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

// -- Transaction --

Transaction::~Transaction() {
  if (open_) {
    // SQLite has rolled back by itself after some errors; then this one says that there is nothing.
    static_cast<void>(database_.Execute("ROLLBACK"));
  }
}

Status Transaction::Begin() {
  Status begun = database_.Execute("BEGIN IMMEDIATE");
  open_ = begun.ok();
  return begun;
}

Status Transaction::Commit() {
  Status committed = database_.Execute("COMMIT");
  if (committed) {
    open_ = false;
  }
  return committed;
}

}  // namespace printfleet::spool
