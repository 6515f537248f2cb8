// What a first configuration is made of: the answers of `printfleet init`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace printfleet::setup {

struct Plan {
  std::string farm_name = "farm";  // in the authority's name
  std::string data_dir = "/var/lib/printfleet";
  std::string config = "/etc/printfleet/printfleet.yaml";  // certificates: in tls/ beside it
  // Where printers connect. Empty: this machine's first address that is not loopback.
  std::string printers_address;
  std::optional<uint16_t> printers_port;  // default 8883, plain 1883
  bool plain = false;                     // without TLS: for a network that nobody else is on
  std::optional<bool> require_certificate;
  std::vector<std::string> names;  // further names of the broker, for its certificate
  std::string people_address;      // empty: people on this machine only
  uint16_t people_port = 8884;
  std::optional<uint16_t> local_port;  // on 127.0.0.1; default 1883, or 1884 where that is taken
  uint16_t http_port = 8080;           // on 127.0.0.1: metrics, console
  uint16_t files_port = 8081;          // on the printers' address
  std::string public_url;              // empty: http://<printers' address>:<files_port>
  std::string kobra_unleashed;         // the folder to take over; empty: none
  bool force = false;                  // overwrite; never an authority
};

// Files of the printers' listener, as the configuration names them. Empty: none.
struct TlsFiles {
  std::string ca;
  std::string cert;
  std::string key;
};

}  // namespace printfleet::setup
