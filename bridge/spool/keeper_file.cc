// The file, and what may happen to it: it cannot be opened, is damaged, the disk is full.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "spool/aside.h"
#include "spool/clock.h"
#include "spool/keeper.h"

namespace printfleet::spool {
namespace {

constexpr milliseconds kBackoffMin{100};
constexpr milliseconds kBackoffMax{5000};
// How long the log may grow: a part of bytes_max, and of the reserve, which must be able to take it
// up when the disk is full.
constexpr int64_t kLogParts = 16;
constexpr int64_t kLogReserveParts = 2;
constexpr int64_t kLogBytesMin = int64_t{256} << 10;
constexpr int64_t kLogBytesMax = int64_t{8} << 20;
// Of bytes_max: what must be free again before reports are taken.
constexpr int64_t kSlackParts = 16;

int64_t LogBytes(const Config& config) {
  int64_t bytes = config.bytes_max / kLogParts;
  if (config.reserve_bytes > 0) {
    bytes = std::min(bytes, config.reserve_bytes / kLogReserveParts);
  }
  return std::clamp(bytes, kLogBytesMin, kLogBytesMax);
}

int64_t SizeOf(const std::string& path) {
  struct stat status {};

  return ::stat(path.c_str(), &status) == 0 ? status.st_size : 0;
}

}  // namespace

std::string_view Name(Condition condition) {
  switch (condition) {
    case Condition::kGood:
      return "good";
    case Condition::kFull:
      return "full";
    case Condition::kDiskFull:
      return "disk_full";
    case Condition::kUnwritable:
      return "unwritable";
  }
  return "";
}

Keeper::Keeper(Shared& shared)
    : shared_(shared),
      path_(shared.config.directory + "/spool.db"),
      boot_(BootName(shared.config.boot_id_file)),
      ballast_(shared.config.directory + "/ballast", shared.config.reserve_bytes) {}

Told Keeper::Open() {
  OpenFile();
  // The event is this call's answer.
  static_cast<void>(shared_.events.TakeAll());
  return {.event = file_ == nullptr ? Opened{} : found_,
          .contents = contents_,
          .identity = file_ == nullptr ? "" : identity_,
          .file = file_number_};
}

void Keeper::OpenFile() {
  Status opened = TakePlace();
  if (opened) {
    opened = CheckLogHasFile(path_);
  }
  if (opened) {
    Result<std::unique_ptr<File>> file = File::Open(path_, boot_, LogBytes(shared_.config));
    opened = file ? Adopt(std::move(*file)) : Status(file.error());
  }
  if (!opened && opened.error().code == Errc::kMalformed) {
    opened = Renew(opened.error());
  }
  if (!opened) {
    Lose(opened.error());
    Refresh();
    return;
  }
  backoff_ = milliseconds(0);
  if (!ballast_.Make()) {
    disk_full_ = disk_full_ || !ballast_.RoomBeside();
    recheck_at_ = Now().mono;
  }
  Refresh();
  Post(found_);
}

// The directory, for this process alone.
Status Keeper::TakePlace() {
  const std::string& directory = shared_.config.directory;
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return Error{errno == ENOSPC ? Errc::kUnavailable : Errc::kInternal,
                 directory + ": " + std::strerror(errno)};
  }
  if (lock_) {
    return Ok{};
  }
  Result<Lock> lock = Lock::Take(directory + "/lock");
  if (!lock) {
    return lock.error();
  }
  lock_ = std::move(*lock);
  return Ok{};
}

// Takes up `file`: counts what it holds.
Status Keeper::Adopt(std::unique_ptr<File> file) {
  const bool other = file->identity() != identity_;
  const int64_t forgotten = other ? 0 : forgotten_;
  const Result<Tally> total = file->Total();
  const Result<Tally> gone = file->Count(0, forgotten);
  const Result<int64_t> last_id = file->LastId();
  const Result<std::optional<WallTime>> oldest = file->OldestAfter(forgotten);
  Result<Opened> found = file->Describe();
  for (const Error* error :
       {total ? nullptr : &total.error(), gone ? nullptr : &gone.error(),
        last_id ? nullptr : &last_id.error(), oldest ? nullptr : &oldest.error(),
        found ? nullptr : &found.error()}) {
    if (error != nullptr) {
      file->KeepLogOnClose();
      return *error;
    }
  }
  file_ = std::move(file);
  file_number_ += other ? 1 : 0;
  identity_ = file_->identity();
  forgotten_ = forgotten;
  last_id_ = *last_id;
  to_remove_ = gone->reports + gone->records;
  contents_.reports = total->reports - gone->reports;
  contents_.records = total->records - gone->records;
  contents_.oldest_at = *oldest;
  found_ = std::move(*found);
  lost_because_.clear();
  return Ok{};
}

// The file is damaged: another one takes its place, with what can be saved.
Status Keeper::Renew(const Error& damage) {
  const bool known = file_ != nullptr;
  const int64_t known_entries = contents_.reports + contents_.records;
  const int64_t after = known ? forgotten_ : 0;
  if (known) {
    file_->KeepLogOnClose();
    file_.reset();
  }
  const Result<std::string> aside = SetAside(path_);
  if (!aside) {
    return aside.error();
  }
  contents_.set_aside = *aside;
  Result<std::unique_ptr<File>> file = File::Open(path_, boot_, LogBytes(shared_.config));
  if (!file) {
    return file.error();
  }
  const Salvaged salvaged = Salvage(*aside, after, boot_, **file);
  const std::optional<int64_t> held = known ? std::optional(known_entries) : salvaged.held;
  LogError("spool", "the file is damaged: set aside, a new one is in use",
           {{"error", damage.message},
            {"set_aside", *aside},
            {"entries_copied", salvaged.copied},
            {"entries_lost",
             held ? std::to_string(std::max(*held - salvaged.copied, int64_t{0})) : "unknown"}});
  return Adopt(std::move(*file));
}

// After an operation on the file that failed.
void Keeper::Handle(const Error& error) {
  if (error.code == Errc::kUnavailable) {
    disk_full_ = true;
    recheck_at_ = Now().mono + kBackoffMin;
    return;
  }
  if (error.code == Errc::kMalformed) {
    const Status renewed = Renew(error);
    if (renewed) {
      Refresh();
      Post(found_);
    } else {
      Lose(renewed.error());
    }
    return;
  }
  Lose(error);
}

void Keeper::Lose(const Error& error) {
  if (file_ != nullptr) {
    file_->KeepLogOnClose();
    file_.reset();
  }
  lock_.reset();
  lost_because_ = error.message;
  lost_code_ = error.code;
  backoff_ = std::clamp(backoff_ * 2, kBackoffMin, kBackoffMax);
  retry_at_ = Now().mono + backoff_;
}

// Is there room on the disk, as far as known? Takes the ballast back first.
bool Keeper::RoomAgain() {
  if (file_ == nullptr) {
    return false;
  }
  const bool ballast = ballast_.there() || ballast_.Make();
  if (disk_full_ && ballast && ballast_.RoomBeside()) {
    disk_full_ = false;
  }
  return !disk_full_;
}

void Keeper::RefreshFull() {
  const int64_t bytes_max = shared_.config.bytes_max;
  if (full_ && UsedBytes() <= bytes_max - bytes_max / kSlackParts) {
    full_ = false;
  }
}

int64_t Keeper::UsedBytes() const {
  return file_ == nullptr ? 0 : file_->used_bytes() + SizeOf(path_ + "-wal");
}

Error Keeper::Unwritable() const {
  return {lost_code_ == Errc::kUnavailable ? Errc::kUnavailable : Errc::kInternal, lost_because_};
}

std::string Keeper::TroubleOf(Condition condition) const {
  const std::string& directory = shared_.config.directory;
  switch (condition) {
    case Condition::kGood:
      return "";
    case Condition::kFull:
      return directory + ": full (" + std::to_string(shared_.config.bytes_max) +
             " bytes): reports wait in the broker until the store has taken some";
    case Condition::kDiskFull:
      return directory + ": the disk is full: make room; reports wait in the broker";
    case Condition::kUnwritable:
      return lost_because_;
  }
  return "";
}

// What is said about it all.
void Keeper::Refresh() {
  RefreshFull();
  const Condition before = contents_.condition;
  const std::string trouble = contents_.trouble;
  if (file_ == nullptr) {
    contents_.condition =
        lost_code_ == Errc::kUnavailable ? Condition::kDiskFull : Condition::kUnwritable;
  } else if (disk_full_) {
    contents_.condition = Condition::kDiskFull;
  } else {
    contents_.condition = full_ ? Condition::kFull : Condition::kGood;
  }
  contents_.trouble = TroubleOf(contents_.condition);
  contents_.bytes = SizeOf(path_) + SizeOf(path_ + "-wal");
  if (contents_.trouble == trouble) {
    return;
  }
  if (contents_.condition == Condition::kGood) {
    LogInfo("spool", "good again", {{"was", Name(before)}});
  } else {
    LogWarning("spool", "trouble",
               {{"condition", Name(contents_.condition)}, {"what", contents_.trouble}});
  }
}

}  // namespace printfleet::spool
