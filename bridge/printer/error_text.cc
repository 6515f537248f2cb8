#include "printer/error_text.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"

namespace printfleet::printer {
namespace {

constexpr size_t kTextBytesMax = 256;

struct Entry {
  int64_t code;
  ErrorKind kind;
  std::string_view text;
};

constexpr auto kFailure = ErrorKind::kFailure;
constexpr auto kStopped = ErrorKind::kStopped;
constexpr auto kInterrupted = ErrorKind::kInterrupted;
constexpr auto kRefused = ErrorKind::kRefused;

// Ascending by code.
constexpr Entry kEntries[] = {
    {601, kStopped, "stopped"},
    {603, kStopped, "stopped"},
    {10000, kFailure, "unknown error"},
    {10101, kRefused, "already printing"},
    {10102, kRefused, "no print task"},
    {10103, kRefused, "print suspended"},
    {10104, kStopped, "print stopped"},
    {10105, kFailure, "file download failed"},
    {10106, kFailure, "insufficient memory"},
    {10107, kFailure, "filament broken or run out"},
    {10108, kFailure, "print scratched"},
    {10110, kRefused, "request not understood"},
    {10111, kInterrupted, "task ended abnormally"},
    {10112, kRefused, "path is empty"},
    {10113, kFailure, "MD5 verification of the file failed"},
    {10115, kFailure, "file cannot be parsed"},
    {10116, kFailure, "slice file is abnormal"},
    {10118, kFailure, "X axis homing failed"},
    {10119, kFailure, "Y axis homing failed"},
    {10120, kFailure, "Z axis homing failed"},
    {10121, kFailure, "bed heating failed"},
    {10122, kFailure, "nozzle heating failed"},
    {10123, kFailure, "bed temperature sensor fault"},
    {10124, kFailure, "nozzle temperature sensor fault"},
    {10125, kFailure, "task restored or nozzle controller fault"},
    {10126, kFailure, "vibration or belt fault"},
    {10127, kFailure, "vibration or belt fault"},
    {10128, kFailure, "vibration or belt fault"},
    {10129, kFailure, "vibration or belt fault"},
    {10130, kFailure, "Z axis homing failed"},
    {10131, kFailure, "nozzle controller fault"},
    {10132, kFailure, "print head scratched the print"},
    {10133, kFailure, "file lacks commands"},
    {10134, kFailure, "a camera is needed"},
    {10135, kFailure, "a USB stick is needed"},
    {10136, kFailure, "a camera and a USB stick are needed"},
    {10137, kFailure, "USB stick has less than 800 MB free"},
    {10237, kFailure, "leveling failed"},
    {10401, kStopped, "stopped or paused by the user"},
    {10402, kFailure, "filament broken"},
    {10403, kFailure, "filament broken"},
    {10408, kFailure, "firmware is too old"},
    {10410, kFailure, "heater limit reached"},
    {10411, kFailure, "motor driver overheated"},
    {10415, kFailure, "bed too hot"},
    {10536, kFailure, "filament box or nozzle fault"},
    {10537, kFailure, "filament box or nozzle fault"},
    {10538, kFailure, "filament box or nozzle fault"},
    {10539, kFailure, "filament box or nozzle fault"},
    {10603, kInterrupted, "print interrupted"},
    {10607, kStopped, "print ended by force"},
    {10608, kInterrupted, "print ended abnormally"},
    {10609, kStopped, "print ended by the user"},
    {10801, kFailure, "firmware download failed"},
    {10802, kFailure, "firmware update failed"},
    {10803, kFailure, "insufficient memory for the firmware"},
    {10804, kFailure, "external storage cannot be mounted"},
    {10805, kFailure, "firmware verification failed"},
    {10901, kFailure, "axis fault"},
    {11001, kRefused, "deleting a local file failed"},
    {11101, kFailure, "WiFi fault"},
    {11401, kFailure, "camera fault"},
    {11402, kFailure, "camera fault"},
    {11403, kFailure, "camera fault"},
    {11404, kFailure, "camera fault"},
    {11405, kFailure, "camera fault"},
    {11406, kFailure, "camera fault"},
    {11407, kFailure, "camera fault"},
    {11412, kFailure, "controller lost"},
};

const Entry* Find(int64_t code) {
  const auto* found =
      std::lower_bound(std::begin(kEntries), std::end(kEntries), code,
                       [](const Entry& entry, int64_t wanted) { return entry.code < wanted; });
  return found != std::end(kEntries) && found->code == code ? found : nullptr;
}

// Messages that say nothing: observed on failures too.
bool Empty(std::string_view message) {
  return message.empty() || message == "done" || message == "failed" || message == "success";
}

}  // namespace

ErrorKind KindOfError(int64_t code) {
  const Entry* entry = Find(code);
  return entry == nullptr ? kFailure : entry->kind;
}

std::string_view ErrorText(int64_t code) {
  const Entry* entry = Find(code);
  return entry == nullptr ? std::string_view() : entry->text;
}

std::string ErrorText(const protocol::Envelope& envelope) {
  std::string text(ErrorText(envelope.code.value_or(0)));
  if (Empty(envelope.message) || envelope.message == text) {
    return text;
  }
  if (!text.empty()) {
    text += ": ";
  }
  return CleanText(text.append(envelope.message), kTextBytesMax);
}

}  // namespace printfleet::printer
