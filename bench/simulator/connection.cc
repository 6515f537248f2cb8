#include "bench/simulator/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <system_error>
#include <utility>

namespace printfleet::simulator {
namespace {

constexpr std::size_t kPacketBytesMax = 1U << 20U;
constexpr std::size_t kOutBytesMax = 256'000;  // above it, reports wait in the queue
constexpr std::size_t kPendingMax = 1000;
constexpr std::int64_t kHandshakeMs = 30'000;
constexpr std::int64_t kLeaveMs = 2'000;
constexpr std::uint16_t kSubscribeId = 1;
constexpr std::uint16_t kFirstPublishId = 2;

}  // namespace

bool Connection::Open(const Connect& connect, const std::vector<std::string>& filters,
                      std::int64_t now_ms) {
  fd_ = socket(server_.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) {
    return false;
  }
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const auto* address = reinterpret_cast<const sockaddr*>(&server_.storage);
  if (::connect(fd_, address, server_.length) != 0 && errno != EINPROGRESS) {
    CloseSocket();
    return false;
  }
  if (options_.tls_context) {
    tls_ = std::make_unique<TlsStream>(options_.tls_context, fd_, connect.client_id);
  }
  in_.clear();
  out_.clear();
  connect_bytes_ = EncodeConnect(connect);
  subscribe_bytes_ = EncodeSubscribe(kSubscribeId, filters, options_.subscribe_qos);
  // Oldest first: what was on its way goes before what never left.
  for (; !in_flight_.empty(); in_flight_.pop_back()) {
    in_flight_.back().dup = true;
    pending_.push_front(std::move(in_flight_.back()));
  }
  state_ = State::kConnecting;
  deadline_ms_ = now_ms + kHandshakeMs;
  last_write_ms_ = now_ms;
  ping_open_ = false;
  return true;
}

void Connection::Send(Outbound outbound) {
  if (pending_.size() >= kPendingMax) {
    ++statistics_.discarded;
    return;
  }
  if (QosOf(outbound) > 0) {
    ++statistics_.in_flight;
  }
  pending_.push_back(std::move(outbound));
}

void Connection::OnReadable(std::int64_t now_ms, std::vector<ConnectionEvent>& events) {
  static thread_local std::array<char, 65'536> buffer;
  if (state_ == State::kClosed) {
    return;
  }
  const long count = ReadSome(buffer.data(), buffer.size());
  if (count == 0) {
    Fail("closed by the broker", events);
  } else if (count < 0) {
    if (errno != EAGAIN && errno != EINTR) {
      Fail(Reason(), events);
    }
  } else {
    in_.append(buffer.data(), static_cast<std::size_t>(count));
    DecodeAll(now_ms, events);
  }
}

void Connection::DecodeAll(std::int64_t now_ms, std::vector<ConnectionEvent>& events) {
  std::size_t at = 0;
  while (state_ != State::kClosed) {
    Decoded decoded = Decode(std::string_view(in_).substr(at), kPacketBytesMax);
    if (!decoded.error.empty()) {
      Fail(decoded.error, events);
      return;
    }
    if (!decoded.packet) {
      break;
    }
    at += decoded.consumed;
    OnPacket(std::move(*decoded.packet), events);
  }
  in_.erase(0, at);
  if (in_.empty() && in_.capacity() > 4096) {
    in_ = std::string();
  }
  Write(now_ms, events);
}

void Connection::OnPacket(Packet packet, std::vector<ConnectionEvent>& events) {
  if (const auto* connack = std::get_if<Connack>(&packet)) {
    OnConnack(*connack, events);
  } else if (const auto* suback = std::get_if<Suback>(&packet)) {
    OnSuback(*suback, events);
  } else if (const auto* puback = std::get_if<Puback>(&packet)) {
    OnPuback(*puback, events);
  } else if (auto* publish = std::get_if<Publish>(&packet)) {
    if (publish->qos > 0) {
      out_ += EncodePuback(publish->packet_id);
    }
    ConnectionEvent event;
    event.kind = ConnectionEvent::Kind::kReceived;
    event.received = std::move(*publish);
    events.push_back(std::move(event));
  } else {
    ping_open_ = false;
  }
  if (state_ == State::kOnline && !ping_open_) {
    deadline_ms_ = 0;
  }
}

void Connection::OnConnack(const Connack& connack, std::vector<ConnectionEvent>& events) {
  if (state_ != State::kHandshake) {
    Fail("CONNACK out of turn", events);
    return;
  }
  if (connack.return_code != 0) {
    ++statistics_.refused;
    Fail("refused with return code " + std::to_string(connack.return_code), events);
    return;
  }
  // Every time, also with a durable session: a broker that lost its file has forgotten the filters.
  out_ += subscribe_bytes_;
  state_ = State::kSubscribing;
}

void Connection::OnSuback(const Suback& suback, std::vector<ConnectionEvent>& events) {
  if (state_ != State::kSubscribing) {
    return;
  }
  for (const std::uint8_t code : suback.return_codes) {
    if (code == 0x80) {
      Fail("subscription refused", events);
      return;
    }
  }
  state_ = State::kOnline;
  deadline_ms_ = 0;
  events.push_back({});
  events.back().kind = ConnectionEvent::Kind::kOnline;
}

void Connection::OnPuback(const Puback& puback, std::vector<ConnectionEvent>& events) {
  const auto at = std::find_if(in_flight_.begin(), in_flight_.end(), [&](const Outbound& outbound) {
    return outbound.packet_id == puback.packet_id;
  });
  if (at == in_flight_.end()) {
    return;
  }
  ++statistics_.acked;
  --statistics_.in_flight;
  ConnectionEvent event;
  event.kind = ConnectionEvent::Kind::kAcked;
  event.acked = std::move(*at);
  in_flight_.erase(at);
  events.push_back(std::move(event));
}

std::uint16_t Connection::NextPacketId() {
  const auto used = [this](std::uint16_t id) {
    const auto same = [id](const Outbound& outbound) { return outbound.packet_id == id; };
    return std::any_of(in_flight_.begin(), in_flight_.end(), same) ||
           std::any_of(pending_.begin(), pending_.end(), same);
  };
  do {
    ++last_packet_id_;
    if (last_packet_id_ < kFirstPublishId) {
      last_packet_id_ = kFirstPublishId;
    }
  } while (used(last_packet_id_));
  return last_packet_id_;
}

void Connection::Pump() {
  while (state_ == State::kOnline && !pending_.empty() && out_.size() < kOutBytesMax &&
         in_flight_.size() < kInFlightMax) {
    Outbound outbound = std::move(pending_.front());
    pending_.pop_front();
    const int qos = QosOf(outbound);
    if (qos > 0 && outbound.packet_id == 0) {
      outbound.packet_id = NextPacketId();
    }
    Publish publish{outbound.topic,  outbound.payload, qos,
                    outbound.retain, outbound.dup,     outbound.packet_id};
    out_ += EncodePublish(publish);
    ++(outbound.dup ? statistics_.resent : statistics_.published);
    if (qos > 0) {
      in_flight_.push_back(std::move(outbound));
    }
  }
}

void Connection::Write(std::int64_t now_ms, std::vector<ConnectionEvent>& events) {
  if (state_ == State::kConnecting) {
    int error = 0;
    socklen_t length = sizeof(error);
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
    sockaddr_storage peer = {};
    socklen_t peer_length = sizeof(peer);
    if (error != 0) {
      Fail(std::system_category().message(error), events);
      return;
    }
    if (getpeername(fd_, reinterpret_cast<sockaddr*>(&peer), &peer_length) != 0) {
      return;
    }
    out_ = connect_bytes_;
    state_ = State::kHandshake;
  }
  Pump();
  if (state_ == State::kClosed || out_.empty()) {
    return;
  }
  const long count = WriteSome(out_);
  if (count < 0) {
    if (errno != EAGAIN && errno != EINTR) {
      Fail(Reason(), events);
    }
    return;
  }
  out_.erase(0, static_cast<std::size_t>(count));
  if (out_.empty() && out_.capacity() > 4096) {
    out_ = std::string();
  }
  last_write_ms_ = now_ms;
  if (state_ == State::kLeaving && out_.empty()) {
    // Half a close: an ordinary one with unread PUBACKs would reset the stream, lose the DISCONNECT
    // and bring the will.
    if (tls_) {
      tls_->SayGoodbye();
    }
    shutdown(fd_, SHUT_WR);
  }
}

void Connection::OnTimer(std::int64_t now_ms, std::vector<ConnectionEvent>& events) {
  if (state_ == State::kClosed || now_ms < NextDeadline()) {
    return;
  }
  if (deadline_ms_ != 0) {
    Fail(state_ == State::kOnline ? "no answer to a ping" : "handshake timed out", events);
    return;
  }
  out_ += EncodePingreq();
  ping_open_ = true;
  deadline_ms_ = now_ms + std::int64_t{1000} * options_.keep_alive_s;
  Write(now_ms, events);
}

std::int64_t Connection::NextDeadline() const {
  if (state_ == State::kClosed) {
    return std::numeric_limits<std::int64_t>::max();
  }
  if (deadline_ms_ != 0) {
    return deadline_ms_;
  }
  if (options_.keep_alive_s == 0) {
    return std::numeric_limits<std::int64_t>::max();
  }
  return last_write_ms_ + std::int64_t{750} * options_.keep_alive_s;
}

void Connection::Cut() {
  CloseSocket();
}

void Connection::Leave(std::int64_t now_ms, std::vector<ConnectionEvent>& events) {
  if (state_ != State::kOnline) {
    Fail("left", events);
    return;
  }
  state_ = State::kLeaving;  // no report may follow the DISCONNECT
  deadline_ms_ = now_ms + kLeaveMs;
  out_ += EncodeDisconnect();
  Write(now_ms, events);
}

long Connection::ReadSome(char* buffer, std::size_t size) {
  return tls_ ? tls_->Read(buffer, size) : recv(fd_, buffer, size, 0);
}

long Connection::WriteSome(std::string_view bytes) {
  return tls_ ? tls_->Write(bytes) : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

std::string Connection::Reason() const {
  return tls_ && !tls_->trouble().empty() ? tls_->trouble() : std::system_category().message(errno);
}

void Connection::CloseSocket() {
  tls_.reset();
  if (fd_ >= 0) {
    close(fd_);
  }
  fd_ = -1;
  state_ = State::kClosed;
  deadline_ms_ = 0;
}

void Connection::Fail(std::string reason, std::vector<ConnectionEvent>& events) {
  if (state_ == State::kClosed) {
    return;
  }
  CloseSocket();
  events.push_back({});
  events.back().reason = std::move(reason);
}

}  // namespace printfleet::simulator
