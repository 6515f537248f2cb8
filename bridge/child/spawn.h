// Spawn: fork, set up, exec. Between fork and exec only async-signal-safe calls: the daemon has
// other threads.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "child/descriptor.h"
#include "child/identity.h"

namespace printfleet::child {

// Everything the child needs, prepared before the fork. Descriptors are -1 for none.
struct SpawnPlan {
  std::string program;
  std::vector<std::string> arguments;    // with argv[0]
  std::vector<std::string> environment;  // complete
  std::string working_dir;
  Identity identity;
  int output_fd = -1;  // becomes standard output and error
  int passed_fd = -1;  // becomes 3
  int lock_fd = -1;    // becomes 4; gets the child's pid as its text
  uint64_t open_files_wanted = 0;
  int parent_death_signal = 0;
};

// The child's pid, once exec has succeeded. The error names the step that failed.
Result<pid_t> Spawn(const SpawnPlan& plan);

// Our environment without `unset`, with `set` ("NAME=value").
std::vector<std::string> ChildEnvironment(const std::vector<std::string>& set,
                                          const std::vector<std::string>& unset);

}  // namespace printfleet::child
