// PollSet: the descriptors of one turn of the loop and who takes them. Loop thread only.
#pragma once

#include <poll.h>

#include <functional>
#include <vector>

#include "base/time.h"

namespace printfleet::daemon {

class PollSet {
 public:
  using Handler = std::function<void(short revents)>;

  // Descriptors below 0 and those without events are left out.
  void Add(int fd, short events, Handler handler);

  // Does not wait for `handler`: there is something for it already. It is called with POLLIN.
  void AddReady(Handler handler);

  // Waits until one is ready or `timeout` is over, calls the handlers, and is empty again.
  // Handlers must check that what they speak to is still there: an earlier one may have closed it.
  void Wait(milliseconds timeout);

 private:
  std::vector<pollfd> fds_;
  std::vector<Handler> handlers_;
  std::vector<Handler> ready_;
};

}  // namespace printfleet::daemon
