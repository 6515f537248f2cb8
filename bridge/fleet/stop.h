// What a stop is. Stops are exempt from every gate (gates.h), from every limit of messages in
// flight and from the queue of one printer.
#pragma once

#include "fleet/turn.h"

namespace printfleet::fleet {

// print.stop, print.pause, or print.update whose settings are only heater targets, all 0.
bool IsStop(const Request& request);

// What was accepted before this stop, is not sent yet and would set one of its printers going (a
// start, a resume, heat) is cancelled: nobody who stops a printer wants it to begin afterwards.
void WithdrawOvertaken(Turn& turn, CommandId stop);

}  // namespace printfleet::fleet
