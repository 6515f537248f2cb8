// What of the printers' readings and reports is stored. Pure.
#pragma once

#include <optional>

#include "base/time.h"
#include "printer/printer.h"
#include "protocol/report.h"
#include "settings/settings.h"

namespace printfleet::core {

// What one row of telemetry says.
struct TelemetrySample {
  printer::Readings readings;
  std::optional<double> progress_ratio;  // of the open job
};

// Is `sample` worth a row beside `stored`, the last one, written `since` ago (nullopt: there is
// none)?
//   at once                       a target, the speed mode or the offset changed, a reading came or
//                                 went, or `state_changed`
//   after fleet.state_interval    a temperature left its dead band, or the fan or the progress its
//   own after store.telemetry_interval whatever it says
// Dead bands are around what was stored, so a slow drift is not lost.
bool TelemetryDue(const TelemetrySample& sample, const TelemetrySample& stored, bool state_changed,
                  std::optional<milliseconds> since, const settings::Settings& settings);

// `all`: every payload but those of telemetry that says what the last stored telemetry said, within
// the dead bands; `unusual`: only of reports that are no routine (errors, unknown words, mistyped
// fields, types we do not decode); `none`: never. The dead bands are `store`'s.
bool KeepPayload(settings::Payloads payloads, const settings::Store& store,
                 const protocol::Report& report, const printer::Readings& stored);

}  // namespace printfleet::core
