#include "mqtt/probe.h"

#include <mosquitto.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "mqtt/library.h"

namespace printfleet::mqtt {
namespace {

struct AddressListDeleter {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

std::string NumericText(const addrinfo& entry) {
  std::string text(NI_MAXHOST, '\0');
  if (getnameinfo(entry.ai_addr, entry.ai_addrlen, text.data(), static_cast<socklen_t>(text.size()),
                  nullptr, 0, NI_NUMERICHOST) != 0) {
    return "";
  }
  text.resize(text.find('\0'));
  return text;
}

}  // namespace

Result<Probe> Probe::Start(const BrokerAddress& address) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found) !=
      0) {
    return Error{Errc::kUnavailable, ReturnText(MOSQ_ERR_EAI, 0, address)};
  }
  const std::unique_ptr<addrinfo, AddressListDeleter> list(found);
  Probe probe(address);
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    probe.candidates_.push_back(
        {std::string(reinterpret_cast<const char*>(entry->ai_addr), entry->ai_addrlen),
         NumericText(*entry)});
  }
  const Status started = probe.Next();
  if (!started.ok()) {
    return started.error();
  }
  return probe;
}

Probe::~Probe() {
  CloseSocket();
}

Probe::Probe(Probe&& other) noexcept
    : address_(std::move(other.address_)),
      candidates_(std::move(other.candidates_)),
      tried_(other.tried_),
      fd_(std::exchange(other.fd_, -1)) {}

Probe& Probe::operator=(Probe&& other) noexcept {
  CloseSocket();
  address_ = std::move(other.address_);
  candidates_ = std::move(other.candidates_);
  tried_ = other.tried_;
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

Result<std::string> Probe::Continue() {
  int error_number = 0;
  socklen_t size = sizeof(error_number);
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error_number, &size) != 0) {
    error_number = errno;
  }
  if (error_number == 0) {
    sockaddr_storage peer{};
    socklen_t peer_size = sizeof(peer);
    if (getpeername(fd_, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) {
      return std::string();  // not yet: a spurious wake-up
    }
    return candidates_[tried_ - 1].text;
  }
  const Status next = Next();
  if (!next.ok()) {
    // The last address that was tried for real says more than "no more addresses".
    return Error{Errc::kUnavailable, ReturnText(MOSQ_ERR_ERRNO, error_number, address_)};
  }
  return std::string();
}

Status Probe::Next() {
  int error_number = EHOSTUNREACH;
  while (tried_ < candidates_.size()) {
    CloseSocket();
    const std::string& target = candidates_[tried_].socket_address;
    ++tried_;
    const auto* socket_address = reinterpret_cast<const sockaddr*>(target.data());
    fd_ = socket(socket_address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ >= 0 && (connect(fd_, socket_address, static_cast<socklen_t>(target.size())) == 0 ||
                     errno == EINPROGRESS)) {
      return Ok{};
    }
    error_number = errno;
  }
  return Error{Errc::kUnavailable, ReturnText(MOSQ_ERR_ERRNO, error_number, address_)};
}

void Probe::CloseSocket() {
  if (fd_ >= 0) {
    close(fd_);
    fd_ = -1;
  }
}

}  // namespace printfleet::mqtt
