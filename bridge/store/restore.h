// What pg_restore cannot know: what a database of ours needs before its tables come back, and what
// must be true of them afterwards. Connects; blocking.
#pragma once

#include <string>

#include "base/result.h"
#include "store/managed.h"

namespace printfleet::store {

// Added to every number that the daemon gives: none that was given after the backup is given again.
constexpr int64_t kRestoredIdsAhead = 1'000'000;

// Makes the empty database and the role that the tables' rights name.
Status PrepareRestore(const ManagedCluster& cluster);

// Brings the schema up to date and makes of what was true then what can be relied on now: ids jump
// ahead, beds that were clear are unknown, messages to people that waited are given up; the audit
// log says so. Gathers the planner's statistics.
Status FinishRestore(const ManagedCluster& cluster, const std::string& schema_dir);

// Of `copied`, what pg_restore says of the rows of fleet.schema_migrations as text: is it one that
// this program knows? Errors: kUnsupported: newer; kInvalid: no backup of ours.
Status CheckBackupVersion(const std::string& copied, const std::string& schema_dir);

}  // namespace printfleet::store
