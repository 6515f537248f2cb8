// ProcessSpec: a server of ours as data, from what it needs on disk to how it is stopped.
//
// Made by broker/ and store/managed, which decide and touch no process; carried out by child/
// (InstallFiles, Process::Start, Supervisor). Values only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace printfleet {

// Who owns a file or directory. When the daemon is not root, both are the daemon's user.
enum class Owner { kDaemon, kServer };

// Made if missing, then given this owner and mode. An existing one must belong to root, to the
// daemon's user or to the server's, and must not be a symbolic link.
struct SpecDirectory {
  std::string path;
  uint32_t mode = 0700;
  Owner owner = Owner::kServer;
};

// Replaced atomically when its content differs.
struct SpecFile {
  std::string path;
  std::string content;
  Owner owner = Owner::kServer;
  uint32_t mode = 0600;
};

struct ProcessSpec {
  std::string name;                            // for log lines: "broker", "database"
  std::string program;                         // absolute path
  std::vector<std::string> arguments;          // without argv[0]; never a secret
  std::vector<std::string> environment_set;    // "NAME=value"
  std::vector<std::string> environment_unset;  // NOTIFY_SOCKET and the like always are
  std::string run_as;       // the server's user when the daemon is root; else ignored
  std::string working_dir;  // entered before the user changes, so it need not be reachable for it
  // Passed open as file descriptor 3 (/proc/self/fd/3), for a server that wants an absolute path
  // in a directory whose parents its user may not enter. Empty: none.
  std::string passed_dir;
  // Held (flock) by the process and all its children for as long as any of them lives: no
  // successor starts before the old one is gone. Empty: none.
  std::string lock_file;
  std::vector<SpecDirectory> directories;  // in the order in which they are made
  std::vector<SpecFile> files;
  uint64_t open_files_wanted = 0;  // soft RLIMIT_NOFILE is raised towards it; 0: as it is
  std::vector<int> stop_signals;   // in turn, one each stop_timeout; then SIGKILL
  int parent_death_signal = 0;     // sent by the kernel when the daemon dies
  milliseconds start_timeout{30000};
  milliseconds stop_timeout{15000};  // per signal
};

}  // namespace printfleet
