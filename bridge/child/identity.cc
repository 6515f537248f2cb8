#include "child/identity.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>

namespace printfleet::child {

Result<Identity> ResolveIdentity(const std::string& user) {
  Identity identity;
  identity.uid = geteuid();
  identity.gid = getegid();
  if (identity.uid != 0 || user.empty()) {
    return identity;
  }
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> buffer{};
  const int code = getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (code != 0 || found == nullptr) {
    return Error{Errc::kNotFound, "no user \"" + user +
                                      "\" to run the server as: install its package, or name "
                                      "another user in run_as"};
  }
  identity.uid = entry.pw_uid;
  identity.gid = entry.pw_gid;
  identity.change = entry.pw_uid != 0;
  int count = 64;
  identity.groups.resize(static_cast<size_t>(count));
  if (getgrouplist(user.c_str(), entry.pw_gid, identity.groups.data(), &count) < 0) {
    identity.groups.assign(1, entry.pw_gid);
    return identity;
  }
  identity.groups.resize(static_cast<size_t>(count));
  return identity;
}

}  // namespace printfleet::child
