// job.reprint: an ended job printed again, as a print.start that is filled in from it. What the job
// was is asked of the store; the answer is planned like any print.start, under the request's own
// id.
#pragma once

#include <string>

#include "fleet/turn.h"

namespace printfleet::fleet {

// Asks for the job, or refuses. Requires: parsed without rejection, not seen before.
void AskReprint(Turn& turn, const Request& request);

// `row` is the job as the store has it: see Question::Kind::kReprint in store/questions.h.
void AnswerReprint(Turn& turn, const Request& request, const std::string& row);

}  // namespace printfleet::fleet
