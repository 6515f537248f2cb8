#include "setup/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace printfleet::setup {

namespace {

constexpr std::streamsize kFileBytesMax = 1 << 20;

Error Failed(const std::string& file, const std::string& what) {
  return Error{Errc::kInvalid, file + ": " + what + ": " +
                                   std::error_code(errno, std::generic_category()).message()};
}

Status WriteAll(int fd, const std::string& text, const std::string& file) {
  for (size_t written = 0; written < text.size();) {
    const ssize_t count = ::write(fd, text.data() + written, text.size() - written);
    if (count < 0 && errno != EINTR) {
      return Failed(file, "cannot be written");
    }
    written += count > 0 ? static_cast<size_t>(count) : 0;
  }
  return ::fsync(fd) == 0 ? Status(Ok{}) : Failed(file, "cannot be written");
}

}  // namespace

Result<std::string> ReadText(const std::string& file) {
  if (!Exists(file)) {
    return Error{Errc::kNotFound, file + ": is not there"};
  }
  std::ifstream in(file, std::ios::binary);
  std::string text(static_cast<size_t>(kFileBytesMax) + 1, '\0');
  in.read(text.data(), kFileBytesMax + 1);
  if (in.bad() || (!in.eof() && in.gcount() == 0)) {
    return Error{Errc::kInvalid, file + ": cannot be read"};
  }
  if (in.gcount() > kFileBytesMax) {
    return Error{Errc::kInvalid, file + ": is larger than 1 MiB"};
  }
  text.resize(static_cast<size_t>(in.gcount()));
  return text;
}

bool Exists(const std::string& file) {
  return ::access(file.c_str(), F_OK) == 0;
}

Status WriteText(const std::string& file, const std::string& text, unsigned mode, bool overwrite) {
  std::error_code unmade;
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), unmade);
  const std::string fresh = file + ".new." + std::to_string(::getpid());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) {
    return Failed(fresh, "cannot be made");
  }
  Status status = WriteAll(fd, text, fresh);
  ::close(fd);
  if (status.ok() && overwrite && ::rename(fresh.c_str(), file.c_str()) != 0) {
    status = Failed(file, "cannot be replaced");
  } else if (status.ok() && !overwrite && ::link(fresh.c_str(), file.c_str()) != 0) {
    status = errno == EEXIST ? Error{Errc::kConflict, file + ": is there already"}
                             : Failed(file, "cannot be made");
  }
  ::unlink(fresh.c_str());
  return status;
}

Status GiveToOwnerOf(const std::string& file, const std::string& like) {
  struct stat owner {};

  if (::geteuid() != 0 || ::stat(like.c_str(), &owner) != 0 || owner.st_uid == 0) {
    return Ok{};
  }
  if (::chown(file.c_str(), owner.st_uid, owner.st_gid) != 0) {
    return Failed(file, "cannot be given to the owner of " + like);
  }
  return Ok{};
}

}  // namespace printfleet::setup
