#include "broker/access.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace printfleet::broker {

namespace {

// Source: shared protocol dossier §1 (origins of requests: cloud, LAN web, slicer, desktop, phone).
constexpr std::array<std::string_view, 5> kLegacyOrigins = {"server", "web", "slicer", "pc", "app"};

constexpr std::string_view kBase = "anycubic/anycubicCloud/";

std::string Line(std::string_view access, const std::string& topic) {
  return "pattern " + std::string(access) + " " + topic + "\n";
}

std::string Head(const std::string& whose) {
  return "# " + whose +
         " Written by printfleet at each start; why it looks so: broker/access.h.\n" +
         Line("deny", "$CONTROL/#");
}

// What one printer, named by %c or %u, publishes and receives.
std::string PrinterLines(std::string_view id) {
  const std::string tail = "/+/" + std::string(id) + "/#";
  const std::string base(kBase);
  std::string text;
  text += Line("write", base + "v1/printer/public" + tail);
  text += Line("write", base + "v1/printer/app" + tail);
  text += Line("write", base + "printer/public" + tail);  // older firmware: no "v1"
  text += Line("read", base + "v1/+/printer" + tail);
  // Not "+/printer/+/<id>": with a model's number as the id that is v1/printer/public/<model>/…,
  // the reports of every printer of the model.
  for (const std::string_view origin : kLegacyOrigins) {
    std::string filter = base;
    filter.append(origin).append("/printer").append(tail);
    text += Line("read", filter);
  }
  return text;
}

std::string DiscoveryTopics(const std::string& prefix) {
  return prefix + "/device/+/config";
}

std::string PublicLines(const std::string& root, const std::string& discovery_prefix) {
  const std::string discovery =
      discovery_prefix.empty() ? "" : Line("read", DiscoveryTopics(discovery_prefix));
  return discovery + Line("read", root + "/printers/#") + Line("read", root + "/rollouts/#") +
         Line("read", root + "/events") + Line("read", root + "/bridge") + Line("read", "$SYS/#");
}

}  // namespace

std::string ListenerAccess(const settings::BrokerListener& listener, const std::string& topic_root,
                           const std::string& discovery_prefix) {
  const bool checked = listener.login != settings::Login::kNone;
  std::string text = Head("A listener's access list.");
  if (listener.for_people && checked) {
    text += Line("write", topic_root + "/command/%u");
    text += Line("read", topic_root + "/response/%u/#");
    text += PublicLines(topic_root, discovery_prefix);
  } else if (listener.for_people) {
    text += Line("write", topic_root + "/command");
    text += Line("write", topic_root + "/command/local");
    text += Line("read", topic_root + "/response/local/#");
    text += PublicLines(topic_root, discovery_prefix);
    text += Line("readwrite", "anycubic/#");  // simulators and tests
    return text;
  }
  if (listener.for_printers) {
    text += PrinterLines(checked ? "%u" : "%c");
  }
  return text;
}

std::string PrivateAccess(const std::string& topic_root, const std::string& discovery_prefix) {
  const std::string discovery =
      discovery_prefix.empty() ? "" : Line("readwrite", DiscoveryTopics(discovery_prefix));
  return Head("The daemon's own access list.") + discovery + Line("readwrite", topic_root + "/#") +
         Line("readwrite", "anycubic/#") + Line("read", "$SYS/#");
}

std::string NoAccess() {
  return Head("Readiness: nothing is allowed.");
}

Status CheckTopicRoot(const std::string& topic_root) {
  const bool clean = std::none_of(topic_root.begin(), topic_root.end(), [](unsigned char c) {
    return c <= ' ' || c == 0x7f || c == '+' || c == '#' || c == '%';
  });
  if (topic_root.empty() || !clean || topic_root.front() == '$' || topic_root.front() == '/' ||
      topic_root.back() == '/') {
    return Error{Errc::kInvalid, "fleet.topic_root \"" + topic_root +
                                     "\": must be topic levels such as fleet/v1, without +, #, %, "
                                     "blanks, and neither begin with $ nor begin or end with /"};
  }
  if (topic_root == "anycubic" || topic_root.starts_with("anycubic/")) {
    return Error{Errc::kInvalid, "fleet.topic_root \"" + topic_root +
                                     "\": lies in the printers' own topics; take another first "
                                     "level, such as fleet/v1"};
  }
  return Ok{};
}

}  // namespace printfleet::broker
