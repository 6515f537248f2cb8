// Where the files are that come with the program.
#pragma once

#include <string>

namespace printfleet::settings {

// `name` in share/printfleet beside the running program's bin/, where it was installed so; else
// `in_source`, the file of the source tree that it was built from, if that is there (may be empty);
// else /usr/share/printfleet/`name`, which need not exist. Any thread.
std::string InstalledPath(const std::string& name, const std::string& in_source);

}  // namespace printfleet::settings
