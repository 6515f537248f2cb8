#include "mqtt/connection.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "settings/settings.h"

namespace printfleet::mqtt {
namespace {

constexpr int kReceiveMaximumDefault = 65535;  // MQTT 5, 3.2.2.3.3
constexpr size_t kErrorTextBytesMax = 300;

bool IsRefusal(int reason_code) {
  return reason_code >= MQTT_RC_UNSPECIFIED;
}

}  // namespace

// What libmosquitto calls; `owner` is the Connection.
struct Connection::Callbacks {
  static void Set(mosquitto* handle) {
    mosquitto_connect_v5_callback_set(handle, &OnConnect);
    mosquitto_disconnect_v5_callback_set(handle, &OnDisconnect);
    mosquitto_subscribe_v5_callback_set(handle, &OnSubscribe);
    mosquitto_message_v5_callback_set(handle, &OnMessage);
    mosquitto_publish_v5_callback_set(handle, &OnPublish);
    mosquitto_log_callback_set(handle, &OnLog);
  }

  static void OnConnect(mosquitto* /*handle*/, void* owner, int reason_code, int flags,
                        const mosquitto_property* properties) {
    auto& self = *static_cast<Connection*>(owner);
    if (reason_code != 0) {
      self.refusal_ = ReasonText(reason_code, self.options_.client_id);
      return;
    }
    self.connected_ = true;
    self.handlers_.connected((flags & 1) != 0,
                             ServerReceiveMaximum(properties).value_or(kReceiveMaximumDefault));
  }

  static void OnDisconnect(mosquitto* /*handle*/, void* owner, int code,
                           const mosquitto_property* /*properties*/) {
    auto& self = *static_cast<Connection*>(owner);
    // Below 0x80 it is the library's own code, which the call returns too.
    if (IsRefusal(code)) {
      self.refusal_ = ReasonText(code, self.options_.client_id);
    }
  }

  static void OnSubscribe(mosquitto* /*handle*/, void* owner, int /*packet_identifier*/, int count,
                          const int* granted, const mosquitto_property* /*properties*/) {
    auto& self = *static_cast<Connection*>(owner);
    self.delivered_ = true;
    self.handlers_.subscribed(count > 0 ? std::vector<int>(granted, granted + count)
                                        : std::vector<int>());
  }

  static void OnMessage(mosquitto* /*handle*/, void* owner, const mosquitto_message* received,
                        const mosquitto_property* properties) {
    auto& self = *static_cast<Connection*>(owner);
    self.delivered_ = true;
    core::Message message;
    message.topic = received->topic;
    if (received->payloadlen > 0) {
      message.payload = std::string_view(static_cast<const char*>(received->payload),
                                         static_cast<size_t>(received->payloadlen));
    }
    message.retained = received->retain;
    message.digest = MessageDigest(message.topic, message.payload);
    CopyProperties(properties, message);
    self.handlers_.message(std::move(message));
  }

  static void OnPublish(mosquitto* /*handle*/, void* owner, int packet_identifier, int reason_code,
                        const mosquitto_property* /*properties*/) {
    auto& self = *static_cast<Connection*>(owner);
    self.delivered_ = true;
    self.handlers_.published(packet_identifier, reason_code);
  }

  static void OnLog(mosquitto* /*handle*/, void* owner, int level, const char* text) {
    if (level == MOSQ_LOG_ERR) {
      auto& self = *static_cast<Connection*>(owner);
      self.library_error_ = PrintableText(text, kErrorTextBytesMax);
    }
  }
};

Connection::Connection(BrokerAddress address, ConnectOptions options, Handlers handlers)
    : address_(std::move(address)), options_(std::move(options)), handlers_(std::move(handlers)) {}

Connection::~Connection() {
  Shut();
}

Status Connection::Open(const Instant& now) {
  CHECK(closed());
  deadline_ = now.mono + options_.connect_timeout;
  if (settings::IsLoopback(address_.host)) {
    return OpenHandle(now, address_.host);
  }
  Result<Probe> probe = Probe::Start(address_);
  if (!probe.ok()) {
    return probe.error();
  }
  probe_ = std::move(probe).value();
  return Ok{};
}

Status Connection::OpenHandle(const Instant& now, const std::string& host) {
  Result<Handle> made = NewHandle(address_, options_.client_id, options_.clean_start, this);
  if (!made.ok()) {
    return made.error();
  }
  handle_ = std::move(made).value();
  Callbacks::Set(handle_.get());
  Properties properties;
  if (options_.session_expiry_s > 0) {
    properties.AddSessionExpiry(options_.session_expiry_s);
  }
  if (options_.receive_max > 0) {
    // Twice: the property for the broker, the option for the library's own count.
    properties.AddReceiveMaximum(options_.receive_max);
    mosquitto_int_option(handle_.get(), MOSQ_OPT_RECEIVE_MAXIMUM, options_.receive_max);
  }
  if (options_.send_max > 0) {
    mosquitto_int_option(handle_.get(), MOSQ_OPT_SEND_MAXIMUM, options_.send_max);
  }
  if (options_.packet_bytes_max > 0) {
    properties.AddPacketBytesMax(options_.packet_bytes_max);
  }
  if (!options_.will_topic.empty()) {
    const int code = mosquitto_will_set_v5(handle_.get(), options_.will_topic.c_str(),
                                           static_cast<int>(options_.will_payload.size()),
                                           options_.will_payload.data(), 1, true, nullptr);
    if (code != MOSQ_ERR_SUCCESS) {
      return Fail("last will on " + options_.will_topic + ": " + mosquitto_strerror(code));
    }
  }
  errno = 0;
  const int code = mosquitto_connect_bind_v5(handle_.get(), host.c_str(), address_.port,
                                             static_cast<int>(options_.keepalive.count()), nullptr,
                                             properties.get());
  const Status opened = Check(code, errno);
  return opened.ok() ? Write(now) : opened;
}

Status Connection::ContinueProbe(const Instant& now) {
  Result<std::string> answer = probe_->Continue();
  if (!answer.ok()) {
    return Fail(answer.error().message);
  }
  if (answer->empty()) {
    return Ok{};
  }
  probe_.reset();
  // With TLS the name must go to the library, which checks the certificate against it.
  return OpenHandle(now, address_.ca_file.empty() ? *answer : address_.host);
}

bool Connection::closed() const {
  return !handle_ && !probe_;
}

int Connection::fd() const {
  if (probe_) {
    return probe_->fd();
  }
  return handle_ ? mosquitto_socket(handle_.get()) : -1;
}

bool Connection::write_pending() const {
  return probe_ || (handle_ && mosquitto_want_write(handle_.get()));
}

bool Connection::read_pending() const {
  return handle_ && delivered_;
}

Status Connection::Read(const Instant& now) {
  if (probe_) {
    return ContinueProbe(now);
  }
  CHECK(handle_);
  delivered_ = false;
  errno = 0;
  const int code = mosquitto_loop_read(handle_.get(), 1);
  return Check(code, errno);
}

Status Connection::Write(const Instant& now) {
  if (probe_) {
    return ContinueProbe(now);
  }
  CHECK(handle_);
  errno = 0;
  const int code = mosquitto_loop_write(handle_.get(), 1);
  return Check(code, errno);
}

Status Connection::OnSecond(const Instant& now) {
  if (!connected_) {
    if (now.mono < deadline_) {
      return Ok{};
    }
    return Fail(probe_ ? ReturnText(MOSQ_ERR_ERRNO, ETIMEDOUT, address_)
                       : Text(address_) + " does not answer MQTT: is it a broker?");
  }
  errno = 0;
  const int code = mosquitto_loop_misc(handle_.get());
  const Status alive = Check(code, errno);
  return alive.ok() && write_pending() ? Write(now) : alive;
}

Status Connection::Subscribe(const std::vector<std::string>& filters, bool retain_as_published) {
  std::vector<std::string> copies = filters;  // the library's signature is not const-correct
  std::vector<char*> pointers;
  pointers.reserve(copies.size());
  for (std::string& filter : copies) {
    pointers.push_back(filter.data());
  }
  const int options = retain_as_published ? MQTT_SUB_OPT_RETAIN_AS_PUBLISHED : 0;
  const int code =
      mosquitto_subscribe_multiple(handle_.get(), nullptr, static_cast<int>(pointers.size()),
                                   pointers.data(), 1, options, nullptr);
  if (code != MOSQ_ERR_SUCCESS) {
    return Error{Errc::kInvalid, std::string("subscribe: ") + mosquitto_strerror(code)};
  }
  return Ok{};
}

Result<int> Connection::Publish(const core::Publish& message, std::optional<uint32_t> expiry_s) {
  CHECK(connected_);
  Properties properties;
  if (expiry_s) {
    properties.AddMessageExpiry(*expiry_s);
  }
  if (!message.correlation_data.empty()) {
    properties.AddCorrelationData(message.correlation_data);
  }
  int packet_identifier = 0;
  const int code =
      mosquitto_publish_v5(handle_.get(), &packet_identifier, message.topic.c_str(),
                           static_cast<int>(message.payload.size()), message.payload.data(),
                           message.qos, message.retain, properties.get());
  if (code != MOSQ_ERR_SUCCESS) {
    return Error{Errc::kInvalid, PrintableText(message.topic, kErrorTextBytesMax) + ": " +
                                     mosquitto_strerror(code)};
  }
  return packet_identifier;
}

void Connection::Shut() {
  if (handle_ && mosquitto_socket(handle_.get()) >= 0) {
    shutdown(mosquitto_socket(handle_.get()), SHUT_RDWR);
  }
  handle_.reset();
  probe_.reset();
  connected_ = false;
  refusal_.clear();
  library_error_.clear();
}

void Connection::Disconnect() {
  if (handle_ && connected_) {
    mosquitto_disconnect_v5(handle_.get(), MQTT_RC_NORMAL_DISCONNECTION, nullptr);
    mosquitto_loop_write(handle_.get(), 1);
  }
  Shut();
}

Status Connection::Check(int return_code, int error_number) {
  if (!refusal_.empty()) {
    return Fail(refusal_);
  }
  if (return_code == MOSQ_ERR_SUCCESS && mosquitto_socket(handle_.get()) >= 0) {
    return Ok{};
  }
  const int code = return_code == MOSQ_ERR_SUCCESS ? MOSQ_ERR_CONN_LOST : return_code;
  std::string message = ReturnText(code, error_number, address_);
  if (code == MOSQ_ERR_CONN_LOST && connected_) {
    // Mosquitto 2.0.11 sends no DISCONNECT with a reason to the client it throws out.
    message += "; a second client with our client id '" + options_.client_id + "' has that effect";
  }
  if (!library_error_.empty()) {
    message += " (" + library_error_ + ")";
  }
  return Fail(std::move(message));
}

Status Connection::Fail(std::string message) {
  Shut();
  return Error{Errc::kUnavailable, std::move(message)};
}

}  // namespace printfleet::mqtt
