// One MQTT 5 connection of a command-line client: connect, subscribe, publish, wait for messages.
//
// Blocking, with deadlines; one thread. SIGINT, SIGTERM and SIGHUP are blocked from Connect on and
// come out of Next(), so that a subcommand ends tidily. libmosquitto stays in client.cc.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/broker_address.h"

namespace printfleet::cli {

using SteadyTime = std::chrono::steady_clock::time_point;

struct Incoming {
  std::string topic;
  std::string payload;
  bool retained = false;
  int qos = 0;  // as delivered
};

// What Next() returned for: a message, the deadline, or a signal.
struct Waited {
  std::optional<Incoming> message;
  bool interrupted = false;
};

struct SubscribeOptions {
  int qos = 1;
  // `retained` is what the publisher said, not just whether the broker had kept the message.
  bool retain_as_published = false;
};

class Client {
 public:
  // kUnavailable: no broker there, or it refuses us.
  static Result<std::unique_ptr<Client>> Connect(const BrokerAddress& broker);

  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Returns once the broker has answered. kRejected: it does not let us.
  Status Subscribe(const std::string& filter, const SubscribeOptions& options = {});
  // QoS 1, not retained; returns once acknowledged. kRejected: it does not let us.
  Status Publish(const std::string& topic, const std::string& payload);

  // The next message; kUnavailable when the connection is gone.
  Result<Waited> Next(SteadyTime deadline);

  // A signal ended Subscribe or Publish; Next() says it of itself.
  [[nodiscard]] bool interrupted() const;

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace printfleet::cli
