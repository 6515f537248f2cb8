#include "broker/config.h"

#include <arpa/inet.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace printfleet::broker {

namespace {

constexpr size_t kSocketPathBytesMax = 107;  // sockaddr_un

// Minutes after which Mosquitto forgets a durable session nobody came back to: people's tools and
// replaced printers. Ours comes back in time, also after a long holiday.
constexpr std::string_view kSessionExpiration = "3m";

std::string Name(const settings::BrokerListener& listener) {
  return "listener " + listener.address + ":" + std::to_string(listener.port);
}

std::string NumberLine(std::string_view key, int64_t value) {
  return std::string(key) + " " + std::to_string(value) + "\n";
}

// A value that Mosquitto would read as more than one, or as the next line.
bool IsPlainWord(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > ' ' && c != 0x7f && c != '#';
  });
}

std::string GlobalText(const ConfigInput& input) {
  const settings::Broker& broker = *input.broker;
  std::string text =
      "# Written by printfleet at each start; changes here are lost.\n"
      "per_listener_settings true\n";
  if (!input.run_as.empty()) {
    text += "user " + input.run_as + "\n";
  }
  text +=
      "\n# The clock decides when to save, never the number of changes: each save stops the\n"
      "# broker's only thread. A new durable session is saved by SIGUSR1.\n"
      "persistence true\n"
      "persistence_location ./\n"
      "persistence_file mosquitto.db\n"
      "autosave_on_changes false\n";
  text += NumberLine("autosave_interval", broker.autosave_interval_s);
  text += "persistent_client_expiration " + std::string(kSessionExpiration) + "\n";
  text +=
      "\n# Printers publish with QoS 0; the daemon's session is to keep that too.\n"
      "upgrade_outgoing_qos true\n"
      "queue_qos0_messages true\n";
  text += NumberLine("max_queued_messages", broker.max_queued_messages);
  text += NumberLine("max_queued_bytes", broker.max_queued_bytes);
  text += NumberLine("max_inflight_messages", broker.max_inflight_messages);
  text += NumberLine("max_packet_size", broker.packet_bytes_max);
  text += NumberLine("message_size_limit", broker.packet_bytes_max);
  text +=
      "set_tcp_nodelay true\n"
      "sys_interval 10\n"
      "\n# Standard error goes to the daemon's log, which has the time.\n"
      "log_dest stderr\n";
  if (broker.lifetime == settings::Lifetime::kOwn) {
    text += "log_dest topic\n";  // read by the daemon: standard error is not its child's
  }
  text +=
      "log_timestamp false\n"
      "connection_messages true\n"
      "log_type error\n"
      "log_type warning\n"
      "log_type notice\n"
      "log_type information\n";
  if (input.log_denied) {
    text += "log_type debug\n";
  }
  return text;
}

// DEFAULT has no cipher without encryption and none without authentication; the level is about
// keys and signatures. With 0 also a certificate signed with SHA-1 or of 1024 bits is taken
// [tried].
std::string CiphersText(const settings::BrokerListener& listener) {
  const bool only_printers = listener.for_printers && !listener.for_people;
  const std::optional<int> level =
      only_printers ? listener.tls->security_level.value_or(0) : listener.tls->security_level;
  return level ? "ciphers DEFAULT:!aNULL:@SECLEVEL=" + std::to_string(*level) + "\n" : "";
}

std::string TlsText(const settings::BrokerListener& listener, size_t index) {
  const settings::Tls& tls = *listener.tls;
  std::string text = "tls_version tlsv1.2\n";  // and newer ones; 1.1 is refused [tried]
  text += CiphersText(listener);
  if (!tls.ca_file.empty()) {
    text += "cafile " + TlsFile(index, "ca") + "\n";
  }
  text += "certfile " + TlsFile(index, "cert") + "\n";
  text += "keyfile " + TlsFile(index, "key") + "\n";
  if (tls.require_certificate || listener.login == settings::Login::kCertificate) {
    text += "require_certificate true\n";
  }
  return text;
}

std::string ListenerText(const settings::BrokerListener& listener, size_t index) {
  const bool people = listener.for_people;
  const bool printers = listener.for_printers;
  std::string text = std::string("\n# For ") +
                     (people && printers ? "printers and people"
                      : people           ? "people"
                                         : "printers") +
                     ".\n";
  text += "listener " + std::to_string(listener.port) + " " + listener.address + "\n";
  text += "acl_file " + AccessFile(index) + "\n";
  if (listener.login == settings::Login::kCertificate) {
    // The CN becomes the user name, whatever the client says, and that the client id: else a
    // printer could push another off by connecting under its id.
    text += "use_identity_as_username true\nuse_username_as_clientid true\n";
  }
  if (listener.login == settings::Login::kPassword) {
    text += "allow_anonymous false\npassword_file " + PasswordFile(index) + "\n";
  } else {
    text += "allow_anonymous true\n";
  }
  if (listener.tls.has_value()) {
    text += TlsText(listener, index);
  }
  return text;
}

std::string OwnListenersText(uint16_t private_port) {
  return "\n# The daemon's own.\n"
         "listener " +
         std::to_string(private_port) +
         " 127.0.0.1\n"
         "allow_anonymous false\n"
         "acl_file " +
         kPrivateAccessFile + "\npassword_file " + kPrivatePasswordFile +
         "\n\n# Proves that this broker serves; nothing is allowed here.\n"
         "listener 0 " +
         kReadySocket +
         "\n"
         "allow_anonymous true\n"
         "acl_file " +
         kReadyAccessFile + "\n";
}

Status CheckListener(const settings::BrokerListener& listener) {
  const std::string name = Name(listener);
  if (!IsPlainWord(listener.address)) {
    return Error{Errc::kInvalid, name + ": address must be an IP address or a host name"};
  }
  if (!listener.for_people && !listener.for_printers) {
    return Error{Errc::kInvalid, name + ": is for nobody; write for: [printers], [people] or both"};
  }
  if (listener.login == settings::Login::kCertificate &&
      (listener.for_people || !listener.tls || listener.tls->ca_file.empty())) {
    return Error{Errc::kInvalid,
                 name + ": login: certificate is for printers alone, and needs tls.ca_file"};
  }
  if (listener.login == settings::Login::kNone && listener.for_people &&
      !IsLoopback(listener.address)) {
    return Error{Errc::kInvalid,
                 name +
                     ": login: none for people is for loopback only, because anybody who "
                     "reaches it commands the fleet; write for: [printers], or login: password"};
  }
  const std::optional<settings::Tls>& tls = listener.tls;
  if (tls.has_value() && (tls->cert_file.empty() || tls->key_file.empty())) {
    return Error{Errc::kInvalid, name + ": tls needs cert_file and key_file"};
  }
  if (tls.has_value() && tls->require_certificate && tls->ca_file.empty()) {
    return Error{Errc::kInvalid, name + ": tls.require_certificate needs tls.ca_file"};
  }
  return Ok{};
}

Error PortTwice(uint16_t port, const std::string& first, const std::string& second) {
  return Error{Errc::kInvalid,
               "port " + std::to_string(port) + " is used by " + first + " and by " + second +
                   ": give each listener a port number of its own, also on different addresses "
                   "(after a restart Mosquitto finds a durable session's listener by its port)"};
}

}  // namespace

std::string AccessFile(size_t index) {
  return "listener-" + std::to_string(index + 1) + ".acl";
}

std::string PasswordFile(size_t index) {
  return "listener-" + std::to_string(index + 1) + ".passwords";
}

std::string TlsFile(size_t index, const std::string& what) {
  return "listener-" + std::to_string(index + 1) + "-" + what + ".pem";
}

bool IsLoopback(const std::string& address) {
  in_addr four{};
  in6_addr six{};
  if (inet_pton(AF_INET, address.c_str(), &four) == 1) {
    return (ntohl(four.s_addr) >> 24) == 127;
  }
  if (inet_pton(AF_INET6, address.c_str(), &six) == 1) {
    return IN6_IS_ADDR_LOOPBACK(&six);
  }
  return address == "localhost";
}

Status CheckListeners(const settings::Broker& broker) {
  std::map<uint16_t, std::string> ports;
  for (const settings::BrokerListener& listener : broker.listeners) {
    Status status = CheckListener(listener);
    if (!status.ok()) {
      return status;
    }
    if (listener.port == 0) {
      continue;
    }
    const auto [found, added] = ports.emplace(listener.port, Name(listener));
    if (!added) {
      return PortTwice(listener.port, found->second, Name(listener));
    }
  }
  return Ok{};
}

Result<std::string> ConfigText(const ConfigInput& input) {
  const Status status = CheckListeners(*input.broker);
  if (!status.ok()) {
    return status.error();
  }
  static_assert(std::string_view(kReadySocket).size() <= kSocketPathBytesMax);
  if (input.private_port == 0 || (!input.run_as.empty() && !IsPlainWord(input.run_as))) {
    return Error{Errc::kInvalid, "broker: no private port, or run_as is not a user name"};
  }
  std::string text = GlobalText(input);
  for (size_t i = 0; i < input.broker->listeners.size(); ++i) {
    const settings::BrokerListener& listener = input.broker->listeners[i];
    if (listener.port == 0) {
      return Error{Errc::kInvalid, Name(listener) + ": no port was chosen"};
    }
    if (listener.port == input.private_port) {
      return PortTwice(listener.port, Name(listener), "the daemon's own listener");
    }
    text += ListenerText(listener, i);
  }
  return text + OwnListenersText(input.private_port);
}

}  // namespace printfleet::broker
