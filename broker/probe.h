// ReadyProbe: proves that *our* Mosquitto serves, by an MQTT CONNECT on its readiness socket. (A
// CONNACK on TCP may come from the distribution's own Mosquitto.) Passive, for a poll loop; no
// threads.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace printfleet::broker {

enum class ProbeState { kPending, kReady, kFailed };

// What the bytes received so far say; pure.
ProbeState JudgeConnack(std::string_view bytes);

class ReadyProbe {
 public:
  // Connects and sends CONNECT; never blocks. kUnavailable: nobody listens there (yet).
  static Result<ReadyProbe> Begin(const std::string& socket_path);

  ReadyProbe(ReadyProbe&& other) noexcept;
  ReadyProbe& operator=(ReadyProbe&& other) noexcept;
  ReadyProbe(const ReadyProbe&) = delete;
  ReadyProbe& operator=(const ReadyProbe&) = delete;
  ~ReadyProbe();

  // Poll for reading.
  [[nodiscard]] int fd() const { return fd_; }

  // Call when fd() is readable. kFailed: closed or refused; begin another one later.
  ProbeState OnReadable();

 private:
  explicit ReadyProbe(int fd) : fd_(fd) {}

  int fd_ = -1;
  std::string received_;
};

}  // namespace printfleet::broker
