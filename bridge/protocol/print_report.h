// print/report: the job, and what it does. [§3.6]
#pragma once

#include "protocol/message.h"
#include "protocol/report.h"

namespace printfleet::protocol {

PrintReport ReadPrintReport(const Message& message);

// The job that an info report tells of under `project`: the block of a print report with its word
// beside it. nullopt when no job is under way.
std::optional<PrintReport> ReadProject(const Fields& project, const Dialect& dialect);

}  // namespace printfleet::protocol
