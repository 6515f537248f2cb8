// Small files under data_dir: written whole and atomically, or appended durably. Loop thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace printfleet::daemon {

// kNotFound when there is none.
Result<std::string> ReadFile(const std::string& path);

// Write, fsync, rename, fsync of the folder; mode 0600.
Status WriteFileAtomically(const std::string& path, std::string_view content);

// A 128-bit secret of `path` in hex; made on the first use.
Result<std::string> LoadOrMakeSecret(const std::string& path);

uint64_t RandomSeed();

// `path`'s modification time says up to when the daemon has dealt with all requests.
std::optional<WallTime> ReadAlive(const std::string& path);
void TouchAlive(const std::string& path, WallTime at);

}  // namespace printfleet::daemon
