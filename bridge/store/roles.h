// What the daemon's own role may do. The tables belong to another role, their owner, which migrates
// (migrate.h); the daemon works as one that may write what it has to write, and of audit_log and
// events only add: who was told what cannot be changed with what the daemon holds.
//
// Worker's thread, or that of `printfleet migrate`.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/session.h"

namespace printfleet::store {

struct Grant {
  std::string_view table;
  std::string_view privileges;  // "SELECT, INSERT"
};

// One row for every table of schema fleet, partitions left out: those are written through their
// parent.
std::span<const Grant> WorkingGrants();

// Gives `role` exactly WorkingGrants(), where it has not; `create`: makes it (a login role without
// any attribute) when there is none. `owner` is the tables' owner; nothing is done when that is
// `role` itself. Requires: migrated, not inside a transaction. Errors: Session's.
Status GrantWorkingRole(Session& owner, const std::string& role, bool create);

// How the session's own role could change what stands in audit_log, "owns it" for instance; "" when
// it cannot. Requires: migrated.
Result<std::string> AuditRisk(Session& session);

}  // namespace printfleet::store
