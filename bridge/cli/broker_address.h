// Where the broker's listener for people is, and as whom to log in there.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "cli/arguments.h"
#include "settings/load.h"

namespace printfleet::cli {

struct BrokerAddress {
  std::string host;
  uint16_t port = 0;
  bool tls = false;
  std::string ca_file;  // with tls; empty: the system's authorities
  std::string user;     // empty: none
  std::string password;
  std::string topic_root = "fleet/v1";
  std::string author;  // what stands in our topics: the user, or "local"

  // Where a request goes: the bare command topic for "local".
  [[nodiscard]] std::string CommandTopic() const;
  [[nodiscard]] std::string ResponseTopic(const std::string& request_id) const;
  [[nodiscard]] std::string Text() const;  // "mqtt://host:port", for messages
};

// By --broker, else by the configuration (--config, $PRINTFLEET_CONFIG, ./printfleet.yaml,
// /etc/printfleet/printfleet.yaml): its first listener for people, one without login before others
// unless a user is given. kInvalid for usage and configuration, kUnavailable where a free port is
// not known because nothing has run yet.
Result<BrokerAddress> FindBroker(const ConnectionArguments& connection);

// The same of a configuration already loaded.
Result<BrokerAddress> BrokerOf(const settings::Settings& settings,
                               const ConnectionArguments& connection);

// The configuration that a subcommand uses: `config`, or the first of the usual places that is
// there. kInvalid when none is.
Result<std::string> FindConfig(const std::string& config);

// A file's content, at most 1 MiB; kInvalid when it cannot be read.
Result<std::string> ReadFile(const std::string& file);

// Our own address for one that we listen on: loopback for every address.
std::string ReachableHost(const std::string& address);

}  // namespace printfleet::cli
