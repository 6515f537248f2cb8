// Which payloads are kept in report_log. Pure.
#pragma once

#include "printer/printer.h"
#include "protocol/report.h"
#include "settings/settings.h"

namespace printfleet::core {

// `all`: every payload but those of telemetry that says what the last stored telemetry said;
// `unusual`: only of reports that are no routine (errors, unknown words, mistyped fields, types we
// do not decode); `none`: never.
bool KeepPayload(settings::Payloads payloads, const protocol::Report& report,
                 const printer::Readings& stored);

}  // namespace printfleet::core
