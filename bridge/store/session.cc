#include "store/session.h"

#include <sys/socket.h>

#include <pqxx/pqxx>
#include <pqxx/tablewriter>
#include <set>
#include <type_traits>

#include "base/text.h"

namespace printfleet::store {
namespace {

constexpr size_t kMessageBytesMax = 500;

// libpqxx 6 makes a lost connection anew behind our back, without the advisory lock. Never.
void ForbidReconnect(pqxx::connection& connection) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
}

std::string OneLine(std::string_view text) {
  std::string line = CleanText(text, kMessageBytesMax);
  while (!line.empty() && line.back() == '\n') {
    line.pop_back();
  }
  for (char& c : line) {
    c = c == '\n' ? ' ' : c;
  }
  return line;
}

// Every cell as text.
SqlRows CopyRows(const pqxx::result& result) {
  SqlRows rows;
  rows.reserve(result.size());
  for (const auto& row : result) {
    SqlRow& copy = rows.emplace_back();
    copy.reserve(row.size());
    for (const auto& field : row) {
      copy.push_back(field.is_null() ? Cell() : Cell(std::string(field.c_str(), field.size())));
    }
  }
  return rows;
}

}  // namespace

Errc ErrcOfSqlState(std::string_view sqlstate) {
  const std::string_view klass = sqlstate.substr(0, 2);
  if (klass == "21" || klass == "22" || klass == "23" || klass == "54") {
    return Errc::kRejected;
  }
  if (sqlstate == "57014" || sqlstate == "55P03") {
    return Errc::kTimeout;
  }
  if (klass == "08" || klass == "53" || klass == "57" || klass == "58" || klass == "40" ||
      sqlstate == "25006") {
    return Errc::kUnavailable;
  }
  return Errc::kInternal;
}

void SocketGuard::Set(int socket) {
  const std::lock_guard lock(mutex_);
  socket_ = socket;
}

void SocketGuard::Clear() {
  Set(-1);
}

void SocketGuard::Break() {
  const std::lock_guard lock(mutex_);
  if (socket_ >= 0) {
    ::shutdown(socket_, SHUT_RDWR);
  }
}

struct Session::State {
  State(const std::string& conninfo, SocketGuard& socket_guard)
      : guard(socket_guard), connection(conninfo), errors(connection) {
    ForbidReconnect(connection);
    guard.Set(connection.sock());
  }

  ~State() { guard.Clear(); }

  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Runs `work(transaction)`. libpqxx's own transactions commit by themselves and classify what
  // fails; ours are plain BEGIN and COMMIT.
  template <typename Work>
  auto Guarded(const std::string& what, Work&& work)
      -> Result<std::invoke_result_t<Work, pqxx::nontransaction&>> {
    return Caught(what, [&] {
      pqxx::nontransaction transaction(connection);
      return work(transaction);
    });
  }

  // Every exception becomes an Error.
  template <typename Work>
  auto Caught(const std::string& what, Work&& work) -> Result<std::invoke_result_t<Work>> {
    try {
      return work();
    } catch (const pqxx::sql_error& error) {
      const Errc code =
          connection.is_open() ? ErrcOfSqlState(error.sqlstate()) : Errc::kUnavailable;
      return Error{code, what + ": " + error.sqlstate() + " " + OneLine(error.what())};
    } catch (const std::exception& error) {
      const Errc code = connection.is_open() ? Errc::kInternal : Errc::kUnavailable;
      return Error{code, what + ": " + OneLine(error.what())};
    }
  }

  SocketGuard& guard;
  pqxx::connection connection;
  pqxx::quiet_errorhandler errors;
  std::set<std::string> prepared;
};

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}

Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::Open(const std::string& conninfo, SocketGuard& guard) {
  try {
    return std::unique_ptr<Session>(new Session(std::make_unique<State>(conninfo, guard)));
  } catch (const std::exception& error) {
    return Error{Errc::kUnavailable, "connect: " + OneLine(error.what())};
  }
}

Result<SqlRows> Session::Exec(const std::string& sql) {
  return state_->Guarded(
      "sql", [&](pqxx::nontransaction& transaction) { return CopyRows(transaction.exec(sql)); });
}

Result<SqlRows> Session::Run(const Statement& statement, const std::vector<Cell>& parameters) {
  std::vector<const char*> pointers;
  for (const Cell& parameter : parameters) {
    if (parameter && parameter->find('\0') != std::string::npos) {
      return Error{Errc::kRejected, statement.name + ": text with a NUL"};
    }
    pointers.push_back(parameter ? parameter->c_str() : nullptr);
  }
  return state_->Guarded(statement.name, [&](pqxx::nontransaction& transaction) {
    if (state_->prepared.insert(statement.name).second) {
      state_->connection.prepare(statement.name, statement.sql);
    }
    return CopyRows(
        transaction.exec_prepared(statement.name, pqxx::prepare::make_dynamic_params(pointers)));
  });
}

Status Session::RunRows(const Statement& statement, const RowSet& rows) {
  if (rows.empty()) {
    return Ok{};
  }
  if (rows.has_nul()) {
    return Error{Errc::kRejected, statement.name + ": text with a NUL"};
  }
  std::vector<Cell> arrays;
  for (size_t column = 0; column < rows.columns(); ++column) {
    arrays.emplace_back(rows.ArrayLiteral(column));
  }
  const Result<SqlRows> result = Run(statement, arrays);
  return result ? Status(Ok{}) : result.error();
}

bool Session::Check() {
  try {
    state_->connection.get_notifs();
  } catch (const std::exception&) {
    return false;
  }
  return alive();
}

bool Session::alive() const {
  return state_->connection.is_open();
}

int Session::socket() const {
  return state_->connection.sock();
}

int Session::backend_pid() const {
  return state_->connection.backendpid();
}

int Session::server_version() const {
  return state_->connection.server_version();
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

struct OpenCopy::State {
  State(Session::State& session_state, const CopyTarget& target)
      : session(session_state),
        name(target.table),
        transaction(session.connection),
        writer(transaction, target.table, target.columns.begin(), target.columns.end()) {}

  Session::State& session;
  const std::string name;
  pqxx::nontransaction transaction;
  // Of libpqxx's classes only this one takes text that is COPY's already: many lines at once.
  pqxx::tablewriter writer;
  CopyText piece;
};

#pragma GCC diagnostic pop

OpenCopy::OpenCopy(std::unique_ptr<State> state) : state_(std::move(state)) {}

OpenCopy::~OpenCopy() = default;

Result<std::unique_ptr<OpenCopy>> OpenCopy::Begin(Session& session, const CopyTarget& target) {
  return session.state_->Caught(target.table, [&] {
    return std::unique_ptr<OpenCopy>(
        new OpenCopy(std::make_unique<State>(*session.state_, target)));
  });
}

Status OpenCopy::Add(const FillCopy& fill) {
  CopyText& piece = state_->piece;
  const auto copied = state_->session.Caught(state_->name, [&] {
    for (fill(piece); !piece.empty() && !piece.has_nul(); fill(piece)) {
      state_->writer.write_raw_line(piece.Lines());
      piece.Clear();
    }
    return Ok{};
  });
  if (copied.ok() && piece.has_nul()) {
    return Error{Errc::kRejected, state_->name + ": text with a NUL"};
  }
  return copied.ok() ? Status(Ok{}) : copied.error();
}

Status OpenCopy::End() {
  const auto ended = state_->session.Caught(state_->name, [&] {
    state_->writer.complete();
    return Ok{};
  });
  return ended.ok() ? Status(Ok{}) : ended.error();
}

Transaction::~Transaction() {
  if (open_ && session_.alive()) {
    // When this fails the connection is gone, or the next BEGIN says what is wrong.
    [[maybe_unused]] const auto result = session_.Exec("ROLLBACK");
  }
}

Status Transaction::Begin() {
  const Result<SqlRows> result = session_.Exec("BEGIN");
  if (!result) {
    return result.error();
  }
  open_ = true;
  return Ok{};
}

Status Transaction::Commit() {
  open_ = false;
  const Result<SqlRows> result = session_.Exec("COMMIT");
  return result ? Status(Ok{}) : result.error();
}

}  // namespace printfleet::store
