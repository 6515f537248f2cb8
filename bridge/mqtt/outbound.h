// Outbound: the connection for all that the daemon publishes: requests to printers, retained
// states, responses, events, heartbeats, its own retained `bridge` topic with a last will.
//
// A handle lives for one connection: it is destroyed at disconnect, and nothing is handed to
// libmosquitto while not connected, so that nothing is ever re-sent behind our back.
//
// Lanes, each first in first out: stops, printers' requests, responses and events, retained
// documents (where a newer one takes the place of a waiting one of its topic). A lane's share of
// the in-flight window leaves room for those before it. Loop thread only; no method blocks longer
// than a loopback connect, or for another machine a name lookup and one round trip.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/effect.h"
#include "mqtt/address.h"

namespace printfleet::mqtt {

struct OutboundConfig {
  std::string client_id;
  std::string bridge_topic;  // retained; the will is published on it
  std::string will_payload;
  int inflight_max = 1000;  // messages handed to the library and not acknowledged; the broker's
                            // own Receive Maximum where that is less
  size_t queue_messages_max = 100000;
  size_t queue_bytes_max = size_t{256} << 20;
  seconds keepalive{30};
  milliseconds connect_timeout{10000};
};

class Outbound {
 public:
  Outbound(BrokerAddress address, OutboundConfig config);
  ~Outbound();
  Outbound(const Outbound&) = delete;
  Outbound& operator=(const Outbound&) = delete;

  // Begins to connect, as Inbound::Connect. Requires: closed().
  Status Connect(const Instant& now);

  // As Inbound's; reading is always wanted while not closed.
  [[nodiscard]] int fd() const;
  [[nodiscard]] bool wants_write() const;
  [[nodiscard]] bool up() const;
  [[nodiscard]] bool closed() const;

  // What came of messages with a token; see core::Published::Result.
  struct Progress {
    std::vector<core::Published> published;
    bool up = false;                  // this call saw the CONNACK
    std::optional<std::string> down;  // the connection is closed, and why
  };

  Progress OnReadable(const Instant& now);
  Progress OnWritable(const Instant& now);
  Progress OnSecond(const Instant& now);

  // Queues by lane; what came of it is in the Progress of a later call (Pump it also while closed).
  // While not up, messages with a token are refused at once (kNotSent), retained ones are dropped
  // (core publishes them again after OutboundUp), the rest waits up to its expiry or 60 s.
  // When the queue is full, the oldest goes: retained first, then responses and events, then
  // printers' requests, never stops. A stop withdraws what waits and would set its printer going
  // (kOvertaken).
  void Enqueue(core::Publish message, const Instant& now);
  // Hands queued messages to the library as the in-flight window and the socket allow. To be called
  // after Enqueue, once a turn of the loop.
  Progress Pump(const Instant& now);

  [[nodiscard]] size_t queued() const;
  [[nodiscard]] size_t queued_bytes() const;
  // Handed over and not acknowledged. A daemon that stops goes on until queued() and in_flight()
  // are 0 (or its patience ends) before Close().
  [[nodiscard]] size_t in_flight() const;
  [[nodiscard]] uint64_t dropped_total() const;  // for want of room
  [[nodiscard]] uint64_t expired_total() const;  // in our own queue
  [[nodiscard]] uint64_t refused_total() const;  // by the broker (access list, size) or the library

  // Closes without DISCONNECT: the broker publishes the will. In-flight tokens become kUnknown.
  void Drop();
  // Writes what is queued on the wire as far as it goes without blocking, then DISCONNECT (no
  // will).
  void Close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace printfleet::mqtt
