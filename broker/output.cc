#include "broker/output.h"

namespace printfleet::broker {

LogLevel LevelOfLine(std::string_view line) {
  const auto has = [line](std::string_view text) {
    return line.find(text) != std::string_view::npos;
  };
  if (line.starts_with("Warning: ACL pattern") || has(" printfleet-ready") || has("on port 0.")) {
    return LogLevel::kDebug;
  }
  if (line.starts_with("Error")) {
    return LogLevel::kError;
  }
  return line.starts_with("Warning") ? LogLevel::kWarning : LogLevel::kInfo;
}

}  // namespace printfleet::broker
