#include "settings/notify.h"

namespace printfleet::settings {

std::string_view Name(NotifyKind kind) {
  switch (kind) {
    case NotifyKind::kPrintFailed:
      return "print_failed";
    case NotifyKind::kPrintFinished:
      return "print_finished";
    case NotifyKind::kPrintStopped:
      return "print_stopped";
    case NotifyKind::kPrintInterrupted:
      return "print_interrupted";
    case NotifyKind::kPrintPausedByItself:
      return "print_paused_by_itself";
    case NotifyKind::kPrinterOfflineMidPrint:
      return "printer_offline_mid_print";
    case NotifyKind::kPrinterOffline:
      return "printer_offline";
    case NotifyKind::kFarmOutage:
      return "farm_outage";
    case NotifyKind::kFarmOutageOver:
      return "farm_outage_over";
    case NotifyKind::kRolloutHalted:
      return "rollout_halted";
    case NotifyKind::kBridgeDegraded:
      return "bridge_degraded";
    case NotifyKind::kBridgeRecovered:
      return "bridge_recovered";
  }
  return "";
}

std::optional<NotifyKind> ParseNotifyKind(std::string_view name) {
  for (int at = 0; at < kNotifyKinds; ++at) {
    const auto kind = static_cast<NotifyKind>(at);
    if (Name(kind) == name) {
      return kind;
    }
  }
  return std::nullopt;
}

std::string_view Name(NotifyTemplate form) {
  switch (form) {
    case NotifyTemplate::kJson:
      return "json";
    case NotifyTemplate::kNtfy:
      return "ntfy";
    case NotifyTemplate::kDiscord:
      return "discord";
    case NotifyTemplate::kSlack:
      return "slack";
  }
  return "";
}

}  // namespace printfleet::settings
