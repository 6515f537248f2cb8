// Identity: the user and groups that a server runs as. Asks the system's user database; values.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace printfleet::child {

struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  bool change = false;  // false: what we are already
};

// As root: `user` (kNotFound says what to do); else, or with an empty name, ourselves.
Result<Identity> ResolveIdentity(const std::string& user);

}  // namespace printfleet::child
