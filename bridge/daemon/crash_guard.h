// CrashGuard: which message was being stepped when the process died. One that was current at two
// deaths goes to the dead letters without being stepped, so that no message kills us for ever.
//
// `<path>` is a mapped page with the current digest (survives SIGKILL; a power cut may lose it,
// which costs one more death); `<path>.suspects` lists the digests of earlier deaths. Loop thread.
#pragma once

#include <string>
#include <unordered_map>

#include "base/digest.h"
#include "base/result.h"

namespace printfleet::daemon {

class CrashGuard {
 public:
  static constexpr int kDeathsMax = 2;
  static constexpr size_t kSuspectsMax = 100;

  CrashGuard() = default;
  ~CrashGuard();
  CrashGuard(const CrashGuard&) = delete;
  CrashGuard& operator=(const CrashGuard&) = delete;

  // Reads what the last process was stepping, counts it, maps the page.
  Status Open(const std::string& path);

  // Around each step of a message.
  void Enter(const Digest& digest);
  void Leave();

  // Was it current at kDeathsMax deaths?
  [[nodiscard]] bool Poison(const Digest& digest) const;

 private:
  Status CountSuspect(const std::string& path);

  Digest* page_ = nullptr;
  std::unordered_map<Digest, int> suspects_;
};

}  // namespace printfleet::daemon
