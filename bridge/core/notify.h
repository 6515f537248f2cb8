// What is told to whom, and when: events are gathered into one message a target, messages wait for
// the end of quiet hours, are tried with back-off and given up at last. Pure values; time and the
// local time's offset come in.
//
//            closed: nothing joined for group_s, or quiet hours are over
//   open ------------------------------------> queued ----- taken ------> sent
//    ^ an event                                 |    ^ not taken: later
//                                               +----+ refused, too old, or too many: failed
//
// One attempt at a time a target, oldest message first: a target that hangs holds up its own.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/notification.h"
#include "printer/printer.h"
#include "settings/notify.h"

namespace printfleet::core {

struct NotifyBook {
  struct Pending {
    NotificationRow row;
    MonoTime due;       // as NotificationRow::due_at
    MonoTime close_by;  // open: closed then at the latest
    bool held = false;  // open: until quiet hours are over
    bool in_flight = false;
  };

  std::map<NotificationId, Pending> pending;
  std::set<NotificationId> changed;  // rows to be written

  [[nodiscard]] size_t queued() const { return pending.size(); }
};

struct NotifyContext {
  const settings::Notify& settings;
  Instant now;
  seconds utc_offset{0};  // of local time
  const std::function<NotificationId()>& next_id;
};

// An event to tell.
struct Telling {
  NotifyItem item;
  const printer::Registration* printer = nullptr;  // whose it is; nullptr for none
  // What became of a print whose printer was lost: said by printer_offline_mid_print already.
  bool after_loss = false;
  bool in_outage = false;  // the printer is one of `outage`'s
  std::optional<NotifyOutage> outage;
};

struct NotifyOutput {
  std::vector<Notify> sends;
  std::vector<NotificationRow> ended;                            // sent or failed
  std::vector<std::pair<std::string, std::string_view>> counts;  // target, result
};

// Joins or opens a message at each target that wants to know.
void Tell(NotifyBook& book, const NotifyContext& context, const Telling& telling,
          NotifyOutput& output);

// An outage began: one message with all who are lost, at each target that wants to know of it.
void TellOutage(NotifyBook& book, const NotifyContext& context, const std::vector<Telling>& lost,
                NotifyOutput& output);

// Closes what is due, hands out what may be tried. Idempotent when nothing is due.
void TurnNotifications(NotifyBook& book, const NotifyContext& context, NotifyOutput& output);

// An attempt ended.
void SettleNotification(NotifyBook& book, const NotifyContext& context, const Notified& notified,
                        NotifyOutput& output);

// After a restart: rows that are open or queued. One whose target is gone is given up.
void AdoptNotifications(NotifyBook& book, const NotifyContext& context,
                        std::vector<NotificationRow> rows, NotifyOutput& output);

// When TurnNotifications has something to do; nullopt for never.
std::optional<MonoTime> NextNotification(const NotifyBook& book);

// -- Parts, for tests --

// May it be told now, where local time is `utc_offset` ahead of UTC?
bool IsQuiet(const settings::QuietHours& quiet, WallTime now, seconds utc_offset);
// The first moment that is not quiet. Requires: IsQuiet.
WallTime QuietUntil(const settings::QuietHours& quiet, WallTime now, seconds utc_offset);
// The pause after `attempts` failed: doubled each time, up to retry_max, and up to a quarter more
// by the id, so that not all come back at once.
milliseconds RetryPause(const settings::Notify& settings, int attempts, NotificationId id);

}  // namespace printfleet::core
