#include "daemon/files.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/check.h"
#include "base/text.h"

namespace printfleet::daemon {
namespace {

Error FileError(const std::string& path, const char* what) {
  const Errc code = errno == ENOENT ? Errc::kNotFound : Errc::kUnavailable;
  return {code, path + ": " + what + ": " + std::strerror(errno)};
}

// Writes all of `content` and makes it durable.
bool WriteDurably(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno != EINTR) {
      return false;
    }
    content.remove_prefix(written < 0 ? 0 : static_cast<size_t>(written));
  }
  return ::fsync(fd) == 0;
}

void SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    ::fsync(fd);
    ::close(fd);
  }
}

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  CHECK(::getrandom(bytes.data(), count, 0) == static_cast<ssize_t>(count));
  return bytes;
}

}  // namespace

Result<std::string> ReadFile(const std::string& path) {
  const std::ifstream file(path, std::ios::binary);
  if (!file) {
    return FileError(path, "cannot be read");
  }
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

Status WriteFileAtomically(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".new";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) {
    return FileError(temporary, "cannot be written");
  }
  const bool written = WriteDurably(fd, content);
  ::close(fd);
  if (!written || ::rename(temporary.c_str(), path.c_str()) != 0) {
    Error error = FileError(path, "cannot be written");
    ::unlink(temporary.c_str());  // half a file only takes room that is wanted
    return error;
  }
  SyncFolderOf(path);
  return Ok{};
}

Result<std::string> LoadOrMakeSecret(const std::string& path) {
  Result<std::string> known = ReadFile(path);
  if (known.ok() && known->size() == 32) {
    return known;
  }
  const std::string secret = HexText(RandomBytes(16));
  if (const Status written = WriteFileAtomically(path, secret); !written.ok()) {
    return written.error();
  }
  return secret;
}

uint64_t RandomSeed() {
  uint64_t seed = 0;
  const std::string bytes = RandomBytes(sizeof seed);
  std::memcpy(&seed, bytes.data(), sizeof seed);
  return seed;
}

std::optional<WallTime> ReadAlive(const std::string& path) {
  struct stat status {};

  if (::stat(path.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return WallTime(std::chrono::seconds(status.st_mtim.tv_sec));
}

void TouchAlive(const std::string& path, WallTime at) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) {
    const std::chrono::seconds since = std::chrono::floor<seconds>(at.time_since_epoch());
    const timespec time{.tv_sec = since.count(), .tv_nsec = 0};
    const std::array<timespec, 2> times{time, time};
    ::futimens(fd, times.data());
    ::close(fd);
  }
}

}  // namespace printfleet::daemon
