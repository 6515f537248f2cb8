// What `printfleet serve`, `broker`, `database`, `migrate` and `retain` run. Called by main with
// argv already parsed by cli; each returns the process's exit code.
#pragma once

#include <string>

#include "settings/load.h"

namespace printfleet::daemon {

int Serve(const settings::Loaded& loaded);
int RunBroker(const settings::Loaded& loaded);
int RunDatabase(const settings::Loaded& loaded);
int Migrate(const settings::Loaded& loaded);
// One pass of maintenance, as the owner of the tables. 0 done, 1 not all of it, 3 not reachable.
int Retain(const settings::Loaded& loaded);
// The managed database into `file` ("": named after the instance and the time, here), and back into
// a data_dir that has none, or with `replace` in its place. 0 done, 1 not done, 2 refused, 130
// interrupted.
int Backup(const settings::Loaded& loaded, const std::string& file);
int Restore(const settings::Loaded& loaded, const std::string& file, bool replace);

// Sends a test message to the target of `notify` with this name, past the daemon, and says what
// came of it. 0 sent, 1 not sent, 2 no such target or its files cannot be read.
int TestNotify(const settings::Loaded& loaded, const std::string& target);

}  // namespace printfleet::daemon
