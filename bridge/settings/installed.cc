#include "settings/installed.h"

#include <filesystem>

namespace printfleet::settings {

std::string InstalledPath(const std::string& name, const std::string& in_source) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const fs::path beside = program.parent_path().parent_path() / "share/printfleet" / name;
  if (!program.empty() && fs::exists(beside, error)) {
    return beside.string();
  }
  if (!in_source.empty() && fs::exists(in_source, error)) {
    return in_source;
  }
  return "/usr/share/printfleet/" + name;
}

}  // namespace printfleet::settings
