#include "daemon/poll_set.h"

#include <utility>

namespace printfleet::daemon {

void PollSet::Add(int fd, short events, Handler handler) {
  if (fd >= 0 && events != 0) {
    fds_.push_back({fd, events, 0});
    handlers_.push_back(std::move(handler));
  }
}

void PollSet::AddReady(Handler handler) {
  ready_.push_back(std::move(handler));
}

void PollSet::Wait(milliseconds timeout) {
  std::vector<pollfd> fds = std::move(fds_);
  const std::vector<Handler> handlers = std::move(handlers_);
  const std::vector<Handler> ready = std::move(ready_);
  fds_.clear();
  handlers_.clear();
  ready_.clear();
  const int wait_ms = ready.empty() ? static_cast<int>(timeout.count()) : 0;
  // An interrupted poll is a turn with nothing ready.
  if (::poll(fds.data(), fds.size(), wait_ms) > 0) {
    for (size_t i = 0; i < fds.size(); ++i) {
      if (fds[i].revents != 0) {
        handlers[i](fds[i].revents);
      }
    }
  }
  for (const Handler& handler : ready) {
    handler(POLLIN);
  }
}

}  // namespace printfleet::daemon
