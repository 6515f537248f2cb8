// Notification: one message to one target of `notify`, from its first event until it is sent or
// given up. Plain values: core decides, store keeps, the notify shell writes and sends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "settings/notify.h"

namespace printfleet::core {

using NotificationId = NumberId<struct NotificationTag>;

// One event in a message. Texts are clean UTF-8.
struct NotifyItem {
  settings::NotifyKind kind = settings::NotifyKind::kPrintFailed;
  WallTime at;
  PrinterId printer_id;  // "" for none
  std::string printer;   // its name at that time
  JobId job_id;          // 0 for none, and of one all that follows but `text`
  std::string filename;
  std::optional<int64_t> layer;
  std::optional<int64_t> layers;
  std::optional<double> progress_ratio;
  std::string text;  // the cause, "" for none

  bool operator==(const NotifyItem&) const = default;
};

// Many printers lost at once, as far as it went when the message was closed.
struct NotifyOutage {
  WallTime since;
  int64_t lost = 0;
  int64_t of = 0;  // printers that were online before

  bool operator==(const NotifyOutage&) const = default;
};

struct Notification {
  NotificationId id;
  std::string target;
  WallTime created_at;
  seconds utc_offset{0};  // of local time, then
  bool digest = false;    // of quiet hours
  std::vector<NotifyItem> items;
  int64_t more = 0;  // events beyond notify.printers_per_message_max
  std::optional<NotifyOutage> outage;

  bool operator==(const Notification&) const = default;
};

enum class NotificationState : uint8_t { kOpen, kQueued, kSent, kFailed };

std::string_view Name(NotificationState state);
std::optional<NotificationState> ParseNotificationState(std::string_view name);

// The row of `notifications`.
struct NotificationRow {
  Notification message;
  NotificationState state = NotificationState::kOpen;
  std::optional<WallTime> closed_at;  // nothing joins it any more
  std::optional<WallTime> due_at;     // of an open one: when it is closed; queued: the next attempt
  int attempts = 0;
  std::optional<WallTime> sent_at;
  std::string last_error;  // "" for none

  bool operator==(const NotificationRow&) const = default;
};

// The message without its addressee's secrets: what is stored and what the template `json` sends.
std::string BodyJson(const Notification& message);
// As BodyJson wrote it; nullopt when it is something else.
std::optional<Notification> ReadBody(std::string_view json);

// -- For people, of no service's syntax --

// "a-03: print failed", "37 of 60 printers lost, 37 of them printing".
std::string TitleOf(const Notification& message);
// One line an item: "a-03: clip.gcode, layer 100 of 300, 45 % – filament broken or run out".
// `brief`: the printer and its layer alone.
std::string LineOf(const Notification& message, const NotifyItem& item, bool brief);

// -- What goes between core and the shell --

// An attempt to make. Answered by exactly one Notified.
struct Notify {
  Notification message;
  int attempt = 1;
  bool direct = false;  // not of core but of daemon/bridge_notices.h, which has ids of its own
};

// What became of it.
struct Notified {
  NotificationId id;
  bool direct = false;
  bool ok = false;
  bool permanent = false;  // the target will never take it
  std::string error;       // without the URL
  seconds retry_after{0};  // what the target asks for
};

}  // namespace printfleet::core
