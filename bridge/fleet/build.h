// Request + printer -> the typed message. Pure.
#pragma once

#include <string>

#include "fleet/handle.h"

namespace printfleet::fleet {

// The task a message about the current job names: the sender's, else the open job's, else the
// last one the printer reported, else the model's no_task_id.
std::string TaskIdFor(const Rules& rules, const Request& request, const printer::Printer& printer);

// A task id of ours: a decimal string that never was and never will be "0" or "-1".
std::string NewTaskId(int64_t number);

// `task_id` is what TaskIdFor or NewTaskId gave. Requires: the arguments were checked.
protocol::Request BuildRequest(const Request& request, const printer::Printer& printer,
                               const std::string& task_id);

// ota.report_version with a firmware: it is offered, not asked for.
bool IsFirmwareOffer(const Request& request);

// The printer's topics, kBoth while nobody knows its firmware.
protocol::TopicForm FormFor(const Rules& rules, const printer::Printer& printer);

// File name of the print that print.start begins.
std::string StartFilename(const Request& request);

}  // namespace printfleet::fleet
