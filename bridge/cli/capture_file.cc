#include "cli/capture_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace printfleet::cli {
namespace {

constexpr mode_t kOwnerOnly = 0600;

Error Refused(const std::string& path, Errc code) {
  return Error{code, path + ": " + std::strerror(errno)};  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace

Result<CaptureFile> CaptureFile::Create(const std::string& path, bool overwrite,
                                        uint64_t bytes_max) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (overwrite ? 0 : O_EXCL);
  const int fd = open(path.c_str(), flags, kOwnerOnly);
  if (fd < 0 && errno == EEXIST) {
    return Error{Errc::kConflict, path + " is there already; --force overwrites it"};
  }
  if (fd < 0) {
    return Refused(path, Errc::kInvalid);
  }
  CaptureFile file(path, fd, bytes_max);

  struct stat status {};

  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    return Error{Errc::kInvalid, path + " is no regular file"};
  }
  // Nobody else reads it from before its first line on.
  if (fchmod(fd, kOwnerOnly) != 0 || ftruncate(fd, 0) != 0) {
    return Refused(path, Errc::kInvalid);
  }
  return file;
}

CaptureFile::CaptureFile(CaptureFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      bytes_max_(other.bytes_max_),
      bytes_(other.bytes_) {}

CaptureFile::~CaptureFile() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

Status CaptureFile::Add(std::string line) {
  line += '\n';
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t count = write(fd_, rest.data(), rest.size());
    if (count < 0 && errno != EINTR) {
      Error error = Refused(path_, Errc::kUnavailable);
      const bool cut = ftruncate(fd_, static_cast<off_t>(bytes_)) == 0;
      return cut ? error : error.Within("half a line at the end of");
    }
    rest.remove_prefix(count < 0 ? 0 : static_cast<size_t>(count));
  }
  bytes_ += line.size();
  return Ok{};
}

}  // namespace printfleet::cli
