#include "store/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <map>

#include "base/log.h"
#include "store/statements.h"

namespace printfleet::store {
namespace {

constexpr size_t kApplicationNameBytesMax = 63;  // NAMEDATALEN - 1
constexpr int kServerVersionMin = 130000;
constexpr milliseconds kOldBackendGrace{1000};
constexpr milliseconds kOldBackendWait{10000};
constexpr milliseconds kLockPoll{50};

using ConnectionParameters = std::map<std::string, std::string>;

Result<ConnectionParameters> ParseConninfo(const std::string& conninfo) {
  char* message = nullptr;
  PQconninfoOption* options = PQconninfoParse(conninfo.c_str(), &message);
  if (options == nullptr) {
    // The message may quote the text, and that may hold a password.
    PQfreemem(message);
    return Error{Errc::kInvalid, "database: not a connection string or postgresql:// URL"};
  }
  ConnectionParameters parameters;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val != nullptr) {
      parameters[option->keyword] = option->val;
    }
  }
  PQconninfoFree(options);
  return parameters;
}

std::string JoinConninfo(const ConnectionParameters& parameters) {
  std::string conninfo;
  for (const auto& [name, value] : parameters) {
    conninfo += conninfo.empty() ? "" : " ";
    conninfo += name + "='";
    for (const char c : value) {
      if (c == '\'' || c == '\\') {
        conninfo += '\\';
      }
      conninfo += c;
    }
    conninfo += "'";
  }
  return conninfo;
}

// "" when it is not there.
Result<std::string> ParameterOf(const std::string& conninfo, const std::string& keyword) {
  Result<ConnectionParameters> parsed = ParseConninfo(conninfo);
  if (!parsed) {
    return parsed.error();
  }
  const auto value = parsed->find(keyword);
  return value == parsed->end() ? std::string() : value->second;
}

// One boolean, one row.
Result<bool> AskYes(Session& session, const Statement& statement,
                    const std::vector<Cell>& parameters = {}) {
  const Result<SqlRows> rows = session.Run(statement, parameters);
  if (!rows) {
    return rows.error();
  }
  return !rows->empty() && rows->front().front() == "t";
}

Status CreateMissingDatabase(const ConnectOptions& options, SocketGuard& guard) {
  const Result<std::string> name = DatabaseName(options.conninfo);
  ConnectOptions admin = options;
  admin.conninfo = options.admin_conninfo;
  const Result<std::string> conninfo = CompleteConninfo(admin);
  if (!name || !conninfo) {
    return name ? conninfo.error() : name.error();
  }
  Result<std::unique_ptr<Session>> session = Session::Open(*conninfo, guard);
  if (!session) {
    return session.error();
  }
  const Result<bool> exists = AskYes(**session, kDatabaseExists, {*name});
  if (!exists) {
    return exists.error();
  }
  if (!*exists) {
    LogInfo("store", "creating the database", {{"name", *name}});
    const Result<SqlRows> created = (*session)->Exec(CreateDatabaseSql(*name));
    return created ? Status(Ok{}) : created.error();
  }
  return Ok{};
}

Status PrepareSession(Session& session) {
  if (session.server_version() < kServerVersionMin) {
    return Error{Errc::kUnsupported, "database: PostgreSQL 13 or newer is needed"};
  }
  const Result<SqlRows> settings = session.Exec(kSessionSettings);
  if (!settings) {
    return settings.error();
  }
  const Result<SqlRows> facts = session.Run(kServerFacts);
  if (!facts) {
    return facts.error();
  }
  if (facts->at(0).at(0) != "UTF8") {
    return Error{Errc::kUnsupported, "database: its encoding must be UTF8, it is " +
                                         facts->at(0).at(0).value_or("unknown")};
  }
  if (facts->at(0).at(1) != "off") {
    return Error{Errc::kUnavailable, "database: read-only"};
  }
  return Ok{};
}

struct LockHolder {
  std::string pid;
  std::string application_name;
};

// The backend that holds the lock; an empty pid when it has gone meanwhile.
Result<LockHolder> FindLockHolder(Session& session) {
  const Result<SqlRows> rows = session.Run(kDaemonLockHolder);
  if (!rows) {
    return rows.error();
  }
  if (rows->empty()) {
    return LockHolder{};
  }
  return LockHolder{rows->at(0).at(0).value_or(""), rows->at(0).at(1).value_or("")};
}

}  // namespace

std::string ApplicationName(std::string_view instance, std::string_view application) {
  std::string name = std::string(application) + "/" + std::string(instance);
  name.resize(std::min(name.size(), kApplicationNameBytesMax));
  return name;
}

Result<std::string> CompleteConninfo(const ConnectOptions& options) {
  Result<ConnectionParameters> parsed = ParseConninfo(options.conninfo);
  if (!parsed) {
    return parsed.error();
  }
  ConnectionParameters parameters = std::move(*parsed);
  const auto timeout_s = std::max<int64_t>(2, options.connect_timeout / seconds(1));
  parameters.emplace("connect_timeout", std::to_string(timeout_s));
  parameters.emplace("keepalives_idle", "10");
  parameters.emplace("keepalives_interval", "5");
  parameters.emplace("keepalives_count", "3");
  parameters.emplace("tcp_user_timeout", "30000");
  parameters.emplace("target_session_attrs", "read-write");
  parameters["client_encoding"] = "UTF8";
  parameters["application_name"] = ApplicationName(options.instance, options.application);
  return JoinConninfo(parameters);
}

Result<std::string> DatabaseName(const std::string& conninfo) {
  return ParameterOf(conninfo, "dbname");
}

Result<std::string> RoleName(const std::string& conninfo) {
  return ParameterOf(conninfo, "user");
}

Result<std::unique_ptr<Session>> Connect(const ConnectOptions& options, SocketGuard& guard) {
  const Result<std::string> conninfo = CompleteConninfo(options);
  if (!conninfo) {
    return conninfo.error();
  }
  Result<std::unique_ptr<Session>> session = Session::Open(*conninfo, guard);
  if (!session && !options.admin_conninfo.empty()) {
    // libpqxx does not say why it could not connect: ask the server whether the database is there.
    const Status created = CreateMissingDatabase(options, guard);
    if (!created) {
      return created.error();
    }
    session = Session::Open(*conninfo, guard);
  }
  if (!session) {
    return session;
  }
  const Status prepared = PrepareSession(**session);
  if (!prepared) {
    return prepared.error();
  }
  return session;
}

bool WaitForStop(const EventFd& stop, milliseconds timeout) {
  pollfd descriptor{.fd = stop.fd(), .events = POLLIN, .revents = 0};
  return ::poll(&descriptor, 1, static_cast<int>(timeout.count())) > 0;
}

Status TakeDaemonLock(Session& session, std::string_view instance, const EventFd& stop) {
  std::string terminated;
  for (milliseconds waited{0}; waited < kOldBackendWait; waited += kLockPoll) {
    const Result<bool> locked = AskYes(session, kTryDaemonLock);
    if (!locked) {
      return locked.error();
    }
    if (*locked) {
      return Ok{};
    }
    const Result<LockHolder> holder = FindLockHolder(session);
    if (!holder) {
      return holder.error();
    }
    if (!holder->pid.empty() && holder->application_name != ApplicationName(instance)) {
      return Error{Errc::kConflict, "another daemon uses this database: application_name \"" +
                                        holder->application_name + "\", backend " + holder->pid};
    }
    if (waited >= kOldBackendGrace && !holder->pid.empty() && holder->pid != terminated) {
      LogWarning("store", "terminating this daemon's own old backend", {{"pid", holder->pid}});
      const Result<SqlRows> result = session.Run(kTerminateBackend, {holder->pid});
      if (!result) {
        return result.error();
      }
      terminated = holder->pid;
    }
    if (WaitForStop(stop, kLockPoll)) {
      return Error{Errc::kUnavailable, "stopping"};
    }
  }
  return Error{Errc::kTimeout, "this daemon's own old backend does not end"};
}

Status ReleaseDaemonLock(Session& session) {
  const Result<SqlRows> released = session.Exec(kReleaseDaemonLock);
  return released ? Status(Ok{}) : released.error();
}

}  // namespace printfleet::store
