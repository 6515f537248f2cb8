// The state document: what `fleet/v1/printers/<id>/state` and printer.list show. Pure.
#pragma once

#include <string>

#include "base/json.h"
#include "printer/printer.h"
#include "settings/error_codes.h"

namespace printfleet::printer {

// Writes the document of interface.md ("v":1 …) as one JSON object.
void WriteDocument(const Printer& printer, const settings::ErrorCodes& error_codes,
                   json::Writer& writer);

std::string Document(const Printer& printer, const settings::ErrorCodes& error_codes);

}  // namespace printfleet::printer
