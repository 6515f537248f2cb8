// Inbound and Outbound with the loop that a test needs: poll, dispatch, keep what came.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "broker.h"
#include "mqtt/inbound.h"
#include "mqtt/outbound.h"

namespace printfleet::mqtt {

struct Reader {
  Reader(const BrokerAddress& address, const SessionConfig& config) : inbound(address, config) {}

  // Connects and reads until up; CHECKs that it comes up.
  void ComeUp();
  // One poll of at most `timeout` and what it brings.
  void Turn(milliseconds timeout = milliseconds(20));
  // Turns until `condition`; false after 15 s.
  bool Until(const std::function<bool()>& condition);
  bool UntilMessages(size_t count);
  // True when the socket stays silent for a while.
  [[nodiscard]] bool Silent() const;
  void Release();  // and flushes
  void Keep(Inbound::Progress progress);
  [[nodiscard]] std::vector<std::string> Payloads() const;

  Inbound inbound;
  uint64_t ingest_seq = 0;
  int messages_max = 1 << 20;
  std::vector<core::Message> messages;
  bool connected = false;
  bool session_present = false;
  std::string down;
};

struct Writer {
  Writer(const BrokerAddress& address, const OutboundConfig& config) : outbound(address, config) {}

  void ComeUp();
  void Turn(milliseconds timeout = milliseconds(20));
  bool Until(const std::function<bool()>& condition);
  void Keep(Outbound::Progress progress);

  Outbound outbound;
  std::vector<core::Published> published;
  std::string down;
};

SessionConfig ReportsSession(const std::string& client_id = "test-reports");
OutboundConfig TestOutbound(const std::string& client_id = "test-outbound");

core::Publish Text(const std::string& topic, const std::string& payload,
                   fleet::PublishToken token = 0);

// Publishes `count` messages "0", "1", … on `topic` and waits for every PUBACK.
void PublishNumbers(const Broker& broker, const std::string& topic, int count);
std::vector<std::string> Numbers(int count);

}  // namespace printfleet::mqtt
