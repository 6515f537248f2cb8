// Small files of a first configuration: read whole, written whole or not at all.
#pragma once

#include <string>

#include "base/result.h"

namespace printfleet::setup {

// At most 1 MiB. kNotFound when there is none, kInvalid when it cannot be read or is larger.
Result<std::string> ReadText(const std::string& file);

bool Exists(const std::string& file);

// With `mode`; makes the folders above it (0755). kConflict when it is there and may not be
// overwritten: then it is as it was.
Status WriteText(const std::string& file, const std::string& text, unsigned mode, bool overwrite);

// As root: the file becomes that of the owner of `like` (the daemon's user owns data_dir), if that
// is there. Else nothing.
Status GiveToOwnerOf(const std::string& file, const std::string& like);

}  // namespace printfleet::setup
