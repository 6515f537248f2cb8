// Inbound: one MQTT session whose acknowledgements are held until the loop releases them.
//
//   closed --Connect--> connecting --CONNACK, SUBACK--> reading --message--> holding
//                                                          ^                    | Release
//                                                          +----- flushing <----+
//
// Without TLS we speak MQTT ourselves (wire_connection.h), and a PUBACK is made by Release() and
// not before. With TLS libmosquitto does: its handle is marked as externally threaded, so PUBACKs
// are queued but nothing is written until Release() flushes them (shared platform facts, E; pinned
// by tests/integration/mqtt/held_acks_test.cc). Nothing else is ever published on this connection.
// With it, while anything of our own (SUBSCRIBE, a ping, released acks) is not fully written,
// nothing is read: a new PUBACK would go out behind it. Loop thread only. The loop polls fd() and
// calls the On… methods; no method blocks longer than a loopback connect, or for another machine a
// name lookup and one round trip (mqtt/probe.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/event.h"
#include "mqtt/address.h"

namespace printfleet::mqtt {

struct SessionConfig {
  core::Session session = core::Session::kReports;
  std::string client_id;             // instance, session and 128-bit secret
  std::vector<std::string> filters;  // QoS 1, always
  bool retain_as_published = false;
  // Messages that the broker sends before the first acknowledgement. No bound after that:
  // Mosquitto 2.0.11 counts wrong once acknowledgements have come (held_acks_test.cc shows it), so
  // it is OnReadable's limits that bound a batch.
  int receive_max = 2000;
  int packet_bytes_max = 2 << 20;  // larger ones the broker keeps from us, unsaid
  seconds keepalive{60};
  // Of the CONNACK, and of the SUBACK behind it (counted while nothing is held).
  milliseconds connect_timeout{10000};
};

class Inbound {
 public:
  static constexpr uint64_t kAll = UINT64_MAX;

  Inbound(BrokerAddress address, SessionConfig config);
  ~Inbound();
  Inbound(const Inbound&) = delete;
  Inbound& operator=(const Inbound&) = delete;

  // Begins to connect; a CONNACK that does not come in time is a `down` of OnSecond. An error
  // says what to do about it (kInvalid: the configuration is wrong, later will not help).
  // Requires: closed().
  Status Connect(const Instant& now);

  // What the socket wants: POLLIN while reading is allowed (not while flushing), POLLOUT only while
  // connecting or flushing. -1 while closed. The descriptor may change from call to call. A loop
  // that wants neither (it holds and commits) leaves it out of poll(), else POLLHUP spins.
  [[nodiscard]] int fd() const;
  [[nodiscard]] bool wants_read() const;
  [[nodiscard]] bool wants_write() const;
  // There is something to take that poll() knows nothing of: OnReadable is to be called.
  [[nodiscard]] bool buffered() const;

  // In the order in which it happens: connected, messages and up, down. A session that the broker
  // knew delivers what it holds before the SUBACK, so `messages` may come, be held and have to be
  // released before `up`.
  struct Progress {
    bool connected = false;               // this call saw the CONNACK: catching up begins
    std::vector<core::Message> messages;  // in order; their PUBACKs are held from now
    bool up = false;                      // this call saw the SUBACK of all filters
    bool session_present = false;         // with `connected` and `up`: the broker knew the session
    std::optional<std::string> down;      // the connection is closed, and why; nothing is held now
  };

  // Readable: takes at most `messages_max` messages and about `bytes_max` bytes (with TLS what one
  // record held more). Gives each the next ingest number: ++ingest_seq. With `down` the messages of
  // this call are those that the broker will deliver again.
  Progress OnReadable(const Instant& now, int messages_max, int64_t bytes_max,
                      uint64_t& ingest_seq);
  // Writable: goes on with a CONNECT, SUBSCRIBE or flush that did not fit.
  Progress OnWritable(const Instant& now);
  // Once a second: keep alive and connect deadline; does nothing while holding or flushing.
  Progress OnSecond(const Instant& now);

  // COMMIT returned: writes the held acknowledgements of the messages up to the ingest number
  // `through`. Flushing may take several OnWritable. Does nothing when closed: a connection that
  // went down has dropped its acknowledgements; nor for a part where releases_parts() is false.
  Progress Release(const Instant& now, uint64_t through = kAll);

  // May it be read on while messages are held, and some of them released?
  [[nodiscard]] bool releases_parts() const;

  [[nodiscard]] int held() const;  // messages read and not released
  [[nodiscard]] bool flushing() const;
  [[nodiscard]] bool up() const;
  [[nodiscard]] bool closed() const;

  // Shuts the socket down without flushing: all that is held comes again after a Connect.
  void Drop();

  // Says DISCONNECT (the session stays) and closes. Requires: held() == 0.
  void Close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace printfleet::mqtt
