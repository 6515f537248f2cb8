// Is the printer there? A will, silence or the end of its session makes it suspect and has it
// asked; unanswered, it is offline. Wills are evidence, never a verdict: a stopping broker sends
// every printer's, and one of a session that was taken over comes after the new session's greeting.
// So where the broker's log says that a session lives, a will only has the printer asked. A living
// session proves no printer: a half-open connection is found by its silence.
#pragma once

#include "printer/step.h"

namespace printfleet::printer {

// May this be a report of the session that has ended, read after the broker's word of its end? Such
// a report says what was, and proves nothing of now, also where it looks like an answer.
bool IsLastWord(const Step& step);

// A live report that was not retained, and is neither an offline will nor a last word.
void HearPrinter(Step& step, const protocol::Report& report);

// A live "offline" of the printer's will.
void HearWill(Step& step);

// What the broker's log says of its session.
void HearSession(Step& step, const SessionNews& news);

// A suspect has until `patience` from now, and is asked anew.
void ExtendSuspicion(Step& step, milliseconds patience);

// Suspicion or verdict, where a deadline of presence has come. Requires: the link is live.
void WatchPresence(Step& step);

// When WatchPresence has something to do; nullopt for never.
std::optional<MonoTime> PresenceDeadline(const Printer& printer, const Policy& policy);

void LosePresence(Step& step);

void RenewPresence(Step& step);

}  // namespace printfleet::printer
