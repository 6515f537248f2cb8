// The users file: one "name:role:password hash[:key digests]" a line.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "base/digest.h"
#include "settings/load.h"

namespace printfleet::settings {
namespace {

constexpr size_t kNameBytesMax = 64;
constexpr size_t kUsersMax = 10000;

Error Failed(const std::string& file, std::string_view what) {
  const std::string reason = std::error_code(errno, std::generic_category()).message();
  return Error{Errc::kUnavailable, file + ": " + std::string(what) + ": " + reason};
}

constexpr size_t kDigestDigits = 64;

Status ParseKeys(std::string_view text, std::vector<std::string>& digests) {
  while (!text.empty()) {
    const std::string_view digest = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), digest.size() + 1));
    if (digest.size() != kDigestDigits ||
        digest.find_first_not_of("0123456789abcdef") != std::string_view::npos ||
        digests.size() == kKeysMax) {
      return Error{Errc::kMalformed, "the digests of keys are not at most 10 SHA-256 in hex"};
    }
    digests.emplace_back(digest);
  }
  return Ok{};
}

Result<User> ParseLine(const std::string& line) {
  const size_t first = line.find(':');
  const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
  if (second == std::string::npos) {
    return Error{Errc::kMalformed, "expected name:role:password hash"};
  }
  User user;
  user.name = line.substr(0, first);
  if (const auto status = CheckUserName(user.name); !status.ok()) {
    return Error{Errc::kMalformed, status.error().message};
  }
  const auto role = ParseRole(std::string_view(line).substr(first + 1, second - first - 1));
  if (!role) {
    return Error{Errc::kMalformed, "the role is none of viewer, operator, admin"};
  }
  user.role = *role;
  const size_t third = std::min(line.find(':', second + 1), line.size());
  user.password_hash = line.substr(second + 1, third - second - 1);
  const Status keys =
      ParseKeys(std::string_view(line).substr(std::min(third + 1, line.size())), user.key_digests);
  if (!keys.ok()) {
    return keys.error();
  }
  if (!user.password_hash.starts_with("$7$")) {
    return Error{Errc::kMalformed, "the password hash does not begin with $7$"};
  }
  return user;
}

// Writes all of `text` to a new file and syncs it. The file is gone when that fails.
Status WriteNew(const std::string& file, const std::string& text) {
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    return Failed(file, "cannot be made");
  }
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = write(fd, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      break;
    }
    written += static_cast<size_t>(count);
  }
  const bool complete = written == text.size() && fsync(fd) == 0;
  const Error error = complete ? Error{} : Failed(file, "cannot be written");
  close(fd);
  if (!complete) {
    unlink(file.c_str());
    return error;
  }
  return Ok{};
}

void SyncDirectoryOf(const std::string& file) {
  const auto directory = std::filesystem::path(file).parent_path();
  const int fd = open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    fsync(fd);
    close(fd);
  }
}

}  // namespace

Status CheckUserName(std::string_view name) {
  const bool characters = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-' || c == '@';
  });
  if (name.empty() || name.size() > kNameBytesMax || !characters) {
    return Error{Errc::kInvalid,
                 "a user name is letters, digits, \".\", \"_\", \"-\" and \"@\", at most 64"};
  }
  if (name == "local" || name == "-" || name.starts_with("printfleet")) {
    return Error{Errc::kInvalid,
                 "the user name \"" + std::string(name) + "\" is taken by printfleet itself"};
  }
  return Ok{};
}

Result<Users> ParseUsers(std::string_view text, const std::string& file) {
  Users users;
  int number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line(text.substr(at, end - at));
    at = end + 1;
    ++number;
    if (line.empty() || line.front() == '#') {
      continue;
    }
    auto user = ParseLine(line);
    if (!user.ok()) {
      return user.error().Within(file + ":" + std::to_string(number));
    }
    const std::string name = user->name;
    if (!users.emplace(name, *std::move(user)).second) {
      return Error{Errc::kMalformed,
                   file + ":" + std::to_string(number) + ": user \"" + name + "\" is here twice"};
    }
    if (users.size() > kUsersMax) {
      return Error{Errc::kMalformed, file + ": more than 10000 users"};
    }
  }
  return users;
}

std::string UsersText(const Users& users) {
  std::string text = "# name:role:password hash[:key digests]; made by: printfleet user\n";
  for (const auto& [name, user] : users) {
    text.append(name).append(":").append(Name(user.role));
    text.append(":").append(user.password_hash);
    for (size_t i = 0; i < user.key_digests.size(); ++i) {
      text.append(i == 0 ? ":" : ",").append(user.key_digests[i]);
    }
    text.append("\n");
  }
  return text;
}

const User* FindByKey(const Users& users, std::string_view key) {
  const std::string digest = Sha256Hex(key);
  const User* found = nullptr;
  for (const auto& [name, user] : users) {
    for (const std::string& known : user.key_digests) {
      if (SameSecret(known, digest)) {
        found = &user;
      }
    }
  }
  return found;
}

Result<Users> LoadUsers(const std::string& file) {
  if (access(file.c_str(), F_OK) != 0 && errno == ENOENT) {
    return Users{};
  }
  std::ifstream in(file);
  if (!in) {
    return Failed(file, "cannot be read");
  }
  return ParseUsers(std::string{std::istreambuf_iterator<char>(in), {}}, file);
}

Status SaveUsers(const std::string& file, const Users& users) {
  const std::string text = UsersText(users);
  const std::string fresh = file + ".new." + std::to_string(getpid());

  // The file keeps its owner, a first one takes its directory's: root may run `printfleet user` for
  // a daemon that is not root.
  const auto directory = std::filesystem::path(file).parent_path();

  // Users come before the first start: data_dir may not be there yet (0711, as the daemon makes
  // it).
  std::error_code unmade;
  if (std::filesystem::create_directories(directory, unmade)) {
    std::filesystem::permissions(directory, std::filesystem::perms(0711), unmade);
  }

  struct stat owner {};

  const bool known = stat(file.c_str(), &owner) == 0 || stat(directory.c_str(), &owner) == 0;
  if (auto status = WriteNew(fresh, text); !status.ok()) {
    return status;
  }
  if (known && geteuid() == 0 && owner.st_uid != 0 &&
      chown(fresh.c_str(), owner.st_uid, owner.st_gid) != 0) {
    const Error error = Failed(fresh, "cannot be given to the owner of " + file);
    unlink(fresh.c_str());
    return error;
  }
  if (rename(fresh.c_str(), file.c_str()) != 0) {
    const Error error = Failed(file, "cannot be replaced");
    unlink(fresh.c_str());
    return error;
  }
  SyncDirectoryOf(file);
  return Ok{};
}

}  // namespace printfleet::settings
