// A PostgreSQL of our own in a temporary directory, on a Unix socket only. Made once for the
// process; each test has its own database in it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "store/session.h"

namespace printfleet::store {

class Cluster {
 public:
  // The process's one, started at its first use. CHECKs that it starts.
  static Cluster& Get();

  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  [[nodiscard]] std::string Conninfo(const std::string& database) const;

  // Of the database that is always there.
  [[nodiscard]] std::string AdminConninfo() const { return Conninfo("postgres"); }

  // A database name not used before; the database is not made.
  std::string NewDatabaseName();

  // Fast shutdown, and start again.
  void Stop();
  void Start();

 private:
  Cluster();
  void WaitUntilReady() const;

  std::string directory_;
  pid_t server_ = -1;
  int databases_ = 0;
};

// A session beside the worker's, to look and to disturb.
class Looker {
 public:
  explicit Looker(const std::string& database);

  SqlRows Rows(const std::string& sql);
  // The first cell of the first row; "NULL" for NULL, "" for no row.
  std::string Value(const std::string& sql);
  // Waits (10 s at most) until Value(sql) is `expected`. False when it never was.
  bool WaitFor(const std::string& sql, const std::string& expected);

  Session& session() { return *session_; }

 private:
  SocketGuard guard_;
  std::unique_ptr<Session> session_;
};

}  // namespace printfleet::store
