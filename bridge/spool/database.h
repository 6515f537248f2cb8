// Database and Statement: SQLite's C interface as values and Errors. One thread at a time.
//
// Errors here and in all that is built on it, by what has to be done about them:
//   kUnavailable  the disk is full
//   kMalformed    the file is damaged, or is none of SQLite's
//   kConflict     another process has it open
//   kInternal     anything else; the message has the path and the system's reason
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace printfleet::spool {

// A prepared statement. Use it under a Use, so that it never stays in the middle of a table: that
// would keep the log from being emptied.
class Statement {
 public:
  Statement() = default;
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Parameters are counted from 1, columns from 0. What `bytes` views must live until the last
  // Step.
  void Bind(int parameter, int64_t value);
  void BindBytes(int parameter, std::string_view bytes);
  void BindText(int parameter, std::string_view text);
  void BindNull(int parameter);

  // True: there is a row; false: there are no more. An error of a Bind comes out here, too.
  Result<bool> Step();
  void Reset();

  [[nodiscard]] int64_t Integer(int column) const;
  [[nodiscard]] bool IsNull(int column) const;
  // Valid until the next Step.
  [[nodiscard]] std::string_view Bytes(int column) const;

 private:
  friend class Database;

  Statement(sqlite3_stmt* statement, std::string path)
      : statement_(statement), path_(std::move(path)) {}

  void Note(int code);

  sqlite3_stmt* statement_ = nullptr;
  std::string path_;
  int failed_bind_ = 0;
};

// For the length of a scope.
class Use {
 public:
  explicit Use(Statement& statement) : statement_(statement) {}

  ~Use() { statement_.Reset(); }

  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

 private:
  Statement& statement_;
};

class Database {
 public:
  // Opens it, making an empty one where `make` allows, for this process alone.
  static Result<std::unique_ptr<Database>> Open(const std::string& path, bool make);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Status Execute(const std::string& sql);
  Result<Statement> Prepare(std::string_view sql);
  // Of a statement with one number.
  Result<int64_t> Number(std::string_view sql);
  // Rows that the last INSERT, UPDATE or DELETE touched.
  [[nodiscard]] int64_t changed() const;

  // Pages in the log that are not in the file yet, as of the last commit.
  [[nodiscard]] int64_t log_pages() const { return log_pages_; }

  // Brings the log into the file; `truncate`: and gives its blocks back.
  Status Checkpoint(bool truncate);

  // Closing leaves log and file as they are: for one that is damaged.
  void KeepLogOnClose();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Database(sqlite3* database, std::string path) : database_(database), path_(std::move(path)) {}

  sqlite3* database_;
  std::string path_;
  int64_t log_pages_ = 0;
};

// BEGIN IMMEDIATE … COMMIT; rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) {}

  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  Status Begin();
  Status Commit();

 private:
  Database& database_;
  bool open_ = false;
};

}  // namespace printfleet::spool
