// WireConnection: one TCP connection to a broker that speaks MQTT 5 by wire.h, for a subscriber.
// What libmosquitto does with some four system calls a message it does with one for hundreds: it
// reads as much as there is, the messages' payloads stay where they were read to, and all
// acknowledgements go out in one piece. An acknowledgement exists only once Acknowledge() made it.
// Without TLS. Used by Inbound only. Loop thread only.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt/connection.h"
#include "mqtt/link.h"
#include "mqtt/probe.h"
#include "mqtt/wire.h"

namespace printfleet::mqtt {

class WireConnection : public Link {
 public:
  // Handlers as of Connection; `published` is never called. Requires: no will, no ca_file.
  WireConnection(BrokerAddress address, ConnectOptions options, Handlers handlers);
  ~WireConnection() override;

  Status Open(const Instant& now) override;

  [[nodiscard]] bool closed() const override { return socket_ < 0 && !probe_; }

  [[nodiscard]] bool connected() const override { return connected_; }

  [[nodiscard]] int fd() const override { return probe_ ? probe_->fd() : socket_; }

  [[nodiscard]] bool write_pending() const override { return probe_ || !out_.empty(); }

  [[nodiscard]] bool read_pending() const override { return buffered() || drained_not_; }

  [[nodiscard]] bool buffered() const override;

  Status Read(const Instant& now) override;
  Status Write(const Instant& now) override;
  Status OnSecond(const Instant& now) override;
  Status Subscribe(const std::vector<std::string>& filters, bool retain_as_published) override;

  [[nodiscard]] bool acknowledges_parts() const override { return true; }

  void Acknowledge(size_t count) override;
  void Shut() override;
  void Disconnect() override;

 private:
  Status ConnectSocket(const Instant& now, const std::string& host);
  Status ContinueProbe(const Instant& now);
  // Makes room behind what is buffered, for a packet of `packet_bytes` at least.
  void MakeRoom(size_t packet_bytes);
  Status Receive(const Instant& now);
  Status Handle(std::string_view packet);
  Status OnConnack(const wire::Connack& connack);
  void OnPublish(const wire::Publish& publish);
  Status Malformed();
  Status Lost(int error_number);
  Status Fail(std::string message);

  [[nodiscard]] std::string_view unread() const { return {block_.get() + begin_, end_ - begin_}; }

  const BrokerAddress address_;
  const ConnectOptions options_;
  const Handlers handlers_;
  std::optional<Probe> probe_;
  int socket_ = -1;
  bool connected_ = false;
  MonoTime deadline_{};  // of the CONNACK
  seconds keepalive_{0};
  MonoTime written_at_{};
  std::optional<MonoTime> ping_at_;  // without its PINGRESP yet

  // What was read and not taken is [begin_, end_) of the block. A block is written front to back,
  // once: messages keep parts of it alive.
  std::shared_ptr<char[]> block_;
  size_t block_bytes_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool drained_not_ = false;  // the last read of the socket filled all the room there was

  std::string out_;
  // Packet identifiers of the messages that Acknowledge() acknowledges, in order; 0: needs none.
  std::deque<uint16_t> held_;
};

}  // namespace printfleet::mqtt
