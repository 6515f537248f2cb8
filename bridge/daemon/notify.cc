#include "daemon/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/text.h"

namespace printfleet::daemon {

Notify::Notify() {
  // Before any thread exists.
  if (const char* socket = std::getenv("NOTIFY_SOCKET")) {  // NOLINT(concurrency-mt-unsafe)
    socket_ = socket;
  }
  if (const char* usec = std::getenv("WATCHDOG_USEC")) {  // NOLINT(concurrency-mt-unsafe)
    const long long value = std::atoll(usec);             // NOLINT(cert-err34-c): 0 is "none"
    if (value > 0) {
      watchdog_ = milliseconds(value / 1000);
    }
  }
  ::unsetenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe)
  ::unsetenv("WATCHDOG_USEC");  // NOLINT(concurrency-mt-unsafe)
}

void Notify::Ready(std::string_view status) {
  Send("READY=1\nSTATUS=" + PrintableText(status, 500));
}

void Notify::Status(std::string_view status) {
  Send("STATUS=" + PrintableText(status, 500));
}

void Notify::Stopping() {
  Send("STOPPING=1");
}

void Notify::Alive(const Instant& now) {
  if (watchdog_ && now.mono >= next_alive_) {
    next_alive_ = now.mono + *watchdog_ / 3;
    Send("WATCHDOG=1");
  }
}

void Notify::Send(const std::string& message) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) {
    return;
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_[0] == '@') {
    address.sun_path[0] = '\0';  // an abstract address
  }
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return;
  }
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  ::sendto(fd, message.data(), message.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), length);
  ::close(fd);
}

}  // namespace printfleet::daemon
