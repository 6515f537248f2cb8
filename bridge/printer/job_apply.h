// What reports do to the printer's job, and to the state that comes with it.
#pragma once

#include "printer/step.h"

namespace printfleet::printer {

// A print/report: phases, outcomes, figures.
void ApplyPrint(Step& step, const protocol::PrintReport& print, const protocol::Envelope& envelope);

// A workReport: free or busy.
void ApplyWork(Step& step, protocol::WorkState work);

}  // namespace printfleet::printer
