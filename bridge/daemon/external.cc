#include "daemon/external.h"

#include <charconv>

#include "base/text.h"
#include "daemon/files.h"

namespace printfleet::daemon {
namespace {

Result<std::string> ReadSecret(const std::string& file) {
  auto secret = ReadFile(file);
  if (secret.ok()) {
    while (!secret->empty() && (secret->back() == '\n' || secret->back() == '\r')) {
      secret->pop_back();
    }
  }
  return secret;
}

// `url` with the password that `file` holds; `key` names the file's key.
Result<std::string> WithPassword(const std::string& url, const std::string& file,
                                 const std::string& key) {
  if (file.empty()) {
    return url;
  }
  auto password = ReadSecret(file);
  if (!password.ok()) {
    return password.error().Within(key);
  }
  const char* joint = url.find('?') == std::string::npos ? "?" : "&";
  return url + joint + "password=" + PercentEncoded(*password);
}

}  // namespace

Status CheckTrust(const settings::Broker& broker) {
  if (broker.mode == settings::Mode::kManaged || broker.trust_command_topic) {
    return Ok{};
  }
  return Error{Errc::kInvalid,
               "broker.trust_command_topic is not true: with an external broker nobody but its own "
               "access list keeps a user from sending commands in another's name. Let each user "
               "publish to command/<their own user name> and nowhere else below the fleet's topics "
               "(config/external.yaml), then say trust_command_topic: true"};
}

Result<mqtt::BrokerAddress> ExternalBroker(const settings::Broker& broker) {
  std::string_view rest = broker.url;
  const bool tls = rest.starts_with("mqtts://");
  if (!tls && !rest.starts_with("mqtt://")) {
    return Error{Errc::kInvalid, "broker.url: expected mqtt://host:port or mqtts://host:port"};
  }
  rest.remove_prefix(tls ? 8 : 7);
  mqtt::BrokerAddress address;
  address.port = tls ? 8883 : 1883;
  address.ca_file = tls ? broker.ca_file : "";
  if (tls && broker.ca_file.empty()) {
    address.ca_file = "/etc/ssl/certs/ca-certificates.crt";
  }
  if (const size_t at = rest.find('@'); at != std::string_view::npos) {
    address.user = rest.substr(0, at);
    rest.remove_prefix(at + 1);
  }
  rest = rest.substr(0, rest.find('/'));
  if (const size_t colon = rest.rfind(':'); colon != std::string_view::npos) {
    const std::string_view port = rest.substr(colon + 1);
    const auto read = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (read.ec != std::errc() || read.ptr != port.data() + port.size()) {
      return Error{Errc::kInvalid, "broker.url: the port is no number"};
    }
    rest = rest.substr(0, colon);
  }
  address.host = rest;
  if (!broker.password_file.empty()) {
    auto password = ReadSecret(broker.password_file);
    if (!password.ok()) {
      return password.error().Within("broker.password_file");
    }
    address.password = *password;
  }
  return address;
}

Result<std::string> ExternalConninfo(const settings::Database& database) {
  return WithPassword(database.url, database.password_file, "database.password_file");
}

Result<std::string> ExternalOwnerConninfo(const settings::Database& database) {
  return WithPassword(database.owner_url, database.owner_password_file,
                      "database.owner_password_file");
}

}  // namespace printfleet::daemon
