// Session: one PostgreSQL connection as the store uses it. Keeps libpqxx and its exceptions inside
// session.cc; what goes wrong is an Error by the list below.
//
// Worker's thread only, except SocketGuard::Break.
//
//   kRejected     the data: SQLSTATE class 21, 22, 23, 54, or a NUL. Again will not help
//   kTimeout      a statement_timeout, lock_timeout or cancel: later may work
//   kUnavailable  the connection is gone (alive() is false), or the server cannot now: disk full,
//                 out of memory, read-only, shutting down
//   kInternal     anything else: permissions, a missing table, a bug
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/copy_text.h"
#include "store/row_set.h"
#include "store/statements.h"

namespace printfleet::store {

// Rows of an answer, as text.
using SqlRow = std::vector<Cell>;
using SqlRows = std::vector<SqlRow>;

// The connection's socket, for the one call from another thread. A mutex, because the number of a
// closed socket may be somebody else's a moment later.
class SocketGuard {
 public:
  void Set(int socket);
  void Clear();
  // shutdown() on the socket, if there is one: what blocks on it returns with an error.
  void Break();

 private:
  std::mutex mutex_;
  int socket_ = -1;
};

// The SQLSTATE's meaning, by the list above. "" is kInternal.
Errc ErrcOfSqlState(std::string_view sqlstate);

// Adds the next rows to a piece that is empty: none when there are no more.
using FillCopy = std::function<void(CopyText& piece)>;

class Session {
 public:
  // Connects and prepares nothing yet. `guard` outlives the session. Errors: kUnavailable.
  static Result<std::unique_ptr<Session>> Open(const std::string& conninfo, SocketGuard& guard);

  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // SQL text without parameters; several statements are allowed.
  Result<SqlRows> Exec(const std::string& sql);

  // A prepared statement. Prepared at its first use.
  Result<SqlRows> Run(const Statement& statement, const std::vector<Cell>& parameters = {});

  // A prepared statement that unnests one array for each column; nothing for no rows.
  Status RunRows(const Statement& statement, const RowSet& rows);

  // Reads what the server may have sent unasked. False when the connection is gone.
  bool Check();

  [[nodiscard]] bool alive() const;
  [[nodiscard]] int socket() const;
  [[nodiscard]] int backend_pid() const;
  [[nodiscard]] int server_version() const;  // 150020

 private:
  friend class OpenCopy;
  struct State;
  explicit Session(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

// A COPY, a piece at a time, so that the server reads one while the next is made. Nothing else may
// be asked of the session before End(). After an error, or without End(), the transaction is to be
// given up: kRejected also for a NUL.
class OpenCopy {
 public:
  static Result<std::unique_ptr<OpenCopy>> Begin(Session& session, const CopyTarget& target);

  ~OpenCopy();
  OpenCopy(const OpenCopy&) = delete;
  OpenCopy& operator=(const OpenCopy&) = delete;

  // Calls `fill` until it adds nothing. Requires: as many cells a row as the target names columns.
  Status Add(const FillCopy& fill);
  Status End();

 private:
  struct State;
  explicit OpenCopy(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

// A transaction: rolls back when it goes without Commit.
class Transaction {
 public:
  explicit Transaction(Session& session) : session_(session) {}

  // Rolls back if still open; after that the session is usable or not alive.
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  Status Begin();
  // After an error it is not known whether the transaction was committed.
  Status Commit();

 private:
  Session& session_;
  bool open_ = false;
};

}  // namespace printfleet::store
