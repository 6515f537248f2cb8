// systemd's notification protocol (one datagram a message): READY, STATUS, WATCHDOG, STOPPING.
// Without NOTIFY_SOCKET nothing happens. Loop thread only.
// Source: sd_notify(3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace printfleet::daemon {

class Notify {
 public:
  // Reads and removes NOTIFY_SOCKET and WATCHDOG_USEC from the environment, so that no child
  // speaks in our name.
  Notify();

  void Ready(std::string_view status);
  void Status(std::string_view status);
  void Stopping();
  // At most twice in the watchdog's interval, however often it is called.
  void Alive(const Instant& now);

 private:
  void Send(const std::string& message) const;

  std::string socket_;
  std::optional<milliseconds> watchdog_;
  MonoTime next_alive_;
};

}  // namespace printfleet::daemon
