// Explanations as lines for people and as JSON for programs. Pure.
#pragma once

#include <string>

#include "capture/explain.h"

namespace printfleet::capture {

// Ends with a newline; safe for a terminal whatever the messages held.
std::string TextOf(const Explanation& explanation);
std::string TextOf(const Summary& summary);

// One JSON object, without a newline.
std::string JsonOf(const Explanation& explanation);
std::string JsonOf(const Summary& summary);

}  // namespace printfleet::capture
