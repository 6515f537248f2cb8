// The same request again: the same id of the same author. It is answered with what became of the
// first one, nothing is done; with another body it is refused as a conflict.
//
// The memory knows the newest of commands.remember (core/remembered.h), the tables know all: their
// key (author, request_id) refuses what the memory has forgotten, and the answer is asked of them.
#pragma once

#include <string>

#include "fleet/turn.h"

namespace printfleet::fleet {

// A question to the store on behalf of `request`; its answer comes to HandleAnswer. What it is
// about is to be filled in.
Question MakeQuestion(Question::Kind kind, const Request& request);

// False when the memory does not know it.
bool Replay(Turn& turn, const Request& request);

// Asks the store what became of the first one.
void AskReplay(Turn& turn, const Request& request);

// `row` is the first one as the store has it: see Question::Kind::kReplay in store/questions.h.
void AnswerReplay(Turn& turn, const Request& request, const std::string& row);

}  // namespace printfleet::fleet
