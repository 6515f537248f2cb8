// Is the printer there? A will or silence makes it suspect and has it asked; unanswered, it is
// offline. Wills are evidence, never a verdict: a stopping broker sends every printer's.
#pragma once

#include "printer/step.h"

namespace printfleet::printer {

// A live report that was not retained and is no offline will.
void HearPrinter(Step& step, const protocol::Report& report);

// A live "offline" of the printer's will.
void HearWill(Step& step);

// Suspicion or verdict, where a deadline of presence has come. Requires: the link is live.
void WatchPresence(Step& step);

// When WatchPresence has something to do; nullopt for never.
std::optional<MonoTime> PresenceDeadline(const Printer& printer, const Policy& policy);

void LosePresence(Step& step);

void RenewPresence(Step& step);

}  // namespace printfleet::printer
