#include "child/install.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "child/descriptor.h"
#include "child/identity.h"

namespace printfleet::child {

namespace {

Error SystemError(const std::string& path, const std::string& what) {
  const int code = errno;
  const char* advice = "";
  if (code == EACCES || code == EPERM) {
    advice = " (give it to the user the daemon runs as, or choose another data_dir)";
  } else if (code == ENOSPC) {
    advice = " (the disk is full)";
  } else if (code == ELOOP || code == ENOTDIR) {
    advice = " (it must be a directory of its own, not a symbolic link)";
  }
  return Error{code == EACCES || code == EPERM ? Errc::kRejected : Errc::kUnavailable,
               path + ": " + what + ": " + std::generic_category().message(code) + advice};
}

struct Owners {
  uid_t daemon_uid = 0;
  gid_t daemon_gid = 0;
  Identity server;

  [[nodiscard]] uid_t Uid(Owner owner) const {
    return owner == Owner::kServer ? server.uid : daemon_uid;
  }

  [[nodiscard]] gid_t Gid(Owner owner) const {
    return owner == Owner::kServer ? server.gid : daemon_gid;
  }
};

// fchown only where something changes: a plain user may not, and need not.
bool GiveTo(int fd, const struct stat& now, uid_t uid, gid_t gid) {
  return (now.st_uid == uid && now.st_gid == gid) || (geteuid() != 0 && now.st_uid == uid) ||
         fchown(fd, uid, gid) == 0;
}

Status InstallDirectory(const SpecDirectory& directory, const Owners& owners) {
  // Missing parents (of data_dir itself) are made as plain directories of the daemon's.
  std::error_code code;
  std::filesystem::create_directories(std::filesystem::path(directory.path).parent_path(), code);
  if (mkdir(directory.path.c_str(), 0700) != 0 && errno != EEXIST) {
    return SystemError(directory.path, "cannot be made");
  }
  const Descriptor fd(
      open(directory.path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));

  struct stat now {};

  if (!fd.valid() || fstat(fd.fd(), &now) != 0) {
    return SystemError(directory.path, "cannot be opened");
  }
  if (now.st_uid != 0 && now.st_uid != owners.daemon_uid && now.st_uid != owners.server.uid) {
    return Error{Errc::kRejected, directory.path + ": belongs to another user (uid " +
                                      std::to_string(now.st_uid) +
                                      "); start as that user, or chown it"};
  }
  if (!GiveTo(fd.fd(), now, owners.Uid(directory.owner), owners.Gid(directory.owner))) {
    return SystemError(directory.path, "cannot be given to its user");
  }
  if ((now.st_mode & 07777) != directory.mode && fchmod(fd.fd(), directory.mode) != 0) {
    return SystemError(directory.path, "mode cannot be set");
  }
  return Ok{};
}

// The file's content, "" when it is not a plain file of its own.
std::string ReadAt(int directory_fd, const std::string& name, struct stat& status) {
  const Descriptor fd(
      openat(directory_fd, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  std::string content;
  if (!fd.valid() || fstat(fd.fd(), &status) != 0 || !S_ISREG(status.st_mode)) {
    status = {};
    return content;
  }
  std::array<char, 8192> buffer{};
  for (ssize_t count = 0; (count = read(fd.fd(), buffer.data(), buffer.size())) > 0;) {
    content.append(buffer.data(), static_cast<size_t>(count));
  }
  return content;
}

bool WriteAll(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = write(fd, content.data(), content.size());
    if (count < 0 && errno != EINTR) {
      return false;
    }
    content.remove_prefix(count > 0 ? static_cast<size_t>(count) : 0);
  }
  return true;
}

Status InstallFile(const SpecFile& file, const Owners& owners) {
  const std::filesystem::path path(file.path);
  const std::string name = path.filename().string();
  const Descriptor directory(open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) {
    return SystemError(path.parent_path().string(), "cannot be opened");
  }
  const uid_t uid = owners.Uid(file.owner);

  struct stat now {};

  if (ReadAt(directory.fd(), name, now) == file.content && S_ISREG(now.st_mode) &&
      now.st_uid == uid && (now.st_mode & 07777) == file.mode) {
    return Ok{};
  }
  // A fresh file of ours, then a rename: a link planted at either name is replaced, not followed.
  const std::string fresh = name + ".new";
  unlinkat(directory.fd(), fresh.c_str(), 0);
  const Descriptor fd(openat(directory.fd(), fresh.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));

  struct stat made {};

  if (!fd.valid() || fstat(fd.fd(), &made) != 0) {
    return SystemError(file.path, "cannot be written");
  }
  if (!WriteAll(fd.fd(), file.content) || !GiveTo(fd.fd(), made, uid, owners.Gid(file.owner)) ||
      fchmod(fd.fd(), file.mode) != 0 || fsync(fd.fd()) != 0 ||
      renameat(directory.fd(), fresh.c_str(), directory.fd(), name.c_str()) != 0) {
    const Error error = SystemError(file.path, "cannot be written");
    unlinkat(directory.fd(), fresh.c_str(), 0);
    return error;
  }
  fsync(directory.fd());
  return Ok{};
}

}  // namespace

Status InstallFiles(const ProcessSpec& spec) {
  Result<Identity> server = ResolveIdentity(spec.run_as);
  if (!server.ok()) {
    return server.error().Within(spec.name);
  }
  const Owners owners{geteuid(), getegid(), *std::move(server)};
  for (const SpecDirectory& directory : spec.directories) {
    const Status status = InstallDirectory(directory, owners);
    if (!status.ok()) {
      return status.error().Within(spec.name);
    }
  }
  for (const SpecFile& file : spec.files) {
    const Status status = InstallFile(file, owners);
    if (!status.ok()) {
      return status.error().Within(spec.name);
    }
  }
  return Ok{};
}

}  // namespace printfleet::child
