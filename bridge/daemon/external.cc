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

// As a part of a URI's query.
std::string PercentEncoded(const std::string& value) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char c : value) {
    if (kPlain.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += "%" + HexText(std::string(1, c));
    }
  }
  return encoded;
}

}  // namespace

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
  if (database.password_file.empty()) {
    return database.url;
  }
  auto password = ReadSecret(database.password_file);
  if (!password.ok()) {
    return password.error().Within("database.password_file");
  }
  const char* joint = database.url.find('?') == std::string::npos ? "?" : "&";
  return database.url + joint + "password=" + PercentEncoded(*password);
}

}  // namespace printfleet::daemon
