// Parts of registry.cc that have files of their own.
#pragma once

#include <optional>
#include <string>

#include "fleet/turn.h"

namespace printfleet::fleet {

// -- enroll.cc: printer.enroll with args.printer_id, also of a printer that has never connected --

std::optional<Rejection> CheckEnrollById(const World& world, const Rules& rules,
                                         const Request& request);

// The printer that args.printer_id means, as it is or as it will be registered. Requires: checked.
printer::Printer PrinterToEnroll(const World& world, const Rules& rules, const Request& request,
                                 const Instant& now);

// -- replace.cc: printer.replace --

// Requires: the target is one printer.
std::optional<Rejection> CheckReplace(const World& world, const Request& request,
                                      const PrinterId& old_id);

// Requires: checked. The new printer takes the old one's place; the old one is retired.
void ReplacePrinter(Turn& turn, const Request& request, printer::Printer& old_printer);

}  // namespace printfleet::fleet
