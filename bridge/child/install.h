// Puts a spec's directories and files in place. Does file I/O; decides nothing; the loop thread
// calls it before Process::Start and when a running server's files change (then SIGHUP).
#pragma once

#include "base/process_spec.h"
#include "base/result.h"

namespace printfleet::child {

// Directories in order, then files; each error names the path and what to do about it.
// As root, owners are set (spec.run_as must exist); else everything is the daemon's own. Safe
// against links planted by the server's user in its own directories.
Status InstallFiles(const ProcessSpec& spec);

}  // namespace printfleet::child
