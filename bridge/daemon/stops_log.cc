#include "daemon/stops_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "daemon/files.h"

namespace printfleet::daemon {
namespace {

constexpr std::string_view kStop = "stop ";
constexpr std::string_view kRefusal = "refused ";

int64_t SizeOf(const std::string& path) {
  struct stat status {};

  return ::stat(path.c_str(), &status) == 0 ? status.st_size : 0;
}

}  // namespace

Status StopsLog::AppendStop(std::string_view record_json) {
  return Append(kStop, record_json);
}

Status StopsLog::AppendRefusal(std::string_view record_json) {
  if (SizeOf(path_) > kBytesMax / 10) {
    return Error{Errc::kUnavailable, path_ + ": too many refusals; this one is not kept"};
  }
  return Append(kRefusal, record_json);
}

Status StopsLog::Append(std::string_view kind, std::string_view record_json) {
  if (SizeOf(path_) > kBytesMax) {
    return Error{Errc::kUnavailable, path_ + ": full"};
  }
  const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) {
    return Error{Errc::kUnavailable, path_ + ": " + std::strerror(errno)};
  }
  const std::string line = std::string(kind) + std::string(record_json) + "\n";
  const bool durable = ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
                       ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (!durable) {
    return Error{Errc::kUnavailable, path_ + ": " + std::strerror(error)};
  }
  return Ok{};
}

Result<std::vector<core::Event>> StopsLog::Read() {
  const Result<std::string> content = ReadFile(path_);
  if (!content.ok()) {
    if (content.error().code == Errc::kNotFound) {
      return std::vector<core::Event>{};
    }
    return content.error();
  }
  std::vector<core::Event> events;
  const std::string_view text = *content;
  read_bytes_ = text.size();
  for (size_t at = 0, end = text.find('\n'); end != std::string_view::npos;
       at = end + 1, end = text.find('\n', at)) {
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with(kStop)) {
      events.emplace_back(core::StopRecord{std::string(line.substr(kStop.size()))});
    } else if (line.starts_with(kRefusal)) {
      events.emplace_back(core::RefusedRecord{std::string(line.substr(kRefusal.size()))});
    }
  }
  return events;
}

Status StopsLog::ForgetRead() {
  const size_t forgotten = std::exchange(read_bytes_, 0);
  if (SizeOf(path_) > static_cast<int64_t>(forgotten)) {
    const Result<std::string> content = ReadFile(path_);
    return content.ok() ? WriteFileAtomically(path_, content->substr(forgotten))
                        : Status(content.error());
  }
  if (::truncate(path_.c_str(), 0) != 0 && errno != ENOENT) {
    return Error{Errc::kUnavailable, path_ + ": " + std::strerror(errno)};
  }
  return Ok{};
}

}  // namespace printfleet::daemon
