// One printer's MQTT session over one socket: connect, subscribe, publish with a bounded window,
// answer with PUBACK, keep alive. It never waits: the farm's loop says when the socket is ready and
// what time it is, and takes what happened from `events`. One descriptor a printer. Loop thread
// only.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/simulator/mqtt_codec.h"
#include "bench/simulator/statistics.h"
#include "bench/simulator/tls.h"

namespace printfleet::simulator {

struct ServerAddress {
  sockaddr_storage storage = {};
  socklen_t length = 0;
};

struct SessionOptions {
  int qos = 1;            // of reports
  int subscribe_qos = 1;  // of the request filters
  std::uint16_t keep_alive_s = 60;
  bool clean_session = true;
  TlsOptions tls;
  std::shared_ptr<const TlsContext> tls_context;  // made of `tls`; none: plain TCP
};

// A report on its way to the broker.
struct Outbound {
  std::string topic;
  std::string payload;
  std::string msgid;
  std::uint16_t packet_id = 0;  // 0: not sent yet
  bool dup = false;
  std::optional<int> qos{};  // none: the session's
  bool retain = false;
};

struct ConnectionEvent {
  enum class Kind { kOnline, kReceived, kAcked, kClosed };
  Kind kind = Kind::kClosed;
  Publish received;    // kReceived
  Outbound acked;      // kAcked
  std::string reason;  // kClosed
};

class Connection {
 public:
  // All references must outlive it.
  Connection(const ServerAddress& server, const SessionOptions& options, Statistics& statistics)
      : server_(server), options_(options), statistics_(statistics) {}

  ~Connection() { CloseSocket(); }

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  Connection(Connection&&) = delete;
  Connection& operator=(Connection&&) = delete;

  // Opens the socket and begins the handshake. False when no socket could be had. Requires: closed.
  bool Open(const Connect& connect, const std::vector<std::string>& filters, std::int64_t now_ms);

  // Queues a report; drops it, counted, when the queue is full. What is not acknowledged with QoS 1
  // is sent again, the same bytes with DUP, in the next session.
  void Send(Outbound outbound);

  // What the loop calls. Write also puts queued reports on the wire.
  void OnReadable(std::int64_t now_ms, std::vector<ConnectionEvent>& events);
  void Write(std::int64_t now_ms, std::vector<ConnectionEvent>& events);
  void OnTimer(std::int64_t now_ms, std::vector<ConnectionEvent>& events);
  [[nodiscard]] std::int64_t NextDeadline() const;

  // Without DISCONNECT: the broker sends the will.
  void Cut();

  // DISCONNECT, then no more sending; the broker closes, which shows as kClosed.
  void Leave(std::int64_t now_ms, std::vector<ConnectionEvent>& events);

  [[nodiscard]] int fd() const { return fd_; }

  [[nodiscard]] bool online() const { return state_ == State::kOnline; }

  [[nodiscard]] bool closed() const { return state_ == State::kClosed; }

  [[nodiscard]] bool wants_write() const {
    return state_ == State::kConnecting || (!out_.empty() && !(tls_ && tls_->waits_for_broker()));
  }

  // Reports queued or not acknowledged.
  [[nodiscard]] std::size_t backlog() const { return pending_.size() + in_flight_.size(); }

  [[nodiscard]] bool has_room() const { return backlog() < kInFlightMax; }

 private:
  enum class State { kClosed, kConnecting, kHandshake, kSubscribing, kOnline, kLeaving };
  static constexpr std::size_t kInFlightMax = 20;

  // The only three touches of the socket's bytes, with TLS or without.
  [[nodiscard]] long ReadSome(char* buffer, std::size_t size);
  [[nodiscard]] long WriteSome(std::string_view bytes);
  void CloseSocket();
  // Why the last of them failed.
  [[nodiscard]] std::string Reason() const;

  void Fail(std::string reason, std::vector<ConnectionEvent>& events);
  void DecodeAll(std::int64_t now_ms, std::vector<ConnectionEvent>& events);
  void OnPacket(Packet packet, std::vector<ConnectionEvent>& events);
  void OnConnack(const Connack& connack, std::vector<ConnectionEvent>& events);
  void OnSuback(const Suback& suback, std::vector<ConnectionEvent>& events);
  void OnPuback(const Puback& puback, std::vector<ConnectionEvent>& events);
  void Pump();

  [[nodiscard]] int QosOf(const Outbound& outbound) const {
    return outbound.qos.value_or(options_.qos);
  }

  std::uint16_t NextPacketId();

  const ServerAddress& server_;
  const SessionOptions& options_;
  Statistics& statistics_;
  State state_ = State::kClosed;
  int fd_ = -1;
  std::unique_ptr<TlsStream> tls_;
  std::string connect_bytes_;
  std::string subscribe_bytes_;
  std::string in_;
  std::string out_;
  std::deque<Outbound> pending_;
  std::deque<Outbound> in_flight_;
  std::uint16_t last_packet_id_ = 0;
  std::int64_t deadline_ms_ = 0;  // of the handshake, of a ping's answer, or for leaving
  std::int64_t last_write_ms_ = 0;
  bool ping_open_ = false;
};

}  // namespace printfleet::simulator
