#include "core/telemetry.h"

namespace printfleet::core {
namespace {

bool SaysTheSame(const std::optional<double>& said, const std::optional<double>& stored) {
  return !said || said == stored;
}

// What readings have no place for counts as news.
bool UnchangedTelemetry(const protocol::Report& report, const printer::Readings& stored) {
  if (const auto* said = std::get_if<protocol::TemperatureReport>(&report.body)) {
    const protocol::Temperatures& t = said->temperatures;
    return SaysTheSame(t.nozzle_c, stored.nozzle_temp_c) &&
           SaysTheSame(t.nozzle_target_c, stored.nozzle_target_c) &&
           SaysTheSame(t.bed_c, stored.bed_temp_c) &&
           SaysTheSame(t.bed_target_c, stored.bed_target_c) && !t.chamber_c && !t.chamber_target_c;
  }
  if (const auto* said = std::get_if<protocol::FanReport>(&report.body)) {
    return SaysTheSame(said->fan_ratio, stored.fan_ratio) && !said->auxiliary_fan_ratio &&
           !said->box_fan_level;
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

bool KeepPayload(settings::Payloads payloads, const protocol::Report& report,
                 const printer::Readings& stored) {
  switch (payloads) {
    case settings::Payloads::kNone:
      return false;
    case settings::Payloads::kUnusual:
      return Unusual(report);
    case settings::Payloads::kAll:
      return !UnchangedTelemetry(report, stored);
  }
  return true;
}

}  // namespace printfleet::core
