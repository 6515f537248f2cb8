#include "http/download_routes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <list>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "http/ranges.h"

namespace printfleet::http {
namespace {

constexpr std::string_view kFilesPath = "/files/";
// Tokens whose bytes are remembered, for each download that is let in at a time.
constexpr size_t kTokensPerStream = 100;
constexpr std::string_view kDefaultType = "application/octet-stream";

// Which bytes went out for which token. Thread-safe. Beyond its limit it forgets the token that was
// not used for the longest time.
class Progress {
 public:
  Progress(std::shared_ptr<const LibraryHooks> hooks, size_t tokens_max)
      : hooks_(std::move(hooks)), tokens_max_(tokens_max) {}

  void Sent(const std::string& token, ByteRange range, int64_t size) {
    bool first = false;
    bool last = false;
    {
      const std::lock_guard lock(mutex_);
      Entry& entry = Touch(token);
      first = !std::exchange(entry.begun, true);
      entry.sent.Add(range);
      last = !entry.ended && entry.sent.Covers(size);
      entry.ended = entry.ended || last;
    }
    if (first) {
      hooks_->mark(token, DownloadMark::kFirstByte, range.end - range.begin);
    }
    if (last) {
      hooks_->mark(token, DownloadMark::kLastByte, size);
    }
  }

 private:
  struct Entry {
    std::string token;
    SentRanges sent{};
    bool begun = false;
    bool ended = false;
  };

  Entry& Touch(const std::string& token) {
    const auto found = by_token_.find(token);
    if (found != by_token_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return entries_.front();
    }
    if (entries_.size() == tokens_max_) {
      by_token_.erase(entries_.back().token);
      entries_.pop_back();
    }
    entries_.push_front({.token = token});
    by_token_.emplace(token, entries_.begin());
    return entries_.front();
  }

  const std::shared_ptr<const LibraryHooks> hooks_;
  const size_t tokens_max_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // the last used first
  std::map<std::string, std::list<Entry>::iterator> by_token_;
};

// A part of a file, on its way.
class FilePart : public Source {
 public:
  FilePart(int fd, std::string token, ByteRange range, int64_t file_size,
           std::shared_ptr<Progress> progress)
      : fd_(fd),
        token_(std::move(token)),
        begin_(range.begin),
        end_(range.end),
        read_(range.begin),
        file_size_(file_size),
        progress_(std::move(progress)) {}

  ~FilePart() override { ::close(fd_); }

  FilePart(const FilePart&) = delete;
  FilePart& operator=(const FilePart&) = delete;

  [[nodiscard]] int64_t size() const override { return size_; }

  Result<size_t> Read(std::span<char> into) override {
    ssize_t got = 0;
    do {
      got = ::pread(fd_, into.data(), into.size(), read_);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
      return Error{Errc::kUnavailable, std::generic_category().message(errno)};
    }
    read_ += got;
    return static_cast<size_t>(got);
  }

  void Sent(size_t bytes) override {
    const int64_t sent = begin_ + static_cast<int64_t>(bytes);
    progress_->Sent(token_, {begin_, sent}, file_size_);
    begin_ = sent;
  }

 private:
  const int fd_;
  const std::string token_;
  int64_t begin_;  // of what is not sent yet
  const int64_t end_;
  int64_t read_;
  const int64_t file_size_;
  const int64_t size_ = end_ - begin_;
  const std::shared_ptr<Progress> progress_;
};

// RFC 6266: a name for those who know nothing but ASCII, and the whole one.
std::string Disposition(std::string_view filename) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  std::string ascii;
  std::string encoded;
  for (const char c : filename) {
    const bool plain = kPlain.find(c) != std::string_view::npos;
    ascii += plain || c == ' ' ? c : '_';
    encoded += plain ? std::string(1, c) : "%" + HexText({&c, 1});
  }
  return "attachment; filename=\"" + ascii + "\"; filename*=UTF-8''" + encoded;
}

// -1: it cannot be opened, or is not what the store says. Logged: the daemon's own fault.
int OpenFile(const Download& download) {
  const int fd = ::open(download.path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

  struct stat status {};

  if (fd >= 0 && ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
      status.st_size == download.size_bytes) {
    return fd;
  }
  LogError("http", "a file of the library is missing or has another length",
           {{"path", download.path}, {"wanted_bytes", download.size_bytes}});
  if (fd >= 0) {
    ::close(fd);
  }
  return -1;
}

Answer FileAnswer(const Request& request, const Download& download, std::string_view token,
                  std::string_view filename, const std::shared_ptr<Progress>& progress) {
  const int64_t size = download.size_bytes;
  // We give no validator: a client that has one has it from somebody else.
  const std::string_view header =
      request.Header("If-Range").empty() ? request.Header("Range") : std::string_view();
  const AskedRange asked = ParseRange(header, size);
  if (asked.kind == RangeKind::kUnsatisfiable) {
    Answer answer = ErrorAnswer(416, "the file has " + std::to_string(size) + " bytes");
    answer.headers.emplace_back("Content-Range", "bytes */" + std::to_string(size));
    return answer;
  }
  const int fd = OpenFile(download);
  if (fd < 0) {
    return ErrorAnswer(500, "the file cannot be read; see the log");
  }
  Answer answer;
  answer.content_type =
      download.content_type.empty() ? std::string(kDefaultType) : download.content_type;
  answer.headers.emplace_back("Accept-Ranges", "bytes");
  answer.headers.emplace_back("Content-Disposition", Disposition(filename));
  if (asked.kind == RangeKind::kPart) {
    answer.status = 206;
    answer.headers.emplace_back("Content-Range", "bytes " + std::to_string(asked.range.begin) +
                                                     "-" + std::to_string(asked.range.end - 1) +
                                                     "/" + std::to_string(size));
  }
  answer.source = std::make_shared<FilePart>(fd, std::string(token), asked.range, size, progress);
  return answer;
}

Answer GetFile(const LibraryHooks& hooks, const std::shared_ptr<Progress>& progress,
               const Request& request) {
  const std::string_view rest = request.path.substr(kFilesPath.size());
  const size_t slash = rest.find('/');
  const std::string_view token = rest.substr(0, slash);
  const std::string_view filename =
      slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  const bool named =
      !token.empty() && !filename.empty() && filename.find('/') == std::string_view::npos;
  const auto download = named ? hooks.download(token, filename) : std::nullopt;
  if (!download) {
    return ErrorAnswer(404, "there is no such file, or its address has ended");
  }
  return FileAnswer(request, *download, token, filename, progress);
}

}  // namespace

Route MakeDownloadRoute(std::shared_ptr<const LibraryHooks> hooks, const settings::Http& settings) {
  auto progress = std::make_shared<Progress>(
      hooks, kTokensPerStream * static_cast<size_t>(settings.streams_max));
  return {.path = std::string(kFilesPath),
          .handler = [hooks = std::move(hooks), progress = std::move(progress)](
                         const Request& request) { return GetFile(*hooks, progress, request); },
          .prefix = true,
          .load = Load::kDownload};
}

}  // namespace printfleet::http
