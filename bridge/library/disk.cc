#include "library/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace printfleet::library {
namespace {

Error Failed(const std::string& path) {
  return {Errc::kUnavailable, path + ": " + std::generic_category().message(errno)};
}

}  // namespace

File::~File() {
  Close();
}

File::File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

File& File::operator=(File&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void File::Close() {
  if (fd_ >= 0) {
    ::close(std::exchange(fd_, -1));
  }
}

Status MakeFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return Failed(path);
  }
  return Ok{};
}

Result<File> CreateFile(const std::string& path) {
  File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.fd() < 0) {
    return Failed(path);
  }
  return file;
}

Status WriteAll(const File& file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.fd(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return Failed(path);
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return Ok{};
}

Status Sync(const File& file, const std::string& path) {
  if (::fsync(file.fd()) != 0) {
    return Failed(path);
  }
  return Ok{};
}

Status SyncFolder(const std::string& path) {
  const File folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.fd() < 0) {
    return Failed(path);
  }
  return Sync(folder, path);
}

Status Rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return Failed(to);
  }
  return Ok{};
}

bool FileExists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

bool RemoveFile(const std::string& path) {
  return ::unlink(path.c_str()) == 0;
}

std::optional<int64_t> FreeBytes(const std::string& folder) {
  struct statvfs disk {};

  if (::statvfs(folder.c_str(), &disk) != 0) {
    return std::nullopt;
  }
  return static_cast<int64_t>(disk.f_bavail) * static_cast<int64_t>(disk.f_frsize);
}

std::vector<Found> ListFolder(const std::string& path) {
  namespace fs = std::filesystem;
  std::vector<Found> found;
  std::error_code error;
  for (auto entry = fs::directory_iterator(path, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code missing;  // gone meanwhile
    const fs::file_status status = entry->symlink_status(missing);
    const bool file = fs::is_regular_file(status);
    if (file || fs::is_directory(status)) {
      const auto size = file ? static_cast<int64_t>(entry->file_size(missing)) : 0;
      found.push_back({entry->path().filename().string(), missing ? 0 : size, !file});
    }
  }
  return found;
}

}  // namespace printfleet::library
