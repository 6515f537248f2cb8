#include "mqtt/wire_connection.h"

#include <mosquitto.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/digest.h"
#include "mqtt/library.h"
#include "settings/settings.h"

namespace printfleet::mqtt {
namespace {

constexpr size_t kBlockBytes = 256 * 1024;
constexpr size_t kRoomBytesMin = 16 * 1024;  // less is no room: a new block
constexpr uint8_t kReasonRefused = 0x80;
constexpr uint16_t kSubscribeIdentifier = 1;
constexpr int kReceiveMaximumDefault = 65535;  // MQTT 5, 3.2.2.3.3: of what we publish, nothing

struct AddressListDeleter {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

// A connected socket that does not block, or -1 with errno.
int ConnectTo(const addrinfo& entry) {
  const int fd = socket(entry.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return -1;
  }
  const int on = 1;
  const bool connected = connect(fd, entry.ai_addr, entry.ai_addrlen) == 0;
  if (!connected || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
    const int error_number = errno;
    close(fd);
    errno = error_number;
    return -1;
  }
  return fd;
}

}  // namespace

WireConnection::WireConnection(BrokerAddress address, ConnectOptions options, Handlers handlers)
    : address_(std::move(address)), options_(std::move(options)), handlers_(std::move(handlers)) {
  CHECK(address_.ca_file.empty() && options_.will_topic.empty());
}

WireConnection::~WireConnection() {
  Shut();
}

Status WireConnection::Open(const Instant& now) {
  CHECK(closed());
  deadline_ = now.mono + options_.connect_timeout;
  if (settings::IsLoopback(address_.host)) {
    return ConnectSocket(now, address_.host);
  }
  Result<Probe> probe = Probe::Start(address_);
  if (!probe.ok()) {
    return probe.error();
  }
  probe_ = std::move(probe).value();
  return Ok{};
}

Status WireConnection::ContinueProbe(const Instant& now) {
  Result<std::string> answer = probe_->Continue();
  if (!answer.ok()) {
    return Fail(answer.error().message);
  }
  if (answer->empty()) {
    return Ok{};
  }
  probe_.reset();
  return ConnectSocket(now, *answer);
}

Status WireConnection::ConnectSocket(const Instant& now, const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(address_.port).c_str(), &hints, &found) != 0) {
    return Fail(ReturnText(MOSQ_ERR_EAI, 0, address_));
  }
  const std::unique_ptr<addrinfo, AddressListDeleter> list(found);
  for (const addrinfo* entry = list.get(); entry != nullptr && socket_ < 0;
       entry = entry->ai_next) {
    socket_ = ConnectTo(*entry);
  }
  if (socket_ < 0) {
    return Fail(ReturnText(MOSQ_ERR_ERRNO, errno, address_));
  }
  wire::Connect connect;
  connect.client_id = options_.client_id;
  connect.user = address_.user;
  connect.password = address_.password;
  connect.clean_start = options_.clean_start;
  connect.keepalive_s = static_cast<uint16_t>(options_.keepalive.count());
  connect.session_expiry_s = options_.session_expiry_s;
  connect.receive_max = static_cast<uint16_t>(options_.receive_max);
  connect.packet_bytes_max = static_cast<uint32_t>(options_.packet_bytes_max);
  keepalive_ = options_.keepalive;
  out_ = wire::Encode(connect);
  return Write(now);
}

bool WireConnection::buffered() const {
  const auto size = wire::PacketSize(unread());
  return !size || (*size > 0 && *size <= end_ - begin_);
}

Status WireConnection::Read(const Instant& now) {
  if (probe_) {
    return ContinueProbe(now);
  }
  if (!buffered()) {
    Status received = Receive(now);
    if (!received.ok() || !buffered()) {
      return received;
    }
  }
  const auto size = wire::PacketSize(unread());
  if (!size) {
    return Malformed();
  }
  const std::string_view packet = unread().substr(0, *size);
  begin_ += *size;
  return Handle(packet);
}

void WireConnection::MakeRoom(size_t packet_bytes) {
  const size_t kept = end_ - begin_;
  const size_t room = block_bytes_ - end_;
  // A large packet's block is as large as it, and used to its end.
  const bool enough = room >= kRoomBytesMin || (room > 0 && packet_bytes > kRoomBytesMin);
  if (enough && begin_ + packet_bytes <= block_bytes_) {
    return;
  }
  const size_t bytes = std::max(kBlockBytes, packet_bytes + kRoomBytesMin);
  auto block = std::make_shared_for_overwrite<char[]>(bytes);
  if (kept > 0) {
    std::memcpy(block.get(), block_.get() + begin_, kept);
  }
  block_ = std::move(block);
  block_bytes_ = bytes;
  begin_ = 0;
  end_ = kept;
}

Status WireConnection::Receive(const Instant& /*now*/) {
  const auto size = wire::PacketSize(unread());
  // What the broker was told not to send is not made room for.
  const auto limit = static_cast<size_t>(options_.packet_bytes_max);
  if (!size || (limit > 0 && *size > limit)) {
    return Malformed();
  }
  MakeRoom(*size);
  const size_t room = block_bytes_ - end_;
  ssize_t got = 0;
  do {
    got = recv(socket_, block_.get() + end_, room, MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got == 0) {
    return Lost(0);
  }
  if (got < 0) {
    drained_not_ = false;
    return errno == EAGAIN ? Status(Ok{}) : Lost(errno);
  }
  end_ += static_cast<size_t>(got);
  drained_not_ = static_cast<size_t>(got) == room;
  return Ok{};
}

Status WireConnection::Handle(std::string_view packet) {
  const wire::Packet decoded = wire::Decode(packet);
  if (const auto* publish = std::get_if<wire::Publish>(&decoded);
      publish != nullptr && connected_) {
    OnPublish(*publish);
  } else if (const auto* connack = std::get_if<wire::Connack>(&decoded);
             connack != nullptr && !connected_) {
    return OnConnack(*connack);
  } else if (const auto* suback = std::get_if<wire::Suback>(&decoded);
             suback != nullptr && connected_) {
    handlers_.subscribed(suback->reason_codes);
  } else if (std::holds_alternative<wire::Pingresp>(decoded)) {
    ping_at_.reset();
  } else if (const auto* end = std::get_if<wire::Disconnect>(&decoded); end != nullptr) {
    return end->reason_code >= kReasonRefused
               ? Fail(ReasonText(end->reason_code, options_.client_id))
               : Lost(0);
  } else {
    return Malformed();
  }
  return Ok{};
}

Status WireConnection::OnConnack(const wire::Connack& connack) {
  if (connack.reason_code != 0) {
    return Fail(ReasonText(connack.reason_code, options_.client_id));
  }
  connected_ = true;
  if (connack.keepalive_s) {
    keepalive_ = seconds(*connack.keepalive_s);
  }
  handlers_.connected(connack.session_present, kReceiveMaximumDefault);
  return Ok{};
}

void WireConnection::OnPublish(const wire::Publish& publish) {
  held_.push_back(publish.packet_identifier.value_or(0));
  core::Message message;
  message.topic = publish.topic;
  message.payload = SharedBytes(block_, publish.payload);
  message.retained = publish.retain;
  message.message_expiry_s = publish.message_expiry_s;
  message.response_topic = publish.response_topic;
  message.correlation_data = publish.correlation_data;
  message.digest = MessageDigest(publish.topic, publish.payload);
  handlers_.message(std::move(message));
}

Status WireConnection::Write(const Instant& now) {
  if (probe_) {
    return ContinueProbe(now);
  }
  size_t sent = 0;
  while (sent < out_.size()) {
    const ssize_t wrote =
        send(socket_, out_.data() + sent, out_.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (wrote < 0 && errno == EINTR) {
      continue;
    }
    if (wrote < 0 && errno != EAGAIN) {
      return Lost(errno);
    }
    if (wrote < 0) {
      break;
    }
    sent += static_cast<size_t>(wrote);
    written_at_ = now.mono;
  }
  out_.erase(0, sent);
  return Ok{};
}

Status WireConnection::OnSecond(const Instant& now) {
  if (!connected_) {
    if (now.mono < deadline_) {
      return Ok{};
    }
    return Fail(probe_ ? ReturnText(MOSQ_ERR_ERRNO, ETIMEDOUT, address_)
                       : Text(address_) + " does not answer MQTT: is it a broker?");
  }
  if (keepalive_.count() == 0) {
    return Ok{};
  }
  if (ping_at_ && now.mono - *ping_at_ >= keepalive_) {
    return Fail(ReturnText(MOSQ_ERR_KEEPALIVE, 0, address_));
  }
  if (!ping_at_ && now.mono - written_at_ >= keepalive_) {
    ping_at_ = now.mono;
    out_ += wire::kPingreq;
    return Write(now);
  }
  return Ok{};
}

Status WireConnection::Subscribe(const std::vector<std::string>& filters,
                                 bool retain_as_published) {
  out_ += wire::EncodeSubscribe(kSubscribeIdentifier, filters, retain_as_published);
  return Ok{};
}

void WireConnection::Acknowledge(size_t count) {
  CHECK(count <= held_.size());
  for (size_t i = 0; i < count; ++i) {
    if (held_[i] != 0) {
      wire::AppendPuback(held_[i], out_);
    }
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(count));
}

void WireConnection::Shut() {
  if (socket_ >= 0) {
    close(socket_);
    socket_ = -1;
  }
  probe_.reset();
  connected_ = false;
  ping_at_.reset();
  block_.reset();
  block_bytes_ = begin_ = end_ = 0;
  drained_not_ = false;
  out_.clear();
  held_.clear();
}

void WireConnection::Disconnect() {
  if (socket_ >= 0 && connected_) {
    out_ += wire::kDisconnect;
    send(socket_, out_.data(), out_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  Shut();
}

Status WireConnection::Malformed() {
  return Fail(ReturnText(MOSQ_ERR_PROTOCOL, 0, address_));
}

// Closed by the other side, or by the network.
Status WireConnection::Lost(int error_number) {
  std::string message = ReturnText(MOSQ_ERR_CONN_LOST, 0, address_);
  if (error_number != 0) {
    message += std::string(" (") + std::strerror(error_number) + ")";
  }
  if (connected_) {
    // Mosquitto 2.0.11 sends no DISCONNECT with a reason to the client it throws out.
    message += "; a second client with our client id '" + options_.client_id + "' has that effect";
  }
  return Fail(std::move(message));
}

Status WireConnection::Fail(std::string message) {
  Shut();
  return Error{Errc::kUnavailable, std::move(message)};
}

}  // namespace printfleet::mqtt
