// A file that cannot be read is set aside, with its log, and what can be read of it is copied into
// the new one. Spool's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "spool/file.h"

namespace printfleet::spool {

// Renames `path` and what SQLite keeps beside it to "<path>.damaged-<time>"; returns that name. Of
// such files the kAsideMax newest are kept.
Result<std::string> SetAside(const std::string& path);

constexpr size_t kAsideMax = 8;

// A log without its file would be deleted by SQLite: kMalformed.
Status CheckLogHasFile(const std::string& path);

struct Salvaged {
  int64_t copied = 0;
  std::optional<int64_t> held;  // as the damaged file says; unknown when not even that can be read
};

// Copies the entries with ids above `after` from the damaged file into `into`, around the damage,
// up to kSalvageBytesMax. Changes nothing in the damaged one.
Salvaged Salvage(const std::string& damaged, int64_t after, const std::string& boot, File& into);

constexpr int64_t kSalvageBytesMax = int64_t{256} << 20;

}  // namespace printfleet::spool
