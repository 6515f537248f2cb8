#include "base/event_fd.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "base/check.h"

namespace printfleet {

EventFd::EventFd() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  CHECK(fd_ >= 0);
}

EventFd::~EventFd() {
  ::close(fd_);
}

void EventFd::Signal() const {
  const uint64_t one = 1;
  // EAGAIN only when 2^64 - 2 signals wait: it is readable already.
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

void EventFd::Clear() const {
  uint64_t count = 0;
  [[maybe_unused]] const auto taken = ::read(fd_, &count, sizeof count);
}

}  // namespace printfleet
