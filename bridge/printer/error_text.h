// What a report's error code and message tell an operator, in one line.
#pragma once

#include <string>

#include "protocol/report.h"
#include "settings/error_codes.h"

namespace printfleet::printer {

// The code's text with what the printer said of it, cleaned and cut; what there is of both.
std::string ErrorText(const settings::ErrorCodes& codes, const protocol::Envelope& envelope);

}  // namespace printfleet::printer
