// Connection: one TCP connection to a broker with one libmosquitto handle, and nothing of the next.
//
// A handle lives as long as its connection: so no acknowledgement and no publish survives in the
// library to be sent later. It is marked as externally threaded, hence packets are only queued
// until Write(), first in, first out; Inbound builds its held acknowledgements on that.
// Used by Inbound and Outbound only. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/effect.h"
#include "core/event.h"
#include "mqtt/address.h"
#include "mqtt/library.h"
#include "mqtt/link.h"
#include "mqtt/probe.h"

namespace printfleet::mqtt {

struct ConnectOptions {
  std::string client_id;
  bool clean_start = true;
  uint32_t session_expiry_s = 0;  // 0: the session ends with the connection
  int receive_max = 0;            // QoS 1 messages towards us without PUBACK; 0: the default
  int send_max = 0;               // the same from us; 0: the default
  int packet_bytes_max = 0;       // the broker sends us nothing larger; 0: no limit
  seconds keepalive{60};
  milliseconds connect_timeout{10000};  // from Open() to the CONNACK
  std::string will_topic;               // retained, QoS 1; "" for no will
  std::string will_payload;
};

// Called from inside Read() and Write(); must not call back into the Connection, but for
// Subscribe() in `connected`.
struct Handlers {
  // CONNACK. `receive_max` is what the broker allows us, 65535 where it says nothing.
  std::function<void(bool session_present, int receive_max)> connected;
  std::function<void(const std::vector<int>& reason_codes)> subscribed;
  // Without session, ingest number and time.
  std::function<void(core::Message message)> message;
  // QoS 1: PUBACK with its reason code. QoS 0: written, with 0.
  std::function<void(int packet_identifier, int reason_code)> published;
};

class Connection : public Link {
 public:
  Connection(BrokerAddress address, ConnectOptions options, Handlers handlers);
  ~Connection() override;

  Status Open(const Instant& now) override;

  [[nodiscard]] bool closed() const override;

  [[nodiscard]] bool connected() const override { return connected_; }

  [[nodiscard]] int fd() const override;

  [[nodiscard]] bool write_pending() const override;
  // Asking the kernel instead would be a call for each packet, reading in vain is one for all.
  [[nodiscard]] bool read_pending() const override;

  [[nodiscard]] bool buffered() const override { return false; }

  Status Read(const Instant& now) override;
  Status Write(const Instant& now) override;
  Status OnSecond(const Instant& now) override;

  Status Subscribe(const std::vector<std::string>& filters, bool retain_as_published) override;

  // The library queued them as the messages came.
  [[nodiscard]] bool acknowledges_parts() const override { return false; }

  void Acknowledge(size_t /*count*/) override {}

  // Queues a PUBLISH and gives its packet identifier. An error is the message's own (a topic or
  // size that cannot be sent): the connection stays. Requires: connected().
  Result<int> Publish(const core::Publish& message, std::optional<uint32_t> expiry_s);

  void Shut() override;
  void Disconnect() override;

 private:
  struct Callbacks;  // libmosquitto's, in the .cc

  Status OpenHandle(const Instant& now, const std::string& host);
  Status ContinueProbe(const Instant& now);
  // Turns a library call's result into a Status; closes on failure.
  Status Check(int return_code, int error_number);
  Status Fail(std::string message);

  const BrokerAddress address_;
  const ConnectOptions options_;
  const Handlers handlers_;
  std::optional<Probe> probe_;
  Handle handle_;
  MonoTime deadline_{};  // of the CONNACK
  bool connected_ = false;
  bool delivered_ = false;     // the last Read() brought a packet
  std::string refusal_;        // what the broker gave as reason before it closed
  std::string library_error_;  // the library's last own error text (TLS)
};

}  // namespace printfleet::mqtt
