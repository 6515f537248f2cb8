// The section `broker`: the listeners and who may use them.
#include <unistd.h>

#include <algorithm>

#include "settings/sections.h"

namespace printfleet::settings {
namespace {

enum class Audience { kPrinters, kPeople };

void WarnUnreadable(const Section& section, std::string_view key, const std::string& file) {
  if (!file.empty() && access(file.c_str(), R_OK) != 0) {
    section.Warning(key, file + " cannot be read (yet)");
  }
}

Tls ReadTls(Section section) {
  Tls tls;
  section.Path("ca_file", tls.ca_file);
  section.Path("cert_file", tls.cert_file);
  section.Path("key_file", tls.key_file);
  section.Flag("require_certificate", tls.require_certificate);
  int level = 0;
  section.Integer("security_level", {0, 2}, level);
  if (section.Has("security_level")) {
    tls.security_level = level;
  }
  for (const auto& key : {"cert_file", "key_file"}) {
    if (!section.Has(key)) {
      section.Error("", std::string(key) + " is missing");
    }
  }
  if (tls.require_certificate && !section.Has("ca_file")) {
    section.Error("require_certificate", "needs ca_file, the authority of those certificates");
  }
  WarnUnreadable(section, "ca_file", tls.ca_file);
  WarnUnreadable(section, "cert_file", tls.cert_file);
  WarnUnreadable(section, "key_file", tls.key_file);
  section.Finish();
  return tls;
}

// A certificate names a printer, so nobody else may come this way.
void CheckCertificateLogin(const Section& section, const BrokerListener& listener) {
  if (!listener.tls || listener.tls->ca_file.empty()) {
    section.Error("login",
                  "certificate needs tls with ca_file, the authority of the printers' certificates "
                  "(printfleet ca issue makes them)");
  }
  if (listener.for_people) {
    section.Error(section.Has("for") ? "for" : "login",
                  "login: certificate is for printers: say for: [printers], and give people a "
                  "listener of their own");
  }
}

void CheckLogin(const Section& section, const BrokerListener& listener) {
  if (listener.login == Login::kCertificate) {
    CheckCertificateLogin(section, listener);
  }
  const bool loopback = IsLoopback(listener.address);
  if (listener.login == Login::kNone && listener.for_people && !loopback) {
    section.Error(section.Has("login") ? "login" : "",
                  "login: none for people is only for a loopback address, not " + listener.address +
                      ": say login: password, or for: [printers] and give people a listener of "
                      "their own");
  }
  if (listener.login == Login::kPassword && listener.for_people && !loopback && !listener.tls) {
    section.Warning("login", "passwords cross the network in clear without tls");
  }
  if (listener.login == Login::kPassword && listener.for_printers) {
    section.Warning(section.Has("for") ? "for" : "login",
                    "a printer's user name must be its id here: stock firmware brings the vendor's "
                    "and cannot log in; for it a listener of its own with login: none");
  }
}

BrokerListener ReadListener(Section& section) {
  BrokerListener listener;
  ReadAddress(section, listener.address);
  section.Integer("port", {0, 65535}, listener.port);
  const auto audiences = section.WordList<Audience>(
      "for", {{"printers", Audience::kPrinters}, {"people", Audience::kPeople}});
  if (audiences) {
    const auto has = [&](Audience audience) {
      return std::find(audiences->begin(), audiences->end(), audience) != audiences->end();
    };
    listener.for_printers = has(Audience::kPrinters);
    listener.for_people = has(Audience::kPeople);
  }
  section.Word<Login>("login",
                      {{"none", Login::kNone},
                       {"password", Login::kPassword},
                       {"certificate", Login::kCertificate}},
                      listener.login);
  Section tls = section.Child("tls");
  const Tls read = section.Has("tls") || section.describing() ? ReadTls(std::move(tls)) : Tls{};
  if (section.Has("tls")) {
    listener.tls = read;
  }
  CheckLogin(section, listener);
  section.Finish();
  return listener;
}

void CheckPorts(const std::vector<Section>& sections,
                const std::vector<BrokerListener>& listeners) {
  for (size_t i = 0; i < listeners.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (listeners[i].port != 0 && listeners[i].port == listeners[j].port) {
        sections[i].Error("port", std::to_string(listeners[i].port) + " is the port of listener " +
                                      std::to_string(j) +
                                      " too: Mosquitto needs a port number for each, also on "
                                      "different addresses");
        break;
      }
    }
  }
}

void ReadListeners(Section& broker, std::vector<BrokerListener>& out) {
  auto sections = broker.Children("listeners");
  if (!sections) {
    return;
  }
  std::vector<BrokerListener> listeners;
  for (auto& section : *sections) {
    listeners.push_back(ReadListener(section));
  }
  CheckPorts(*sections, listeners);
  if (listeners.empty()) {
    broker.Error("listeners", "is empty: nobody could connect");
    return;
  }
  const auto any = [&](bool BrokerListener::*audience) {
    return std::any_of(listeners.begin(), listeners.end(),
                       [&](const auto& listener) { return listener.*audience; });
  };
  if (!any(&BrokerListener::for_printers)) {
    broker.Warning("listeners", "none is for printers");
  }
  if (!any(&BrokerListener::for_people)) {
    broker.Warning("listeners", "none is for people: no commands, no dashboards");
  }
  out = std::move(listeners);
}

void ReadLimits(Section& section, Broker& broker) {
  section.Integer("max_queued_messages", {0, 100'000'000}, broker.max_queued_messages);
  section.Integer("max_queued_bytes", {1 << 20, int64_t{1} << 40}, broker.max_queued_bytes);
  section.Integer("max_inflight_messages", {1, 65535}, broker.max_inflight_messages);
  section.Integer("packet_bytes_max", {64 << 10, 256 << 20}, broker.packet_bytes_max);
  section.Integer("autosave_interval_s", {1, 86400}, broker.autosave_interval_s);
}

void CheckExternal(const Section& section, const Broker& broker) {
  if (!section.Has("url")) {
    section.Error("mode", "external needs url, like mqtts://daemon@broker.example:8883");
  }
  CheckUrl(section, "url", broker.url, {"mqtt", "mqtts"});
  if (broker.url.starts_with("mqtt://") && !broker.ca_file.empty()) {
    section.Error("ca_file", "is for mqtts://");
  }
  if (!broker.trust_command_topic) {
    section.Warning("trust_command_topic",
                    "is not true, and serve will not start: who sent a command is told by its "
                    "topic, and only the broker's own access list can keep a user from publishing "
                    "as another; say true once it lets everybody publish below command/<their own "
                    "user name> only");
  }
}

}  // namespace

void ReadBroker(Section section, Broker& broker) {
  section.Word<Mode>("mode", {{"managed", Mode::kManaged}, {"external", Mode::kExternal}},
                     broker.mode);
  section.Word<Lifetime>("lifetime",
                         {{"with_daemon", Lifetime::kWithDaemon}, {"own", Lifetime::kOwn}},
                         broker.lifetime);
  ReadListeners(section, broker.listeners);
  section.Word<Role>(
      "local_role",
      {{"viewer", Role::kViewer}, {"operator", Role::kOperator}, {"admin", Role::kAdmin}},
      broker.local_role);
  section.Text("url", broker.url);
  section.Path("password_file", broker.password_file);
  section.Path("ca_file", broker.ca_file);
  section.Flag("trust_command_topic", broker.trust_command_topic);
  section.Time<milliseconds>("connect_timeout_ms", {100, 600'000}, broker.connect_timeout);
  section.Time<milliseconds>("retry_max_ms", {100, 600'000}, broker.retry_max);
  ReadLimits(section, broker);
  section.Path("binary", broker.binary);
  section.Text("run_as", broker.run_as);
  section.Time<seconds>("start_timeout_s", {1, 86400}, broker.start_timeout);
  section.Time<seconds>("stop_timeout_s", {1, 3600}, broker.stop_timeout);
  section.Time<milliseconds>("restart_wait_max_ms", {250, 600'000}, broker.restart_wait_max);
  section.Flag("log_denied", broker.log_denied);
  RefuseOtherMode(
      section, broker.mode,
      {"lifetime", "listeners", "local_role", "max_queued_messages", "max_queued_bytes",
       "max_inflight_messages", "packet_bytes_max", "autosave_interval_s", "binary", "run_as",
       "start_timeout_s", "stop_timeout_s", "restart_wait_max_ms", "log_denied"},
      {"url", "password_file", "ca_file", "trust_command_topic"});
  if (broker.mode == Mode::kExternal) {
    CheckExternal(section, broker);
    WarnUnreadable(section, "password_file", broker.password_file);
    WarnUnreadable(section, "ca_file", broker.ca_file);
    broker.listeners.clear();
  }
  section.Finish();
}

}  // namespace printfleet::settings
