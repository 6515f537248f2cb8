#include "base/log.h"

#include <unistd.h>

#include <atomic>

#include "base/text.h"

namespace printfleet {
namespace {

constexpr size_t kLineBytesMax = 4000;
constexpr size_t kValueBytesMax = 1000;

std::atomic<LogLevel>& MinimumLevel() {
  static std::atomic<LogLevel> level{LogLevel::kInfo};
  return level;
}

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

}  // namespace

void SetLogLevel(LogLevel level) {
  MinimumLevel() = level;
}

void Log(LogLevel level, std::string_view area, std::string_view message,
         std::initializer_list<LogField> fields) {
  if (level < MinimumLevel()) {
    return;
  }
  std::string line(LevelName(level));
  line += ' ';
  line += area;
  line += ": ";
  line += PrintableText(message, kLineBytesMax);
  for (const LogField& field : fields) {
    const std::string value = PrintableText(field.value, kValueBytesMax);
    const bool quoted = value.empty() || value.find_first_of(" \"=") != std::string::npos;
    line += ' ';
    line += field.name;
    line += quoted ? "=\"" : "=";
    line += value;
    line += quoted ? "\"" : "";
  }
  line += '\n';
  // A log that cannot be written must not stop the farm.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace printfleet
