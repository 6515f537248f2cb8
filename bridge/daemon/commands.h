// What `printfleet serve`, `broker`, `database` and `migrate` run. Called by main with argv
// already parsed by cli; each returns the process's exit code.
#pragma once

#include "settings/load.h"

namespace printfleet::daemon {

int Serve(const settings::Loaded& loaded);
int RunBroker(const settings::Loaded& loaded);
int RunDatabase(const settings::Loaded& loaded);
int Migrate(const settings::Loaded& loaded);

}  // namespace printfleet::daemon
