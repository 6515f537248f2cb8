// job.set: verdict and note of a job. Whether there is such a job is asked of the store; then it is
// a command like the others, stored with the mark in one transaction and remembered: an old one
// that comes again does not undo a newer one.
#pragma once

#include <string>

#include "fleet/turn.h"

namespace printfleet::fleet {

// Asks for the job. Requires: parsed without rejection, not seen before.
void AskJobSet(Turn& turn, const Request& request);

// `row` is the job as the store has it: see Question::Kind::kJobSet in store/questions.h.
void AnswerJobSet(Turn& turn, const Request& request, const std::string& row);

}  // namespace printfleet::fleet
