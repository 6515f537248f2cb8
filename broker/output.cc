#include "broker/output.h"

namespace printfleet::broker {

LogLevel LevelOfLine(std::string_view line) {
  const auto has = [line](std::string_view text) {
    return line.find(text) != std::string_view::npos;
  };
  // A restart of the broker would say two lines a printer and bury the story.
  const bool comes_or_goes =
      line.starts_with("New connection from") || line.starts_with("New client connected") ||
      line.ends_with(" closed its connection.") || line.ends_with(" disconnected.") ||
      line.starts_with("Saving in-memory database");
  // Of `log_type debug`, all but what was denied.
  const bool traffic = line.starts_with("Received ") || line.starts_with("Sending ") ||
                       line.starts_with("\t") || line.starts_with("No will message") ||
                       line.starts_with("Will message specified");
  if (line.starts_with("Warning: ACL pattern") || has(" printfleet-ready") || has("on port 0.") ||
      comes_or_goes || traffic) {
    return LogLevel::kDebug;
  }
  if (line.starts_with("Error")) {
    return LogLevel::kError;
  }
  return line.starts_with("Warning") ? LogLevel::kWarning : LogLevel::kInfo;
}

}  // namespace printfleet::broker
