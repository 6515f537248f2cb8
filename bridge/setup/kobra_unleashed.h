// What a deployment of anjomro/kobra-unleashed has that printers depend on: the authority and the
// certificates that its script made, and the names that its printers have.
//
// Its layout: certs/ with ca, verification_cert and client as .pem and .key (earlier: ca, server
// and client as .crt and .key), mosquitto.conf, docker-compose.yml with PRINTERNAME_<id> and
// ROOT_URL. Names given in its web page are cookies of a browser and in no file. Source: its
// certs/generate_certs.sh, docker-compose.yml, mosquitto.conf, main.py.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "broker/certificates.h"

namespace printfleet::setup {

struct KobraUnleashed {
  broker::Credentials authority;              // without its key where that was kept elsewhere
  std::optional<broker::Credentials> server;  // complete, the key fits
  std::optional<broker::Credentials> client;  // the one that all printers share
  std::map<std::string, std::string> names;   // by printer id
  std::string root_url;                       // where printers fetched files; "" if not said
  std::optional<uint16_t> port;               // of the listener with TLS
  std::vector<std::string> notes;             // what was taken and what not found, for people
};

// Reads the folder, or its certs/ alone. kNotFound without an authority's certificate, kMalformed
// or kInvalid for one that is damaged, or a key that is another's.
Result<KobraUnleashed> ReadKobraUnleashed(const std::string& directory);

// What environments say: lines of a compose file, "- KEY=value" or "KEY: value", or of an
// env file, for KEY = `prefix`…; comments left out, quotes taken off. By the rest of the key.
std::map<std::string, std::string> EnvironmentValues(std::string_view text,
                                                     std::string_view prefix);

// The port of the first listener in a mosquitto.conf that has a certificate.
std::optional<uint16_t> TlsPort(std::string_view mosquitto_conf);

// printers.yaml for `printfleet printers import`. A name that is there twice is written out once:
// the import would refuse it.
std::string NamesText(const std::map<std::string, std::string>& names);

}  // namespace printfleet::setup
