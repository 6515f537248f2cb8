// The sections `notify` and `home_assistant`: who is told what, and how hard we try.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace printfleet::settings {

// What may be told. Closed: a word of the configuration, of tables and of messages.
enum class NotifyKind : uint8_t {
  kPrintFailed,
  kPrintFinished,
  kPrintStopped,
  kPrintInterrupted,     // by a printer that was heard all along; one that was lost: see the next
  kPrintPausedByItself,  // nobody asked for it: the printer gave a reason (filament, a fault)
  kPrinterOfflineMidPrint,
  kPrinterOffline,  // without a print
  kFarmOutage,      // many printers lost at once: one message with their list
  kFarmOutageOver,
  kRolloutHalted,
  kBridgeDegraded,  // the daemon itself: deaf, or without its store or broker
  kBridgeRecovered,
};

constexpr int kNotifyKinds = 12;

std::string_view Name(NotifyKind kind);
std::optional<NotifyKind> ParseNotifyKind(std::string_view name);

// How a message is written, and for whom.
enum class NotifyTemplate : uint8_t { kJson, kNtfy, kDiscord, kSlack };

std::string_view Name(NotifyTemplate form);

// A part of each day, in local time. `from` after `to` goes over midnight.
struct QuietHours {
  int from_min = 0;  // minutes since midnight, 0 to 1439; `to` is the first that is not quiet
  int to_min = 0;
  std::vector<NotifyKind> except;  // told all the same

  bool operator==(const QuietHours&) const = default;
};

struct NotifyTarget {
  std::string name;      // of the target, in tables and metrics
  std::string url;       // http(s)://…, or
  std::string url_file;  // the file that holds it: most such URLs are secrets
  NotifyTemplate form = NotifyTemplate::kJson;
  std::vector<NotifyKind> events = {
      NotifyKind::kPrintFailed,         NotifyKind::kPrintInterrupted,
      NotifyKind::kPrintPausedByItself, NotifyKind::kPrinterOfflineMidPrint,
      NotifyKind::kFarmOutage,          NotifyKind::kRolloutHalted,
      NotifyKind::kBridgeDegraded};
  // Empty: all. What is of no printer (rollouts, the bridge) always passes.
  std::vector<std::string> printers;  // ids or names
  std::vector<std::string> groups;
  std::vector<std::string> models;
  // A message is closed once nothing joined it for `group`, at the latest `group_max` after its
  // first event.
  seconds group{20};
  seconds group_max{180};
  std::optional<QuietHours> quiet_hours;
  std::string headers_file;  // "Name: value" lines, such as Authorization
  seconds timeout{10};       // of one attempt, all in all

  bool operator==(const NotifyTarget&) const = default;
};

struct Notify {
  std::vector<NotifyTarget> targets;
  int queue_max = 100;                 // messages a target has waiting; then its oldest is given up
  int printers_per_message_max = 500;  // more are only counted
  seconds retry_first{5};              // doubled with each failure up to retry_max
  seconds retry_max{600};
  seconds give_up_after{86400};  // of trying
  seconds degraded_after{30};    // a trouble of the bridge that is over sooner is not told

  bool operator==(const Notify&) const = default;
};

struct HomeAssistant {
  bool enabled = false;
  std::string discovery_prefix = "homeassistant";

  bool operator==(const HomeAssistant&) const = default;
};

}  // namespace printfleet::settings
