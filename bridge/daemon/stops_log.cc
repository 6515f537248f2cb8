#include "daemon/stops_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "daemon/clock.h"
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

StopsLog::StopsLog(std::string path) : path_(std::move(path)) {
  Reserve();

  struct stat status {};

  const Result<std::string> content = ReadFile(path_);
  if (content.ok() && ::stat(path_.c_str(), &status) == 0) {
    Count(*content);
    waiting_.oldest_at = FromEpochMs(int64_t{status.st_mtim.tv_sec} * 1000);
  }
}

// Of the file's text; the torn last line does not count.
void StopsLog::Count(std::string_view text) {
  waiting_.records =
      static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + unwritten_.size();
}

void StopsLog::NoteOneMore() {
  const WallTime now = Now().wall;
  if (waiting_.records++ == 0) {
    waiting_.oldest_at = now;
  }
  if (!since_read_) {
    since_read_ = now;
  }
}

// Beyond the end, so that the file's size stays what it holds. Best effort: some file systems
// cannot.
void StopsLog::Reserve() {
  const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) {
    ::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, SizeOf(path_) + kReserveBytes);
    ::close(fd);
  }
}

Status StopsLog::AppendStop(std::string_view record_json) {
  Status kept = Append(kStop, record_json);
  if (!kept.ok() && unwritten_bytes_ + record_json.size() <= kUnwrittenBytesMax) {
    unwritten_bytes_ += record_json.size();
    unwritten_.emplace_back(record_json);
    NoteOneMore();
  }
  return kept;
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
  const int64_t before = SizeOf(path_);
  const bool durable = ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
                       ::fsync(fd) == 0;
  const int error = errno;
  // Half a line would take the next one with it.
  const bool whole = durable || ::ftruncate(fd, before) == 0;
  ::close(fd);
  if (!durable) {
    return Error{Errc::kUnavailable,
                 path_ + ": " + std::strerror(error) + (whole ? "" : "; a torn line is left")};
  }
  NoteOneMore();
  return Ok{};
}

Result<std::vector<core::Event>> StopsLog::Read() {
  const Result<std::string> content = ReadFile(path_);
  if (!content.ok() && content.error().code != Errc::kNotFound) {
    return content.error();
  }
  std::vector<core::Event> events;
  const std::string_view text = content.ok() ? std::string_view(*content) : "";
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
  for (const std::string& record : unwritten_) {
    events.emplace_back(core::StopRecord{record});
  }
  read_unwritten_ = unwritten_.size();
  since_read_.reset();
  return events;
}

Status StopsLog::ForgetRead() {
  const size_t forgotten = std::exchange(read_bytes_, 0);
  const size_t written = std::exchange(read_unwritten_, 0);
  unwritten_.erase(unwritten_.begin(), unwritten_.begin() + static_cast<std::ptrdiff_t>(written));
  unwritten_bytes_ = 0;
  for (const std::string& record : unwritten_) {
    unwritten_bytes_ += record.size();
  }
  Count("");
  waiting_.oldest_at = since_read_.value_or(WallTime());
  if (SizeOf(path_) > static_cast<int64_t>(forgotten)) {
    const Result<std::string> content = ReadFile(path_);
    if (content.ok()) {
      Count(std::string_view(*content).substr(forgotten));
    }
    Status left = content.ok() ? WriteFileAtomically(path_, content->substr(forgotten))
                               : Status(content.error());
    Reserve();
    return left;
  }
  if (::truncate(path_.c_str(), 0) != 0 && errno != ENOENT) {
    return Error{Errc::kUnavailable, path_ + ": " + std::strerror(errno)};
  }
  Reserve();
  return Ok{};
}

}  // namespace printfleet::daemon
