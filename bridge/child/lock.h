// Lock files: one life at a time. A lock is an flock'ed file that holds the owner's pid as text;
// the kernel releases it with the owner's last descriptor, so a stale one cannot exist.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "child/descriptor.h"

namespace printfleet::child {

// A lock that this process holds until the object goes away.
class LockFile {
 public:
  // Makes the file (0600) if missing; its directory must exist. Never follows a symbolic link and
  // never blocks. kConflict when somebody holds it, with the holder's pid as far as known.
  static Result<LockFile> Take(const std::string& path);

  // Writes our pid, for FindHolder and for people.
  Status WritePid() const;

  [[nodiscard]] int fd() const { return file_.fd(); }

 private:
  explicit LockFile(Descriptor file) : file_(std::move(file)) {}

  Descriptor file_;
};

struct LockHolder {
  pid_t pid = 0;  // 0: it has not written it yet
};

// Who holds the lock at `path` now: a server of ours that runs (lifetime `own`: found, neither
// started nor stopped), or one of an earlier life that has not ended yet. nullopt: nobody, or no
// such file. Takes the lock for an instant; a Start at that instant sees kConflict and tries again.
Result<std::optional<LockHolder>> FindHolder(const std::string& path);

}  // namespace printfleet::child
