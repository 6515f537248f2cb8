// Render: Snapshot -> Prometheus's text format. Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "metrics/process.h"
#include "metrics/snapshot.h"

namespace printfleet::metrics {

// The media type of both pages.
inline constexpr char kContentType[] = "text/plain; version=0.0.4; charset=utf-8";

// `/metrics`: the process and the fleet as a whole. Without `process` its metrics are left out.
std::string RenderFleet(const Snapshot& snapshot, const std::optional<ProcessReading>& process);

// `/metrics/printers`: at most 10 series a printer; readings of a printer that is not up go away.
std::string RenderPrinters(const Snapshot& snapshot);

}  // namespace printfleet::metrics
