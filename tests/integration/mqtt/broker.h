// A Mosquitto of the test's own: in a temporary directory, on free ports of 127.0.0.1.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "mqtt/address.h"

namespace printfleet::mqtt {

Instant Now();

// Asks `condition` every few milliseconds; false when it does not come true in time.
bool WaitFor(const std::function<bool()>& condition, milliseconds timeout = milliseconds(15000));

// Runs a program to its end; true when it exits with 0.
bool Run(const std::vector<std::string>& arguments);

uint16_t FreePort();

class Broker {
 public:
  // Starts and waits until it answers.
  Broker();
  // Stops and removes all files.
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  void Start();
  void Kill();  // SIGKILL: what it has not saved is gone
  void Save();  // SIGUSR1, and waits until the snapshot is there
  void Freeze() const;
  void Thaw() const;

  // What its log has now is of the past for SawTheEndOf.
  void SkipLog();
  // Waits until its log has, behind what an earlier call found, that this client's connection
  // ended: by DISCONNECT, or without one (it may not have fitted into a full socket).
  [[nodiscard]] bool SawTheEndOf(const std::string& client_id);

  [[nodiscard]] BrokerAddress address() const;
  [[nodiscard]] BrokerAddress login_address() const;  // of a listener that wants a login
  [[nodiscard]] BrokerAddress tls_address() const;

  // mosquitto_pub to address().
  [[nodiscard]] bool Publish(const std::vector<std::string>& arguments) const;

 private:
  void WriteConfiguration() const;

  std::string directory_;
  uint16_t port_;
  uint16_t login_port_;
  uint16_t tls_port_;
  pid_t pid_ = -1;
  size_t log_read_ = 0;
};

}  // namespace printfleet::mqtt
