// EventFd: wakes a thread that polls. Any thread signals; one clears.
#pragma once

namespace printfleet {

class EventFd {
 public:
  EventFd();
  ~EventFd();
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;

  void Signal() const;
  void Clear() const;

  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace printfleet
