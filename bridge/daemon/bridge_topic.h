// The document of the retained topic `<root>/bridge`.
#pragma once

#include <string>
#include <string_view>

namespace printfleet::daemon {

// `state`: online, degraded or offline; `reason` "" is null.
std::string BridgeDocument(std::string_view state, std::string_view reason);

}  // namespace printfleet::daemon
