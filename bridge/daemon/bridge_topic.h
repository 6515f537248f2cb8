// The document of the retained topic `<root>/bridge`.
#pragma once

#include <string>
#include <string_view>

#include "core/outage.h"

namespace printfleet::daemon {

// `state`: online, degraded or offline; `reason` "" is null. `farm_outage` is null without one.
std::string BridgeDocument(std::string_view state, std::string_view reason,
                           const core::Outage& outage);

}  // namespace printfleet::daemon
