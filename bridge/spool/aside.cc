#include "spool/aside.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "spool/clock.h"
#include "spool/statements.h"

namespace printfleet::spool {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCompanions[] = {"-wal", "-journal", "-shm"};
constexpr std::string_view kMark = ".damaged-";
constexpr size_t kCopyEntries = 1000;
constexpr int kDamagesMax = 1000;  // then the rest is given up

int64_t SizeOf(const std::string& path) {
  struct stat status {};

  return ::stat(path.c_str(), &status) == 0 ? status.st_size : -1;
}

// "20260101T000000.000Z", to be sorted as text.
std::string Stamp(WallTime time) {
  std::string stamp = FormatIso8601(time);
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  return stamp;
}

void SyncDirectory(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    ::fsync(fd);
    ::close(fd);
  }
}

std::string WithoutCompanion(std::string path) {
  for (const std::string_view companion : kCompanions) {
    if (path.ends_with(companion)) {
      path.resize(path.size() - companion.size());
    }
  }
  return path;
}

void RemoveOldest(const std::string& path) {
  const std::string prefix = fs::path(path).filename().string() + std::string(kMark);
  std::set<std::string> kept;
  std::error_code error;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(fs::path(path).parent_path(), error)) {
    if (entry.path().filename().string().starts_with(prefix)) {
      kept.insert(WithoutCompanion(entry.path().string()));
    }
  }
  for (; kept.size() > kAsideMax; kept.erase(kept.begin())) {
    const std::string& oldest = *kept.begin();
    LogWarning("spool", "too many damaged files are kept: the oldest is removed",
               {{"file", oldest}});
    fs::remove(oldest, error);
    for (const char* companion : kCompanions) {
      fs::remove(oldest + companion, error);
    }
  }
}

// The damaged file's entries, in steps. An id is read at most once.
class DamagedReader {
 public:
  DamagedReader(Statement read, int64_t after, const Boots& boots)
      : read_(std::move(read)), after_(after), boots_(boots) {}

  // Up to kCopyEntries; empty: there are no more that can be read.
  std::vector<Row> Next() {
    std::vector<Row> rows;
    while (rows.size() < kCopyEntries && !done_) {
      const Use use(read_);
      read_.Bind(1, after_);
      Result<bool> row = read_.Step();
      for (; row && *row && rows.size() < kCopyEntries; row = read_.Step()) {
        if (!Take(rows)) {
          row = Error{Errc::kMalformed, "its ids are out of order"};
          break;
        }
      }
      if (!row) {
        Leap(row.error());
      } else if (!*row) {
        done_ = true;
      }
    }
    return rows;
  }

 private:
  // False when the ids do not grow.
  bool Take(std::vector<Row>& rows) {
    const int64_t id = read_.Integer(0);
    if (id <= after_) {
      return false;
    }
    after_ = id;
    leap_ = 1;
    if (Result<Row> row = ReadRow(read_, boots_)) {
      rows.push_back(std::move(*row));
    }
    return true;
  }

  // Over what cannot be read, ever farther while nothing behind it can.
  void Leap(const Error& error) {
    done_ = error.code != Errc::kMalformed || ++damages_ >= kDamagesMax ||
            leap_ > INT64_MAX / 4 - std::max<int64_t>(after_, 0);
    if (!done_) {
      after_ += leap_;
      leap_ *= 2;
    }
  }

  Statement read_;
  int64_t after_;
  Boots boots_;
  int64_t leap_ = 1;
  int damages_ = 0;
  bool done_ = false;
};

int64_t BytesOfAll(const std::vector<Row>& rows) {
  int64_t bytes = 0;
  for (const Row& row : rows) {
    bytes += BytesOf(row.entry.item);
  }
  return bytes;
}

// 0 where it cannot be told: then no monotonic time is believed.
int64_t BootNumber(Database& database, const std::string& boot) {
  Result<Statement> number = database.Prepare(kBootNumber);
  if (!number) {
    return 0;
  }
  number->BindText(1, boot);
  const Result<bool> row = number->Step();
  return row && *row ? number->Integer(0) : 0;
}

}  // namespace

Result<std::string> SetAside(const std::string& path) {
  const std::string name = path + std::string(kMark) + Stamp(Now().wall);
  std::string free = name;
  for (int i = 2; SizeOf(free) >= 0 || SizeOf(free + "-wal") >= 0; ++i) {
    free = name + "." + std::to_string(i);
  }
  // The file before its log: a log that is left alone is noticed (CheckLogHasFile).
  for (const char* end : {"-journal", "-shm", "", "-wal"}) {
    if (::rename((path + end).c_str(), (free + end).c_str()) != 0 && errno != ENOENT) {
      return Error{Errc::kInternal, path + end + ": cannot be set aside: " + std::strerror(errno)};
    }
  }
  SyncDirectory(fs::path(path).parent_path().string());
  RemoveOldest(path);
  return free;
}

Status CheckLogHasFile(const std::string& path) {
  if (SizeOf(path) <= 0 && SizeOf(path + "-wal") > 0) {
    return Error{Errc::kMalformed, path + ": is gone, but its log is there"};
  }
  return Ok{};
}

Salvaged Salvage(const std::string& damaged, int64_t after, const std::string& boot, File& into) {
  Salvaged salvaged;
  Result<std::unique_ptr<Database>> opened = Database::Open(damaged, false);
  if (!opened) {
    return salvaged;
  }
  Database& database = **opened;
  database.KeepLogOnClose();
  Result<Statement> read = database.Prepare(kRead);
  if (!read) {
    return salvaged;
  }
  if (const Result<int64_t> total = database.Number(kTotalOfBoth); total && *total >= 0) {
    salvaged.held = *total;
  }
  DamagedReader reader(std::move(*read), after,
                       {.current = BootNumber(database, boot), .now = Now()});
  int64_t bytes = 0;
  while (bytes < kSalvageBytesMax) {
    const std::vector<Row> rows = reader.Next();
    if (rows.empty()) {
      break;
    }
    Status kept = into.Append(rows);
    if (kept) {
      kept = into.Tend(false);
    }
    if (!kept) {
      LogError("spool", "no more can be saved of a damaged file",
               {{"error", kept.error().message}});
      break;
    }
    bytes += BytesOfAll(rows);
    salvaged.copied += static_cast<int64_t>(rows.size());
  }
  return salvaged;
}

}  // namespace printfleet::spool
