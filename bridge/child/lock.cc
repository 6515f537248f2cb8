#include "child/lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>

namespace printfleet::child {

namespace {

pid_t ReadPid(int fd) {
  std::array<char, 32> text{};
  const ssize_t count = pread(fd, text.data(), text.size(), 0);
  pid_t pid = 0;
  if (count > 0) {
    std::from_chars(text.data(), text.data() + count, pid);
  }
  return pid;
}

Error OpenError(const std::string& path) {
  const int code = errno;
  return Error{code == EACCES || code == EPERM ? Errc::kRejected : Errc::kUnavailable,
               "lock file " + path + ": " + std::generic_category().message(code) +
                   (code == EACCES ? " (made by another user? start as that user, or remove it "
                                     "when nothing of printfleet runs)"
                                   : "")};
}

}  // namespace

Result<LockFile> LockFile::Take(const std::string& path) {
  Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) {
    return OpenError(path);
  }
  if (flock(file.fd(), LOCK_EX | LOCK_NB) == 0) {
    return LockFile(std::move(file));
  }
  if (errno != EWOULDBLOCK) {
    return OpenError(path);
  }
  const pid_t pid = ReadPid(file.fd());
  return Error{Errc::kConflict,
               path + " is held by " +
                   (pid > 0 ? "process " + std::to_string(pid) : std::string("another process"))};
}

Status LockFile::WritePid() const {
  const std::string text = std::to_string(getpid()) + "\n";
  if (ftruncate(file_.fd(), 0) != 0 ||
      pwrite(file_.fd(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return Error{Errc::kUnavailable,
                 std::string("lock file: ") + std::generic_category().message(errno)};
  }
  return Ok{};
}

Result<std::optional<LockHolder>> FindHolder(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid()) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return std::optional<LockHolder>();
    }
    return OpenError(path);
  }
  if (flock(file.fd(), LOCK_SH | LOCK_NB) == 0) {
    return std::optional<LockHolder>();
  }
  if (errno != EWOULDBLOCK) {
    return OpenError(path);
  }
  return std::optional<LockHolder>(LockHolder{ReadPid(file.fd())});
}

}  // namespace printfleet::child
