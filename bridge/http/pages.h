// Pages: what people, Prometheus and load balancers read: /, /metrics, /metrics/printers, /healthz,
// /readyz.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "http/route.h"

namespace printfleet::http {

struct Readiness {
  bool ready = false;
  std::string reason;                 // why not
  std::vector<std::string> warnings;  // what is wrong besides
};

// Given by the daemon; called on the server's threads, so they read published values only.
struct Pages {
  std::function<std::string()> metrics;          // text of /metrics
  std::function<std::string()> printer_metrics;  // text of /metrics/printers
  std::function<Readiness()> readiness;
};

// The health pages, and the metrics pages where `with_metrics`.
std::vector<Route> MakeRoutes(const Pages& pages, bool with_metrics);

}  // namespace printfleet::http
