#include "broker/port.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string_view>
#include <system_error>

namespace printfleet::broker {

namespace {

constexpr std::string_view kListening = "0A";  // state in /proc/net/tcp

std::string Where(const std::string& address, uint16_t port) {
  return "port " + std::to_string(port) + " on " + address;
}

// The socket inodes that listen on `port`, from one of the kernel's tables.
std::string ListenerInode(const std::string& table, uint16_t port) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::array<std::string, 10> field;
    for (std::string& value : field) {
      fields >> value;
    }
    const std::string& local = field[1];
    const size_t colon = local.rfind(':');
    unsigned number = 0;
    if (colon == std::string::npos || field[3] != kListening) {
      continue;
    }
    std::from_chars(local.data() + colon + 1, local.data() + local.size(), number, 16);
    if (number == port) {
      return field[9];
    }
  }
  return {};
}

bool Holds(const std::filesystem::path& process, const std::string& socket) {
  std::error_code code;
  std::filesystem::directory_iterator entry(process / "fd", code);
  for (; !code && entry != std::filesystem::directory_iterator(); entry.increment(code)) {
    std::error_code ignored;
    if (std::filesystem::read_symlink(entry->path(), ignored).string() == socket) {
      return true;
    }
  }
  return false;
}

// "mosquitto (process 812)", or nothing when we may not see it.
std::string HolderOf(uint16_t port) {
  std::string inode = ListenerInode("/proc/net/tcp", port);
  if (inode.empty()) {
    inode = ListenerInode("/proc/net/tcp6", port);
  }
  std::error_code code;
  std::filesystem::directory_iterator entry("/proc", code);
  for (; !inode.empty() && !code && entry != std::filesystem::directory_iterator();
       entry.increment(code)) {
    const std::string pid = entry->path().filename().string();
    if (pid.find_first_not_of("0123456789") == std::string::npos &&
        Holds(entry->path(), "socket:[" + inode + "]")) {
      std::ifstream file(entry->path() / "comm");
      std::string name;
      std::getline(file, name);
      return name.append(" (process ").append(pid).append(")");
    }
  }
  return {};
}

Error InUse(const std::string& address, uint16_t port) {
  const std::string holder = HolderOf(port);
  std::string message = Where(address, port);
  message.append(" is in use by ").append(holder.empty() ? "another program" : holder);
  if (holder.empty() || holder.starts_with("mosquitto")) {
    message +=
        ", maybe the distribution's mosquitto.service: stop it (systemctl disable --now "
        "mosquitto), or give our listener another port";
  } else {
    message += ": stop it, or give our listener another port";
  }
  return Error{Errc::kConflict, message};
}

struct AddressList {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

// A listening socket of address:port, closed at once. 0 or the errno; `port` becomes the port.
int TryListen(const std::string& address, uint16_t& port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* raw = nullptr;
  if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &raw) != 0) {
    return EADDRNOTAVAIL;
  }
  const std::unique_ptr<addrinfo, AddressList> list(raw);
  const int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // as Mosquitto does
  if (list->ai_family == AF_INET6) {
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  int code = 0;
  if (fd < 0 || bind(fd, list->ai_addr, list->ai_addrlen) != 0 || listen(fd, 1) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    code = errno;
  } else {
    port =
        ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                                          : reinterpret_cast<const sockaddr_in&>(bound).sin_port);
  }
  if (fd >= 0) {
    close(fd);
  }
  return code;
}

int FirstUnprivilegedPort() {
  std::ifstream file("/proc/sys/net/ipv4/ip_unprivileged_port_start");
  int port = 1024;
  file >> port;
  return port;
}

}  // namespace

Status CheckPort(const std::string& address, uint16_t port, bool run_as_root) {
  if (!run_as_root && port < FirstUnprivilegedPort()) {
    return Error{Errc::kRejected, Where(address, port) +
                                      ": the server does not run as root and may not listen "
                                      "there; take a port of 1024 or more"};
  }
  uint16_t tried = port;
  const int code = TryListen(address, tried);
  switch (code) {
    case 0:
      return Ok{};
    case EADDRINUSE:
      return InUse(address, port);
    case EADDRNOTAVAIL:
      return Error{Errc::kInvalid, Where(address, port) +
                                       ": this machine has no such address; 0.0.0.0 stands for "
                                       "all it has"};
    default:
      return Error{Errc::kRejected,
                   Where(address, port) + ": " + std::generic_category().message(code)};
  }
}

Result<uint16_t> FreePort(const std::string& address) {
  uint16_t port = 0;
  const int code = TryListen(address, port);
  if (code != 0) {
    return Error{Errc::kUnavailable,
                 "no free port on " + address + ": " + std::generic_category().message(code)};
  }
  return port;
}

}  // namespace printfleet::broker
