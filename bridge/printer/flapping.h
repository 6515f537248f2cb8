// Flapping: a printer that comes and goes all the time tells its story in two events, not in
// hundreds. Its state still changes as it is; only printer_suspect, _offline and _online are not
// said until it has been calm for Policy::flapping_window.
#pragma once

#include "printer/step.h"

namespace printfleet::printer {

// The printer's presence became doubtful: one more loss. Begins the flapping at flapping_losses of
// them within flapping_window.
void CountLoss(Step& step);

// An event of presence, withheld while the printer flaps.
void NotifyPresence(Step& step, std::string_view kind, std::string_view text);

// Ends the flapping once there was no loss for the window.
void WatchFlapping(Step& step);

// The link hears again: what was not heard was not calm, so the window begins anew.
void RenewFlapping(Step& step);

// When WatchFlapping has something to do; nullopt for never.
std::optional<MonoTime> FlappingDeadline(const Printer& printer, const Policy& policy);

}  // namespace printfleet::printer
