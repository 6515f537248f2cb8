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

// Sends a test message to the target of `notify` with this name, past the daemon, and says what
// came of it. 0 sent, 1 not sent, 2 no such target or its files cannot be read.
int TestNotify(const settings::Loaded& loaded, const std::string& target);

}  // namespace printfleet::daemon
