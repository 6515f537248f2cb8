// A printer as a device of Home Assistant: the retained document of MQTT device discovery. Sensors
// read the state document; a printer is available while it is online and the daemon is there.
// Source: home-assistant.io/integrations/mqtt "Device discovery payload". Pure.
#pragma once

#include <string>
#include <string_view>

#include "printer/printer.h"

namespace printfleet::core {

std::string DiscoveryTopic(std::string_view prefix, const PrinterId& printer);

// `topic_root`: of the state document and of the bridge's.
std::string DiscoveryDocument(const printer::Registration& printer, std::string_view topic_root);

}  // namespace printfleet::core
