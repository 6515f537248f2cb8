#include "daemon/crash_guard.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <sstream>

#include "base/log.h"
#include "daemon/files.h"

namespace printfleet::daemon {

CrashGuard::~CrashGuard() {
  if (page_ != nullptr) {
    ::munmap(page_, sizeof(Digest));
  }
}

Status CrashGuard::Open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ::ftruncate(fd, sizeof(Digest)) != 0) {
    const Error error{Errc::kUnavailable, path + ": " + std::strerror(errno)};
    if (fd >= 0) {
      ::close(fd);
    }
    return error;
  }
  void* page = ::mmap(nullptr, sizeof(Digest), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (page == MAP_FAILED) {
    return Error{Errc::kUnavailable, path + ": " + std::strerror(errno)};
  }
  page_ = static_cast<Digest*>(page);
  return CountSuspect(path + ".suspects");
}

// File of lines "<hex digest> <deaths>".
Status CrashGuard::CountSuspect(const std::string& path) {
  if (const Result<std::string> known = ReadFile(path); known.ok()) {
    std::istringstream lines(*known);
    std::string hex;
    int deaths = 0;
    while (suspects_.size() < kSuspectsMax && lines >> hex >> deaths) {
      if (const auto digest = DigestFromHex(hex)) {
        suspects_[*digest] = deaths;
      }
    }
  }
  if (*page_ == Digest{}) {
    return Ok{};
  }
  if (suspects_.size() >= kSuspectsMax) {
    suspects_.clear();
  }
  const int deaths = ++suspects_[*page_];
  LogWarning("daemon", "the process died while it handled one message",
             {{"digest", DigestHex(*page_)}, {"deaths", deaths}});
  *page_ = Digest{};
  std::string text;
  for (const auto& [digest, count] : suspects_) {
    text += DigestHex(digest) + " " + std::to_string(count) + "\n";
  }
  return WriteFileAtomically(path, text);
}

void CrashGuard::Enter(const Digest& digest) {
  if (page_ != nullptr) {
    *page_ = digest;
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
}

void CrashGuard::Leave() {
  if (page_ != nullptr) {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    *page_ = Digest{};
  }
}

bool CrashGuard::Poison(const Digest& digest) const {
  const auto found = suspects_.find(digest);
  return found != suspects_.end() && found->second >= kDeathsMax;
}

}  // namespace printfleet::daemon
