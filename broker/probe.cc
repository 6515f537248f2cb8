#include "broker/probe.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace printfleet::broker {

namespace {

// MQTT 3.1.1 CONNECT: clean session, keep alive 10 s, client id "printfleet-ready".
constexpr std::string_view kConnect("\x10\x1c\x00\x04MQTT\x04\x02\x00\x0a\x00\x10printfleet-ready",
                                    30);

constexpr size_t kConnackBytes = 4;

// A path that fits sockaddr_un: the path itself, else through its directory opened as `dir_fd`.
std::string ShortPath(const std::string& path, int& dir_fd) {
  if (path.size() < sizeof(sockaddr_un::sun_path)) {
    return path;
  }
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    return path;
  }
  dir_fd = open(path.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  return "/proc/self/fd/" + std::to_string(dir_fd) + path.substr(slash);
}

Error Away(const std::string& path) {
  return Error{Errc::kUnavailable, path + ": " + std::generic_category().message(errno)};
}

}  // namespace

ProbeState JudgeConnack(std::string_view bytes) {
  constexpr std::string_view kAccepted("\x20\x02\x00\x00", kConnackBytes);
  const size_t length = bytes.size() < kConnackBytes ? bytes.size() : kConnackBytes;
  if (bytes.substr(0, length) != kAccepted.substr(0, length)) {
    return ProbeState::kFailed;
  }
  return length == kConnackBytes ? ProbeState::kReady : ProbeState::kPending;
}

ReadyProbe::ReadyProbe(ReadyProbe&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}

ReadyProbe& ReadyProbe::operator=(ReadyProbe&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(received_, other.received_);
  return *this;
}

ReadyProbe::~ReadyProbe() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

Result<ReadyProbe> ReadyProbe::Begin(const std::string& socket_path) {
  int dir_fd = -1;
  const std::string path = ShortPath(socket_path, dir_fd);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error{Errc::kInvalid, socket_path + ": longer than a socket's name may be"};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  ReadyProbe probe(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const bool connected =
      probe.fd_ >= 0 &&
      connect(probe.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const Error away = Away(socket_path);  // before close() changes errno
  if (dir_fd >= 0) {
    close(dir_fd);
  }
  if (!connected) {
    return away;
  }
  // Thirty bytes into an empty socket buffer: all or nothing.
  if (send(probe.fd_, kConnect.data(), kConnect.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(kConnect.size())) {
    return Away(socket_path);
  }
  return probe;
}

ProbeState ReadyProbe::OnReadable() {
  std::array<char, kConnackBytes> buffer{};
  const ssize_t count = recv(fd_, buffer.data(), kConnackBytes - received_.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    return ProbeState::kPending;
  }
  if (count <= 0) {
    return ProbeState::kFailed;
  }
  received_.append(buffer.data(), static_cast<size_t>(count));
  return JudgeConnack(received_);
}

}  // namespace printfleet::broker
