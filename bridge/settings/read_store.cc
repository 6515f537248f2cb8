// The section `store`.
#include "settings/sections.h"

namespace printfleet::settings {

void ReadStore(Section section, Store& store) {
  section.Word<Payloads>(
      "payloads",
      {{"none", Payloads::kNone}, {"unusual", Payloads::kUnusual}, {"all", Payloads::kAll}},
      store.payloads);
  section.Number("telemetry_dead_band_c", {0, 20}, store.telemetry_dead_band_c);
  section.Number("telemetry_dead_band_ratio", {0, 0.5}, store.telemetry_dead_band_ratio);
  section.Time<milliseconds>("telemetry_interval_ms", {1000, 3'600'000}, store.telemetry_interval);
  section.Finish();
}

}  // namespace printfleet::settings
