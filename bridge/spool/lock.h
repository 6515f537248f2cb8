// Lock: one process a directory. The kernel takes it back with the process, so that a stale one
// cannot exist.
#pragma once

#include <string>

#include "base/result.h"

namespace printfleet::spool {

class Lock {
 public:
  // Makes the file if it is missing. kConflict: another process holds it; kUnavailable: the disk is
  // full; kInternal: the system's reason.
  static Result<Lock> Take(const std::string& path);
  ~Lock();
  Lock(Lock&& other) noexcept;
  Lock& operator=(Lock&& other) noexcept;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  explicit Lock(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace printfleet::spool
