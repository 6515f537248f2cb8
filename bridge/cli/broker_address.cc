#include "cli/broker_address.h"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "settings/url.h"

namespace printfleet::cli {
namespace {

using settings::BrokerListener;
using settings::Login;

constexpr size_t kFileBytesMax = 1 << 20;

Error Invalid(std::string message) {
  return Error{Errc::kInvalid, std::move(message)};
}

// The port a listener really has: its own, or the free one that the managed broker chose, kept in
// data_dir/broker/listener-<number from 1>.port (broker/launch.h).
Result<uint16_t> PortOf(const settings::Settings& settings, size_t index) {
  const uint16_t configured = settings.broker.listeners[index].port;
  if (configured != 0) {
    return configured;
  }
  const std::string file =
      settings.data_dir + "/broker/listener-" + std::to_string(index + 1) + ".port";
  const auto text = ReadFile(file);
  uint16_t port = 0;
  if (text.ok()) {
    std::from_chars(text->data(), text->data() + text->size(), port);
  }
  if (port == 0) {
    return Error{Errc::kUnavailable, "the broker's port is chosen when it starts, and " + file +
                                         " does not name it yet"};
  }
  return port;
}

Status ReadPassword(const std::string& file, std::string& password) {
  if (file.empty()) {
    return Ok{};
  }
  auto text = ReadFile(file);
  if (!text.ok()) {
    return text.error();
  }
  password = text->substr(0, text->find_first_of("\r\n"));
  return Ok{};
}

Result<BrokerAddress> FromUrl(const std::string& text, const ConnectionArguments& connection) {
  const auto url = settings::ParseUrl(text);
  if (!url.ok()) {
    return url.error().Within(text);
  }
  if (url->scheme != "mqtt" && url->scheme != "mqtts") {
    return Invalid(text + ": begins with neither mqtt:// nor mqtts://");
  }
  if (url->password) {
    return Invalid("no password in a URL: put it into a file and name that with --password-file");
  }
  BrokerAddress broker;
  broker.host = url->host;
  broker.tls = url->scheme == "mqtts";
  broker.port = url->port != 0 ? url->port : static_cast<uint16_t>(broker.tls ? 8883 : 1883);
  broker.ca_file = connection.ca_file;
  broker.user = connection.user.empty() ? url->user : connection.user;
  broker.author = broker.user.empty() ? "local" : broker.user;
  if (!connection.topic_root.empty()) {
    broker.topic_root = connection.topic_root;
  }
  if (auto status = ReadPassword(connection.password_file, broker.password); !status.ok()) {
    return status.error();
  }
  return broker;
}

// Of several listeners for people: the first without login when nobody says a name, else the first
// with passwords.
std::optional<size_t> ChooseListener(const std::vector<BrokerListener>& listeners, bool with_user) {
  std::optional<size_t> chosen;
  const Login wanted = with_user ? Login::kPassword : Login::kNone;
  for (size_t i = 0; i < listeners.size(); ++i) {
    if (!listeners[i].for_people) {
      continue;
    }
    if (listeners[i].login == wanted) {
      return i;
    }
    chosen = chosen.value_or(i);
  }
  return chosen;
}

Result<BrokerAddress> FromListeners(const settings::Settings& settings,
                                    const ConnectionArguments& connection) {
  const auto index = ChooseListener(settings.broker.listeners, !connection.user.empty());
  if (!index) {
    return Invalid("the configuration has no broker listener for people");
  }
  const BrokerListener& listener = settings.broker.listeners[*index];
  if (listener.login != Login::kNone && connection.user.empty()) {
    return Invalid("the broker wants a login: say --user NAME --password-file FILE");
  }
  const auto port = PortOf(settings, *index);
  if (!port.ok()) {
    return port.error();
  }
  BrokerAddress broker;
  broker.host = ReachableHost(listener.address);
  broker.port = *port;
  broker.tls = listener.tls.has_value();
  broker.ca_file = connection.ca_file;
  broker.author = "local";
  if (listener.login != Login::kNone) {
    broker.user = connection.user;
    broker.author = connection.user;
  }
  if (auto status = ReadPassword(connection.password_file, broker.password); !status.ok()) {
    return status.error();
  }
  return broker;
}

}  // namespace

std::string ReachableHost(const std::string& address) {
  if (address == "0.0.0.0") {
    return "127.0.0.1";
  }
  return address == "::" ? "::1" : address;
}

std::string BrokerAddress::CommandTopic() const {
  return topic_root + "/command" + (author == "local" ? "" : "/" + author);
}

std::string BrokerAddress::ResponseTopic(const std::string& request_id) const {
  return topic_root + "/response/" + author + "/" + request_id;
}

std::string BrokerAddress::Text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return std::string(tls ? "mqtts://" : "mqtt://") + (v6 ? "[" + host + "]" : host) + ":" +
         std::to_string(port);
}

Result<std::string> ReadFile(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(kFileBytesMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (in.bad() || (!in.eof() && text.empty()) || text.size() > kFileBytesMax) {
    return Invalid(file + ": cannot be read, or is larger than 1 MiB");
  }
  return text;
}

Result<std::string> FindConfig(const std::string& config) {
  if (!config.empty()) {
    return config;
  }
  const char* from_environment = std::getenv("PRINTFLEET_CONFIG");  // NOLINT(concurrency-mt-unsafe)
  if (from_environment != nullptr && *from_environment != '\0') {
    return std::string(from_environment);
  }
  for (const auto* file : {"printfleet.yaml", "/etc/printfleet/printfleet.yaml"}) {
    if (std::error_code error; std::filesystem::exists(file, error)) {
      return std::string(file);
    }
  }
  return Invalid(
      "no configuration: say --config FILE (looked at $PRINTFLEET_CONFIG, "
      "./printfleet.yaml, /etc/printfleet/printfleet.yaml)");
}

Result<BrokerAddress> BrokerOf(const settings::Settings& settings,
                               const ConnectionArguments& connection) {
  const bool external = settings.broker.mode == settings::Mode::kExternal;
  ConnectionArguments filled = connection;
  if (external && filled.ca_file.empty()) {
    filled.ca_file = settings.broker.ca_file;
  }
  if (external && filled.user.empty() && filled.password_file.empty()) {
    filled.password_file = settings.broker.password_file;  // the daemon's own login
  }
  auto broker =
      external ? FromUrl(settings.broker.url, filled) : FromListeners(settings, connection);
  if (broker.ok()) {
    broker->topic_root = settings.fleet.topic_root;
  }
  return broker;
}

Result<BrokerAddress> FindBroker(const ConnectionArguments& connection) {
  if (!connection.broker.empty()) {
    return FromUrl(connection.broker, connection);
  }
  const auto file = FindConfig(connection.config);
  if (!file.ok()) {
    return Invalid(file.error().message + ", or --broker mqtt://host:port");
  }
  const settings::Loaded loaded = settings::LoadFile(*file);
  if (!loaded.ok()) {
    std::string text;
    for (const auto& problem : loaded.problems) {
      text += (text.empty() ? "" : "\n") + problem.Text();
    }
    return Invalid(text);
  }
  return BrokerOf(loaded.settings, connection);
}

}  // namespace printfleet::cli
