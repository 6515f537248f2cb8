// Where a broker is and how to log in.
#pragma once

#include <cstdint>
#include <string>

namespace printfleet::mqtt {

struct BrokerAddress {
  std::string host;
  uint16_t port = 0;
  std::string user;  // "" for none
  std::string password;
  std::string ca_file;  // TLS when not ""
};

// "host:port", for messages.
std::string Text(const BrokerAddress& address);

}  // namespace printfleet::mqtt
