#include "spool/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace printfleet::spool {

Result<Lock> Lock::Take(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    const bool full = errno == ENOSPC || errno == EDQUOT;
    return Error{full ? Errc::kUnavailable : Errc::kInternal, path + ": " + std::strerror(errno)};
  }
  Lock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK ? Error{Errc::kConflict, path + ": another process uses this spool"}
                                : Error{Errc::kInternal, path + ": " + std::strerror(errno)};
  }
  return lock;
}

Lock::~Lock() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

Lock::Lock(Lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Lock& Lock::operator=(Lock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

}  // namespace printfleet::spool
