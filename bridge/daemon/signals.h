// SIGTERM, SIGINT and SIGHUP as a descriptor. Construct before any thread starts: threads inherit
// the mask.
#pragma once

namespace printfleet::daemon {

class SignalFd {
 public:
  SignalFd();
  ~SignalFd();
  SignalFd(const SignalFd&) = delete;
  SignalFd& operator=(const SignalFd&) = delete;

  [[nodiscard]] int fd() const { return fd_; }

  // The next signal, 0 when none waits.
  [[nodiscard]] int Take() const;

 private:
  int fd_;
};

}  // namespace printfleet::daemon
