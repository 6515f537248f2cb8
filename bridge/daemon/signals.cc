#include "daemon/signals.h"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "base/check.h"

namespace printfleet::daemon {

SignalFd::SignalFd() : fd_(-1) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGTERM);
  sigaddset(&mask, SIGINT);
  sigaddset(&mask, SIGHUP);
  CHECK(::pthread_sigmask(SIG_BLOCK, &mask, nullptr) == 0);
  fd_ = ::signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
  CHECK(fd_ >= 0);
}

SignalFd::~SignalFd() {
  ::close(fd_);
}

int SignalFd::Take() const {
  signalfd_siginfo info{};
  return ::read(fd_, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
}

}  // namespace printfleet::daemon
