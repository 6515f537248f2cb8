#include "core/telemetry.h"

#include <cmath>

namespace printfleet::core {
namespace {

// A band of 0 holds only the value itself. A ratio of a whole band's distance is within, whatever
// binary fractions make of it.
constexpr double kRounding = 1e-9;

bool Within(const std::optional<double>& value, const std::optional<double>& stored, double band) {
  if (!value || !stored) {
    return value.has_value() == stored.has_value();
  }
  return std::abs(*value - *stored) <= (band == 0 ? 0 : band + kRounding);
}

bool CameOrWent(const std::optional<double>& value, const std::optional<double>& stored) {
  return value.has_value() != stored.has_value();
}

// What an operator or a program has set, and what is there at all.
bool SameAtOnce(const printer::Readings& now, const printer::Readings& stored) {
  return now.nozzle_target_c == stored.nozzle_target_c && now.bed_target_c == stored.bed_target_c &&
         now.speed_mode == stored.speed_mode && now.z_offset_mm == stored.z_offset_mm &&
         !CameOrWent(now.nozzle_temp_c, stored.nozzle_temp_c) &&
         !CameOrWent(now.bed_temp_c, stored.bed_temp_c) &&
         !CameOrWent(now.fan_ratio, stored.fan_ratio);
}

bool WithinBands(const TelemetrySample& sample, const TelemetrySample& stored,
                 const settings::Store& store) {
  const double band_c = store.telemetry_dead_band_c;
  const double band_ratio = store.telemetry_dead_band_ratio;
  return Within(sample.readings.nozzle_temp_c, stored.readings.nozzle_temp_c, band_c) &&
         Within(sample.readings.bed_temp_c, stored.readings.bed_temp_c, band_c) &&
         Within(sample.readings.fan_ratio, stored.readings.fan_ratio, band_ratio) &&
         Within(sample.progress_ratio, stored.progress_ratio, band_ratio);
}

bool SaysTheSame(const std::optional<double>& said, const std::optional<double>& stored,
                 double band = 0) {
  return !said || Within(said, stored, band);
}

// What readings have no place for counts as news.
bool UnchangedTelemetry(const protocol::Report& report, const printer::Readings& stored,
                        const settings::Store& store) {
  const double band_c = store.telemetry_dead_band_c;
  if (const auto* said = std::get_if<protocol::TemperatureReport>(&report.body)) {
    const protocol::Temperatures& t = said->temperatures;
    return SaysTheSame(t.nozzle_c, stored.nozzle_temp_c, band_c) &&
           SaysTheSame(t.nozzle_target_c, stored.nozzle_target_c) &&
           SaysTheSame(t.bed_c, stored.bed_temp_c, band_c) &&
           SaysTheSame(t.bed_target_c, stored.bed_target_c) && !t.chamber_c && !t.chamber_target_c;
  }
  if (const auto* said = std::get_if<protocol::FanReport>(&report.body)) {
    return SaysTheSame(said->fan_ratio, stored.fan_ratio, store.telemetry_dead_band_ratio) &&
           !said->auxiliary_fan_ratio && !said->box_fan_level;
  }
  return false;
}

bool Unusual(const protocol::Report& report) {
  if (!report.field_errors.empty() || std::holds_alternative<protocol::OtherReport>(report.body) ||
      (report.envelope.code && protocol::IsErrorCode(*report.envelope.code))) {
    return true;
  }
  const auto* print = std::get_if<protocol::PrintReport>(&report.body);
  return print != nullptr && (print->word == protocol::PrintWord::kUnknown ||
                              print->word == protocol::PrintWord::kFailed);
}

}  // namespace

bool TelemetryDue(const TelemetrySample& sample, const TelemetrySample& stored, bool state_changed,
                  std::optional<milliseconds> since, const settings::Settings& settings) {
  if (sample.readings == printer::Readings{}) {
    return false;
  }
  if (!since || state_changed || !SameAtOnce(sample.readings, stored.readings)) {
    return true;
  }
  if (*since >= settings.store.telemetry_interval) {
    return true;
  }
  return *since >= settings.fleet.state_interval && !WithinBands(sample, stored, settings.store);
}

bool KeepPayload(settings::Payloads payloads, const settings::Store& store,
                 const protocol::Report& report, const printer::Readings& stored) {
  switch (payloads) {
    case settings::Payloads::kNone:
      return false;
    case settings::Payloads::kUnusual:
      return Unusual(report);
    case settings::Payloads::kAll:
      return !UnchangedTelemetry(report, stored, store);
  }
  return true;
}

}  // namespace printfleet::core
