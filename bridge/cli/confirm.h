// Asks a person.
#pragma once

#include <string>

#include "cli/conversation.h"

namespace printfleet::cli {

// Somebody is at the terminal who can be asked and can see the question.
bool CanAsk();

// "question [y/N] " on standard error; the connection is kept alive meanwhile. A signal and the end
// of input mean no.
bool Confirmed(Conversation& conversation, const std::string& question);

}  // namespace printfleet::cli
