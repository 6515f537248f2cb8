#include "mqtt/library.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/check.h"

namespace printfleet::mqtt {
namespace {

// Once a process; the library's state lives as long as the process does.
void StartLibrary() {
  static const int started = mosquitto_lib_init();
  CHECK(started == MOSQ_ERR_SUCCESS);
}

std::string SystemText(int error_number) {
  return strerror(error_number);
}

Status SetLogin(mosquitto* handle, const BrokerAddress& address) {
  if (!address.user.empty()) {
    const char* password = address.password.empty() ? nullptr : address.password.c_str();
    const int code = mosquitto_username_pw_set(handle, address.user.c_str(), password);
    if (code != MOSQ_ERR_SUCCESS) {
      return Error{Errc::kInvalid, "broker user name or password: " + ReturnText(code, 0, address)};
    }
  }
  if (!address.ca_file.empty()) {
    const int code =
        mosquitto_tls_set(handle, address.ca_file.c_str(), nullptr, nullptr, nullptr, nullptr);
    if (code != MOSQ_ERR_SUCCESS) {
      return Error{Errc::kInvalid, "broker.ca_file " + address.ca_file + ": cannot be read"};
    }
  }
  return Ok{};
}

std::string ConnectFailure(int error_number, const BrokerAddress& address) {
  const std::string where = Text(address);
  switch (error_number) {
    case ECONNREFUSED:
      return "connection refused by " + where + ": nothing listens there; is the broker running?";
    case ETIMEDOUT:
      return "no answer from " + where + ": is the address right, or a firewall between?";
    case EHOSTUNREACH:
    case ENETUNREACH:
      return "no route to " + where + ": is the network up?";
    default:
      return where + ": " + SystemText(error_number);
  }
}

}  // namespace

std::string Text(const BrokerAddress& address) {
  const bool ipv6 = address.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

void HandleDeleter::operator()(mosquitto* handle) const {
  mosquitto_destroy(handle);
}

Result<Handle> NewHandle(const BrokerAddress& address, const std::string& client_id,
                         bool clean_start, void* owner) {
  StartLibrary();
  Handle handle(mosquitto_new(client_id.c_str(), clean_start, owner));
  if (!handle) {
    return Error{Errc::kInvalid, "client id '" + client_id + "': " + SystemText(errno)};
  }
  CHECK(mosquitto_int_option(handle.get(), MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5) ==
        MOSQ_ERR_SUCCESS);
  CHECK(mosquitto_threaded_set(handle.get(), true) == MOSQ_ERR_SUCCESS);
  // Small packets one after the other: without it each waits for the last one's TCP ack.
  CHECK(mosquitto_int_option(handle.get(), MOSQ_OPT_TCP_NODELAY, 1) == MOSQ_ERR_SUCCESS);
  const Status login = SetLogin(handle.get(), address);
  if (!login.ok()) {
    return login.error();
  }
  return handle;
}

Properties::~Properties() {
  mosquitto_property_free_all(&list_);
}

void Properties::AddSessionExpiry(uint32_t expiry_s) {
  CHECK(mosquitto_property_add_int32(&list_, MQTT_PROP_SESSION_EXPIRY_INTERVAL, expiry_s) ==
        MOSQ_ERR_SUCCESS);
}

void Properties::AddReceiveMaximum(int messages) {
  CHECK(messages > 0 && messages <= UINT16_MAX);
  CHECK(mosquitto_property_add_int16(&list_, MQTT_PROP_RECEIVE_MAXIMUM,
                                     static_cast<uint16_t>(messages)) == MOSQ_ERR_SUCCESS);
}

void Properties::AddPacketBytesMax(int bytes) {
  CHECK(bytes > 0);
  CHECK(mosquitto_property_add_int32(&list_, MQTT_PROP_MAXIMUM_PACKET_SIZE,
                                     static_cast<uint32_t>(bytes)) == MOSQ_ERR_SUCCESS);
}

void Properties::AddMessageExpiry(uint32_t expiry_s) {
  CHECK(mosquitto_property_add_int32(&list_, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, expiry_s) ==
        MOSQ_ERR_SUCCESS);
}

void Properties::AddCorrelationData(const std::string& bytes) {
  CHECK(bytes.size() <= UINT16_MAX);
  CHECK(mosquitto_property_add_binary(&list_, MQTT_PROP_CORRELATION_DATA, bytes.data(),
                                      static_cast<uint16_t>(bytes.size())) == MOSQ_ERR_SUCCESS);
}

void CopyProperties(const mqtt5__property* properties, core::Message& message) {
  uint32_t expiry_s = 0;
  if (mosquitto_property_read_int32(properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, &expiry_s,
                                    false) != nullptr) {
    message.message_expiry_s = expiry_s;
  }
  char* text = nullptr;
  if (mosquitto_property_read_string(properties, MQTT_PROP_RESPONSE_TOPIC, &text, false) !=
      nullptr) {
    message.response_topic = text;
    std::free(text);  // NOLINT(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory)
  }
  void* bytes = nullptr;
  uint16_t size = 0;
  if (mosquitto_property_read_binary(properties, MQTT_PROP_CORRELATION_DATA, &bytes, &size,
                                     false) != nullptr &&
      bytes != nullptr) {
    message.correlation_data.assign(static_cast<const char*>(bytes), size);
    std::free(bytes);  // NOLINT(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory)
  }
}

std::optional<int> ServerReceiveMaximum(const mqtt5__property* properties) {
  uint16_t maximum = 0;
  if (mosquitto_property_read_int16(properties, MQTT_PROP_RECEIVE_MAXIMUM, &maximum, false) ==
      nullptr) {
    return std::nullopt;
  }
  return maximum;
}

std::string ReturnText(int return_code, int error_number, const BrokerAddress& address) {
  switch (return_code) {
    case MOSQ_ERR_ERRNO:
      return ConnectFailure(error_number, address);
    case MOSQ_ERR_EAI:
      return "cannot resolve the broker's name '" + address.host + "': check broker.url and DNS";
    case MOSQ_ERR_TLS:
      return "TLS with " + Text(address) +
             " failed: does broker.ca_file hold its CA, and is the host name in its certificate?";
    case MOSQ_ERR_CONN_LOST:
    case MOSQ_ERR_NO_CONN:
      return Text(address) + " closed the connection: its log says why";
    case MOSQ_ERR_KEEPALIVE:
      return Text(address) + " did not answer a ping within the keep alive time";
    case MOSQ_ERR_PROTOCOL:
    case MOSQ_ERR_MALFORMED_PACKET:
      return Text(address) + " broke the MQTT protocol: is it an MQTT 5 broker?";
    default:
      return Text(address) + ": " + mosquitto_strerror(return_code);
  }
}

std::string ReasonText(int reason_code, const std::string& client_id) {
  switch (reason_code) {
    case MQTT_RC_SESSION_TAKEN_OVER:
      return "another client uses our client id '" + client_id +
             "': a second daemon on this data_dir, or on a copy of it?";
    case MQTT_RC_BAD_USERNAME_OR_PASSWORD:
    case MQTT_RC_NOT_AUTHORIZED:
      return "the broker refuses us (not authorised): check the user and broker.password_file";
    case MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION:
      return "the broker does not speak MQTT 5";
    case MQTT_RC_CLIENTID_NOT_VALID:
      return "the broker does not accept our client id '" + client_id + "'";
    case MQTT_RC_SERVER_SHUTTING_DOWN:
      return "the broker is shutting down";
    case MQTT_RC_KEEP_ALIVE_TIMEOUT:
      return "the broker heard nothing from us for 1.5 keep alive times";
    case MQTT_RC_RECEIVE_MAXIMUM_EXCEEDED:
      return "the broker says that we sent more unacknowledged messages than it allows";
    case MQTT_RC_PACKET_TOO_LARGE:
      return "the broker refuses a packet of this size: see its max_packet_size";
    case MQTT_RC_QUOTA_EXCEEDED:
      return "the broker's quota is used up";
    default: {
      std::array<char, 8> hex{};
      std::snprintf(hex.data(), hex.size(), "0x%02X", static_cast<unsigned>(reason_code));
      return std::string("the broker says ") + mosquitto_reason_string(reason_code) + " (" +
             hex.data() + ")";
    }
  }
}

}  // namespace printfleet::mqtt
