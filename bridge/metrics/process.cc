#include "metrics/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

namespace printfleet::metrics {
namespace {

// Fields of /proc/self/stat behind the command's name, whose first is number 3. Source: proc(5).
constexpr size_t kFirstField = 3;
constexpr size_t kUserTicks = 14 - kFirstField;
constexpr size_t kSystemTicks = 15 - kFirstField;
constexpr size_t kThreads = 20 - kFirstField;
constexpr size_t kStartTicks = 22 - kFirstField;
constexpr size_t kVirtualBytes = 23 - kFirstField;
constexpr size_t kResidentPages = 24 - kFirstField;
using Fields = std::array<double, kResidentPages + 1>;

std::string ReadFile(const char* path) {
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::optional<Fields> ReadStat() {
  const std::string content = ReadFile("/proc/self/stat");
  const size_t name_end = content.rfind(')');
  if (name_end == std::string::npos) {
    return std::nullopt;
  }
  std::istringstream rest(content.substr(name_end + 1));
  std::string state;
  rest >> state;
  Fields fields{};
  for (size_t i = 1; i < fields.size(); ++i) {
    rest >> fields.at(i);
  }
  return rest ? std::optional(fields) : std::nullopt;
}

// Of the clocks and not of /proc/stat, which a hardened unit (ProcSubset=pid) does not have. Once,
// or the two readings' distance would make the start time wander.
double BootEpochS() {
  const auto seconds_of = [](clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
  };
  static const double epoch_s = seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME);
  return epoch_s;
}

double OpenFds() {
  std::error_code error;
  double count = -1;  // the directory's own descriptor
  std::filesystem::directory_iterator entries("/proc/self/fd", error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    ++count;
  }
  return count;
}

}  // namespace

std::optional<ProcessReading> ReadProcess() {
  const std::optional<Fields> stat = ReadStat();
  rlimit files{};
  if (!stat || getrlimit(RLIMIT_NOFILE, &files) != 0) {
    return std::nullopt;
  }
  const auto ticks_per_s = static_cast<double>(sysconf(_SC_CLK_TCK));
  ProcessReading reading;
  reading.cpu_s = (stat->at(kUserTicks) + stat->at(kSystemTicks)) / ticks_per_s;
  reading.resident_bytes = stat->at(kResidentPages) * static_cast<double>(sysconf(_SC_PAGESIZE));
  reading.virtual_bytes = stat->at(kVirtualBytes);
  reading.threads = stat->at(kThreads);
  reading.open_fds = OpenFds();
  reading.max_fds = static_cast<double>(files.rlim_cur);
  reading.start_epoch_s = BootEpochS() + stat->at(kStartTicks) / ticks_per_s;
  return reading;
}

}  // namespace printfleet::metrics
