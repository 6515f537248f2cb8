#include "spool/ballast.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace printfleet::spool {
namespace {

constexpr int64_t kBlockBytes = 512;  // of st_blocks

// What others than root may have of the disk that `path` is on; -1 when nobody knows.
int64_t RoomAt(const std::string& path) {
  struct statvfs disk {};

  const std::string directory = path.substr(0, path.rfind('/'));
  if (::statvfs(directory.c_str(), &disk) != 0) {
    return -1;
  }
  return static_cast<int64_t>(disk.f_bavail) * static_cast<int64_t>(disk.f_frsize);
}

}  // namespace

bool Ballast::IsWhole() const {
  struct stat status {};

  return ::stat(path_.c_str(), &status) == 0 && status.st_blocks * kBlockBytes >= bytes_;
}

bool Ballast::RoomBeside() const {
  const int64_t room = RoomAt(path_);
  return room < 0 || room >= bytes_;
}

bool Ballast::Make() {
  there_ = bytes_ == 0 || IsWhole();
  const int64_t room = RoomAt(path_);
  if (there_ || (0 <= room && room < 2 * bytes_)) {
    return there_;
  }
  const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  // Where a file system cannot do it by itself, glibc writes into each block.
  const int error = fd < 0 ? errno : ::posix_fallocate(fd, 0, bytes_);
  there_ = error == 0 && ::fsync(fd) == 0;
  if (fd >= 0) {
    ::close(fd);
  }
  if (!there_) {
    ::unlink(path_.c_str());
    if (!std::exchange(told_, true)) {
      LogWarning("spool", "no reserve on the disk for stops",
                 {{"file", path_}, {"bytes", bytes_}, {"error", std::strerror(error)}});
    }
  }
  told_ = told_ && !there_;
  return there_;
}

bool Ballast::Release() {
  there_ = bytes_ == 0;
  return ::unlink(path_.c_str()) == 0;
}

}  // namespace printfleet::spool
