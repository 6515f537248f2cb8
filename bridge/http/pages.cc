#include "http/pages.h"

#include <utility>

#include "base/json.h"
#include "base/text.h"

namespace printfleet::http {
namespace {

constexpr char kMetricsType[] = "text/plain; version=0.0.4; charset=utf-8";
constexpr size_t kReasonBytesMax = 1000;
// A page of 10,000 printers is 10 MB: not more of them at a time than a worker or two.
constexpr int kMetricsConcurrentMax = 2;

Route TextRoute(std::string path, std::function<std::string()> text) {
  return {std::move(path),
          [text = std::move(text)](const Request&) {
            return Answer{200, kMetricsType, text()};
          },
          kMetricsConcurrentMax};
}

Answer ReadyAnswer(const Readiness& readiness) {
  std::string body = readiness.ready
                         ? "ready\n"
                         : "not ready: " + PrintableText(readiness.reason, kReasonBytesMax) + "\n";
  for (const std::string& warning : readiness.warnings) {
    body += "warning: " + PrintableText(warning, kReasonBytesMax) + "\n";
  }
  return {.status = readiness.ready ? 200 : 503, .body = std::move(body)};
}

}  // namespace

Answer ErrorAnswer(int status, std::string_view message) {
  json::Writer writer;
  writer.BeginObject().Key("error").String(message).EndObject();
  return {status, "application/json", writer.Take() + "\n"};
}

std::vector<Route> MakeRoutes(const Pages& pages, bool with_metrics) {
  std::string index = "printfleet " PRINTFLEET_VERSION "\n\n";
  std::vector<Route> routes;
  if (with_metrics) {
    index += "/metrics           the process and the fleet, for Prometheus\n";
    index += "/metrics/printers  the single printers, for Prometheus\n";
    routes.push_back(TextRoute("/metrics", pages.metrics));
    routes.push_back(TextRoute("/metrics/printers", pages.printer_metrics));
  }
  index += "/healthz           200 while the process answers\n";
  index += "/readyz            200 while it hears and stores, else 503 and why\n";
  routes.push_back({"/", [index](const Request&) { return Answer{.body = index}; }});
  routes.push_back({"/healthz", [](const Request&) { return Answer{.body = "ok\n"}; }});
  routes.push_back({"/readyz", [readiness = pages.readiness](const Request&) {
                      return ReadyAnswer(readiness());
                    }});
  return routes;
}

}  // namespace printfleet::http
