// What a stop is. Stops are exempt from every gate (gates.h), from every limit of messages in
// flight and from the queue of one printer.
#pragma once

#include "fleet/request.h"

namespace printfleet::fleet {

// print.stop, print.pause, or print.update whose settings are only heater targets, all 0.
bool IsStop(const Request& request);

}  // namespace printfleet::fleet
