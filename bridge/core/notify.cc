#include "core/notify.h"

#include <algorithm>

namespace printfleet::core {
namespace {

using settings::NotifyKind;
using settings::NotifyTarget;
using Pending = NotifyBook::Pending;

constexpr seconds kDay{86400};

template <typename T>
bool Has(const std::vector<T>& values, const T& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

const NotifyTarget* FindTarget(const settings::Notify& settings, std::string_view name) {
  const auto found = std::find_if(settings.targets.begin(), settings.targets.end(),
                                  [&](const NotifyTarget& target) { return target.name == name; });
  return found == settings.targets.end() ? nullptr : &*found;
}

bool IsLoss(NotifyKind kind) {
  return kind == NotifyKind::kPrinterOffline || kind == NotifyKind::kPrinterOfflineMidPrint;
}

bool IsOfItsPrinters(const NotifyTarget& target, const printer::Registration* printer) {
  if (printer == nullptr) {
    return true;
  }
  const auto in_group = [&](const std::string& group) { return Has(printer->groups, group); };
  return (target.printers.empty() || Has(target.printers, printer->id) ||
          Has(target.printers, printer->name)) &&
         (target.models.empty() || Has(target.models, printer->model) ||
          Has(target.models, printer->model_id)) &&
         (target.groups.empty() ||
          std::any_of(target.groups.begin(), target.groups.end(), in_group));
}

bool Wants(const NotifyTarget& target, const Telling& telling) {
  const NotifyKind kind = telling.item.kind;
  const bool of_outage = telling.in_outage && Has(target.events, NotifyKind::kFarmOutage);
  if (telling.after_loss) {
    const bool was_told = of_outage || Has(target.events, NotifyKind::kPrinterOfflineMidPrint);
    return !was_told && Has(target.events, kind);
  }
  return Has(target.events, kind) || (IsLoss(kind) && of_outage);
}

// A printer's loss is told as part of the outage it is of.
NotifyKind KindOf(const Telling& telling) {
  const NotifyKind kind = telling.item.kind;
  return telling.in_outage && IsLoss(kind) ? NotifyKind::kFarmOutage : kind;
}

bool BreaksThrough(const settings::QuietHours& quiet, const Telling& telling) {
  return Has(quiet.except, telling.item.kind) || Has(quiet.except, KindOf(telling));
}

WallTime WallOf(MonoTime due, const Instant& now) {
  return now.wall + (due - now.mono);
}

MonoTime MonoOf(WallTime due, const Instant& now) {
  return now.mono + std::max(milliseconds(0), due - now.wall);
}

void SetDue(Pending& pending, MonoTime due, const Instant& now) {
  pending.due = due;
  pending.row.due_at = WallOf(due, now);
}

// Out of the book, for good.
void End(NotifyBook& book, NotificationId id, NotificationState state, std::string_view result,
         std::string error, NotifyOutput& output) {
  const auto found = book.pending.find(id);
  NotificationRow row = std::move(found->second.row);
  book.pending.erase(found);
  book.changed.erase(id);
  row.state = state;
  row.due_at.reset();
  if (!error.empty()) {
    row.last_error = std::move(error);
  }
  output.counts.emplace_back(row.message.target, result);
  output.ended.push_back(std::move(row));
}

Pending* FindOpen(NotifyBook& book, const NotifyTarget& target, bool held) {
  for (auto& [id, pending] : book.pending) {
    if (pending.row.state == NotificationState::kOpen && pending.held == held &&
        pending.row.message.target == target.name) {
      return &pending;
    }
  }
  return nullptr;
}

// A target that is away must not fill the memory: its oldest message goes.
void MakeRoom(NotifyBook& book, const NotifyTarget& target, int queue_max, NotifyOutput& output) {
  int count = 0;
  std::optional<NotificationId> oldest;
  for (const auto& [id, pending] : book.pending) {
    if (pending.row.message.target == target.name) {
      ++count;
      if (!oldest && !pending.in_flight && pending.row.state == NotificationState::kQueued) {
        oldest = id;
      }
    }
  }
  if (count >= queue_max && oldest) {
    End(book, *oldest, NotificationState::kFailed, "dropped", "more than notify.queue_max wait",
        output);
  }
}

Pending& Open(NotifyBook& book, const NotifyContext& context, const NotifyTarget& target, bool held,
              NotifyOutput& output) {
  MakeRoom(book, target, context.settings.queue_max, output);
  const NotificationId id = context.next_id();
  Pending& pending = book.pending[id];
  Notification& message = pending.row.message;
  message.id = id;
  message.target = target.name;
  message.created_at = context.now.wall;
  message.utc_offset = context.utc_offset;
  message.digest = held;
  pending.held = held;
  pending.close_by = context.now.mono + target.group_max;
  if (held) {
    const WallTime end = QuietUntil(*target.quiet_hours, context.now.wall, context.utc_offset);
    pending.due = MonoOf(end, context.now);
    pending.row.due_at = end;
  }
  return pending;
}

void Add(Notification& message, const NotifyItem& item, int items_max) {
  const bool known =
      IsLoss(item.kind) &&
      std::any_of(message.items.begin(), message.items.end(), [&](const NotifyItem& other) {
        return other.printer_id == item.printer_id && other.kind == item.kind &&
               other.job_id == item.job_id;
      });
  if (known) {
    return;
  }
  if (message.items.size() < static_cast<size_t>(items_max)) {
    message.items.push_back(item);
  } else {
    ++message.more;
  }
}

void TellTarget(NotifyBook& book, const NotifyContext& context, const NotifyTarget& target,
                const Telling& telling, NotifyOutput& output) {
  const auto& quiet = target.quiet_hours;
  const bool held = quiet && IsQuiet(*quiet, context.now.wall, context.utc_offset) &&
                    !BreaksThrough(*quiet, telling);
  Pending* pending = FindOpen(book, target, held);
  if (pending == nullptr) {
    pending = &Open(book, context, target, held, output);
  }
  Notification& message = pending->row.message;
  Add(message, telling.item, context.settings.printers_per_message_max);
  if (telling.in_outage && telling.outage && Has(target.events, NotifyKind::kFarmOutage)) {
    message.outage = telling.outage;
  }
  if (!held) {
    SetDue(*pending, std::min(context.now.mono + target.group, pending->close_by), context.now);
  }
  book.changed.insert(message.id);
}

// Closed now, unless the quiet hours are not over after all (the clock was changed).
void Close(NotifyBook& book, Pending& pending, const NotifyTarget* target,
           const NotifyContext& context) {
  book.changed.insert(pending.row.message.id);
  if (pending.held && target != nullptr && target->quiet_hours &&
      IsQuiet(*target->quiet_hours, context.now.wall, context.utc_offset)) {
    const WallTime end = QuietUntil(*target->quiet_hours, context.now.wall, context.utc_offset);
    SetDue(pending, MonoOf(end, context.now), context.now);
    return;
  }
  pending.row.state = NotificationState::kQueued;
  pending.row.closed_at = context.now.wall;
  SetDue(pending, context.now.mono, context.now);
}

bool IsTooOld(const Pending& pending, const NotifyContext& context, milliseconds pause) {
  return pending.row.attempts > 0 && pending.row.closed_at &&
         context.now.wall + pause - *pending.row.closed_at > context.settings.give_up_after;
}

}  // namespace

bool IsQuiet(const settings::QuietHours& quiet, WallTime now, seconds utc_offset) {
  const auto local = now.time_since_epoch() + utc_offset;
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const auto minute = std::chrono::floor<std::chrono::minutes>(local - day).count();
  return quiet.from_min < quiet.to_min ? minute >= quiet.from_min && minute < quiet.to_min
                                       : minute >= quiet.from_min || minute < quiet.to_min;
}

WallTime QuietUntil(const settings::QuietHours& quiet, WallTime now, seconds utc_offset) {
  const auto local = now.time_since_epoch() + utc_offset;
  const milliseconds day = std::chrono::floor<std::chrono::days>(local);
  milliseconds end = day + std::chrono::minutes(quiet.to_min);
  if (end <= local) {
    end += kDay;
  }
  return WallTime(end - utc_offset);
}

milliseconds RetryPause(const settings::Notify& settings, int attempts, NotificationId id) {
  constexpr int kDoublingsMax = 30;
  constexpr uint64_t kSpread = 0x9E3779B97F4A7C15ULL;  // scatters consecutive numbers
  milliseconds pause = settings.retry_first;
  for (int i = 1; i < std::min(attempts, kDoublingsMax) && pause < settings.retry_max; ++i) {
    pause *= 2;
  }
  pause = std::min<milliseconds>(pause, settings.retry_max);
  const uint64_t number = static_cast<uint64_t>(id.value) * 64 + static_cast<uint64_t>(attempts);
  const auto share = static_cast<int64_t>((number * kSpread) >> 56);  // 0 to 255
  return pause + pause / 4 * share / 255;
}

void Tell(NotifyBook& book, const NotifyContext& context, const Telling& telling,
          NotifyOutput& output) {
  for (const NotifyTarget& target : context.settings.targets) {
    if (Wants(target, telling) && IsOfItsPrinters(target, telling.printer)) {
      TellTarget(book, context, target, telling, output);
    }
  }
}

void TellOutage(NotifyBook& book, const NotifyContext& context, const std::vector<Telling>& lost,
                NotifyOutput& output) {
  for (const NotifyTarget& target : context.settings.targets) {
    if (!Has(target.events, NotifyKind::kFarmOutage)) {
      continue;
    }
    for (const Telling& telling : lost) {
      if (IsOfItsPrinters(target, telling.printer)) {
        TellTarget(book, context, target, telling, output);
      }
    }
  }
}

void TurnNotifications(NotifyBook& book, const NotifyContext& context, NotifyOutput& output) {
  for (auto& [id, pending] : book.pending) {
    if (pending.row.state == NotificationState::kOpen && pending.due <= context.now.mono) {
      Close(book, pending, FindTarget(context.settings, pending.row.message.target), context);
    }
  }
  std::set<std::string> busy;
  for (const auto& [id, pending] : book.pending) {
    if (pending.in_flight) {
      busy.insert(pending.row.message.target);
    }
  }
  std::vector<NotificationId> too_old;
  for (auto& [id, pending] : book.pending) {
    if (pending.row.state != NotificationState::kQueued || pending.in_flight ||
        busy.contains(pending.row.message.target)) {
      continue;
    }
    if (pending.due <= context.now.mono && IsTooOld(pending, context, milliseconds(0))) {
      too_old.push_back(id);
      continue;
    }
    busy.insert(pending.row.message.target);  // the next ones wait for this one
    if (pending.due <= context.now.mono) {
      pending.in_flight = true;
      ++pending.row.attempts;
      book.changed.insert(id);
      output.sends.push_back({pending.row.message, pending.row.attempts});
    }
  }
  for (const NotificationId id : too_old) {
    End(book, id, NotificationState::kFailed, "failed", "", output);
  }
}

void SettleNotification(NotifyBook& book, const NotifyContext& context, const Notified& notified,
                        NotifyOutput& output) {
  const auto found = book.pending.find(notified.id);
  if (found == book.pending.end() || !found->second.in_flight) {
    return;  // of a process before this one, or given up meanwhile
  }
  Pending& pending = found->second;
  pending.in_flight = false;
  if (notified.ok) {
    pending.row.sent_at = context.now.wall;
    pending.row.last_error.clear();
    End(book, notified.id, NotificationState::kSent, "sent", "", output);
    return;
  }
  const milliseconds pause = std::max<milliseconds>(
      RetryPause(context.settings, pending.row.attempts, notified.id), notified.retry_after);
  if (notified.permanent || IsTooOld(pending, context, pause)) {
    End(book, notified.id, NotificationState::kFailed, "failed", notified.error, output);
    return;
  }
  pending.row.last_error = notified.error;
  SetDue(pending, context.now.mono + pause, context.now);
  book.changed.insert(notified.id);
  output.counts.emplace_back(pending.row.message.target, "retried");
}

void AdoptNotifications(NotifyBook& book, const NotifyContext& context,
                        std::vector<NotificationRow> rows, NotifyOutput& output) {
  for (NotificationRow& row : rows) {
    const NotificationId id = row.message.id;
    const bool known = FindTarget(context.settings, row.message.target) != nullptr;
    Pending& pending = book.pending[id];
    pending.held = row.message.digest;
    pending.due = MonoOf(row.due_at.value_or(context.now.wall), context.now);
    pending.close_by = pending.due;
    pending.row = std::move(row);
    if (!known) {
      End(book, id, NotificationState::kFailed, "failed", "the target is not configured any more",
          output);
    }
  }
}

std::optional<MonoTime> NextNotification(const NotifyBook& book) {
  std::set<std::string> busy;
  std::optional<MonoTime> next;
  const auto consider = [&next](MonoTime due) { next = next ? std::min(*next, due) : due; };
  for (const auto& [id, pending] : book.pending) {
    if (pending.in_flight) {
      busy.insert(pending.row.message.target);
    }
  }
  for (const auto& [id, pending] : book.pending) {
    if (pending.row.state == NotificationState::kOpen) {
      consider(pending.due);
    } else if (!pending.in_flight && busy.insert(pending.row.message.target).second) {
      consider(pending.due);  // the oldest one that waits
    }
  }
  return next;
}

}  // namespace printfleet::core
