// Probe: finds out without blocking whether somebody listens at an address.
//
// libmosquitto connects without blocking only where it takes no CONNECT properties, and a session
// needs them. So before the library's blocking connect to another machine a plain TCP connection
// must have succeeded, which bounds that connect to about one round trip. Name lookup blocks (as
// long as resolv.conf says): give addresses, or have a local resolver. Loop thread only.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "mqtt/address.h"

namespace printfleet::mqtt {

class Probe {
 public:
  // Begins with the first address of the host.
  static Result<Probe> Start(const BrokerAddress& address);

  ~Probe();
  Probe(Probe&& other) noexcept;
  Probe& operator=(Probe&& other) noexcept;
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  [[nodiscard]] int fd() const { return fd_; }

  // To be called when fd() is writable or in error. "" while it goes on (with the next address);
  // the numeric address that answers; or the last address's error.
  Result<std::string> Continue();

 private:
  struct Candidate {
    std::string socket_address;  // the bytes of a sockaddr
    std::string text;
  };

  explicit Probe(BrokerAddress address) : address_(std::move(address)) {}

  // Connects to the next candidate that does not fail at once; the last one's error when none.
  Status Next();
  void CloseSocket();

  BrokerAddress address_;
  std::vector<Candidate> candidates_;  // the current one first
  size_t tried_ = 0;
  int fd_ = -1;
};

}  // namespace printfleet::mqtt
