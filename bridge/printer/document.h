// The state document: what `fleet/v1/printers/<id>/state` and printer.list show. Pure.
#pragma once

#include <string>

#include "base/json.h"
#include "printer/printer.h"

namespace printfleet::printer {

// Writes the document of interface.md ("v":1 …) as one JSON object.
void WriteDocument(const Printer& printer, json::Writer& writer);

std::string Document(const Printer& printer);

}  // namespace printfleet::printer
