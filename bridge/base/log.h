// One line a story step, to standard error (systemd's journal adds time and unit).
//
//   info broker: ready address=127.0.0.1:1883 pid=4711
//
// Thread-safe: a line is one write(2). Text from outside goes through PrintableText.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace printfleet {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// A named value behind the message; quoted when it has blanks.
struct LogField {
  LogField(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}

  LogField(std::string_view field_name, const char* text) : name(field_name), value(text) {}

  LogField(std::string_view field_name, const std::string& text) : name(field_name), value(text) {}

  template <typename Number>

  requires std::is_arithmetic_v<Number> LogField(std::string_view field_name, Number number)
      : name(field_name), value(std::to_string(number)) {}

  std::string_view name;
  std::string value;
};

// Lines below `level` are dropped. Default kInfo. Any thread.
void SetLogLevel(LogLevel level);

// `area` is the part that speaks (a folder's name, or "broker", "database" for a child's own line).
void Log(LogLevel level, std::string_view area, std::string_view message,
         std::initializer_list<LogField> fields = {});

inline void LogDebug(std::string_view area, std::string_view message,
                     std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kDebug, area, message, fields);
}

inline void LogInfo(std::string_view area, std::string_view message,
                    std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kInfo, area, message, fields);
}

inline void LogWarning(std::string_view area, std::string_view message,
                       std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kWarning, area, message, fields);
}

inline void LogError(std::string_view area, std::string_view message,
                     std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kError, area, message, fields);
}

}  // namespace printfleet
