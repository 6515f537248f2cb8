// What both connections need of libmosquitto: its start, its handles, its error texts, MQTT 5
// properties. Used inside mqtt/ only; libmosquitto's types are declared here, never defined.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "core/event.h"
#include "mqtt/address.h"

struct mosquitto;
struct mqtt5__property;

namespace printfleet::mqtt {

// Closes the socket first: what is queued and not written is never written.
struct HandleDeleter {
  void operator()(mosquitto* handle) const;
};

using Handle = std::unique_ptr<mosquitto, HandleDeleter>;

// A new MQTT 5 handle that writes only when it is told to (mosquitto_loop_write), with login and
// TLS as `address` says. `owner` is what its callbacks get. kInvalid for a client id or CA file
// that the library refuses.
Result<Handle> NewHandle(const BrokerAddress& address, const std::string& client_id,
                         bool clean_start, void* owner);

// A list of MQTT 5 properties to send; values out of range are ours, so they CHECK.
class Properties {
 public:
  Properties() = default;
  ~Properties();
  Properties(const Properties&) = delete;
  Properties& operator=(const Properties&) = delete;

  void AddSessionExpiry(uint32_t expiry_s);
  void AddReceiveMaximum(int messages);
  void AddPacketBytesMax(int bytes);
  void AddMessageExpiry(uint32_t expiry_s);
  void AddCorrelationData(const std::string& bytes);

  // Valid until the next Add… or the end of this list; nullptr when empty.
  [[nodiscard]] const mqtt5__property* get() const { return list_; }

 private:
  mqtt5__property* list_ = nullptr;
};

// Copies message expiry, response topic and correlation data.
void CopyProperties(const mqtt5__property* properties, core::Message& message);

// The server's Receive Maximum in a CONNACK, nullopt where it says none (65535 then).
std::optional<int> ServerReceiveMaximum(const mqtt5__property* properties);

// What a MOSQ_ERR_… code of a call to this broker means and what to do about it. `error_number` is
// errno right after the call.
std::string ReturnText(int return_code, int error_number, const BrokerAddress& address);

// The same for an MQTT 5 reason code (0x80 and above) of CONNACK, DISCONNECT, SUBACK or PUBACK.
std::string ReasonText(int reason_code, const std::string& client_id);

}  // namespace printfleet::mqtt
