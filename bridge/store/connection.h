// How the worker gets its connection: conninfo with our defaults, the database itself where it is
// ours to create, and the advisory lock that makes this daemon the only one.
//
// Worker's thread only.
#pragma once

#include <memory>
#include <string>

#include "base/event_fd.h"
#include "base/result.h"
#include "base/time.h"
#include "store/session.h"

namespace printfleet::store {

struct ConnectOptions {
  std::string conninfo;
  std::string admin_conninfo;  // "" for none: the database is not ours to create
  std::string instance;
  milliseconds connect_timeout{5000};
  std::string application = "printfleet";
};

// "<application>/<instance>", cut to what PostgreSQL keeps of an application_name (63 bytes).
std::string ApplicationName(std::string_view instance, std::string_view application = "printfleet");

// `conninfo` (URL or key=value) as key=value with what the caller left open: connect_timeout, TCP
// keep-alives, UTF-8, a writable server; application_name always ours. Errors: kInvalid.
Result<std::string> CompleteConninfo(const ConnectOptions& options);

// The database that `conninfo` names, "" when it names none. Errors: kInvalid.
Result<std::string> DatabaseName(const std::string& conninfo);

// The role that `conninfo` names, "" when it names none. Errors: kInvalid.
Result<std::string> RoleName(const std::string& conninfo);

// Connects, creating the database when admin_conninfo is given and it is missing.
// Errors: kInvalid, kUnavailable; kUnsupported for a server that is too old or not UTF-8.
Result<std::unique_ptr<Session>> Connect(const ConnectOptions& options, SocketGuard& guard);

// Takes the daemon's advisory lock on `session`. Held by an old backend of this very instance
// (same application_name): waits until that has ended, and terminates it when it does not end by
// itself: until then its COMMIT may still happen. `stop` interrupts.
// Errors: kConflict when another daemon holds it, kTimeout when the old backend does not end.
Status TakeDaemonLock(Session& session, std::string_view instance, const EventFd& stop);

// Before the session is closed: the next one need not wait for its backend's end.
Status ReleaseDaemonLock(Session& session);

// Waits; true when `stop` was signalled meanwhile.
bool WaitForStop(const EventFd& stop, milliseconds timeout);

}  // namespace printfleet::store
