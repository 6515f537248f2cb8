#include "core/bridge_notices.h"

#include <utility>

#include "base/text.h"

namespace printfleet::core {
namespace {

constexpr size_t kReasonBytesMax = 500;

}  // namespace

BridgeNotices::BridgeNotices(const settings::Notify& settings) : settings_(settings) {
  next_id_ = [this] { return NotificationId{next_number_++}; };
}

NotifyContext BridgeNotices::ContextAt(const Instant& now, seconds utc_offset) const {
  return {settings_, now, utc_offset, next_id_};
}

void BridgeNotices::Watch(const std::string& trouble, const Instant& now, seconds utc_offset) {
  if (trouble.empty()) {
    trouble_since_.reset();
    if (std::exchange(said_degraded_, false)) {
      Say(false, "", now, utc_offset);
    }
  } else {
    trouble_since_ = trouble_since_.value_or(now.mono);
    if (!said_degraded_ && now.mono - *trouble_since_ >= settings_.degraded_after) {
      said_degraded_ = true;
      Say(true, trouble, now, utc_offset);
    }
  }
  const auto due = NextNotification(book_);
  if (due && *due <= now.mono) {
    NotifyOutput output;
    TurnNotifications(book_, ContextAt(now, utc_offset), output);
    Take(std::move(output));
  }
}

void BridgeNotices::Say(bool degraded, const std::string& reason, const Instant& now,
                        seconds utc_offset) {
  AddEvent(BridgeNews{now.wall, degraded, reason});
  Telling telling;
  telling.item.kind =
      degraded ? settings::NotifyKind::kBridgeDegraded : settings::NotifyKind::kBridgeRecovered;
  telling.item.at = now.wall;
  telling.item.text = CleanText(reason, kReasonBytesMax);
  NotifyOutput output;
  Tell(book_, ContextAt(now, utc_offset), telling, output);
  Take(std::move(output));
}

void BridgeNotices::Settle(const Notified& notified, const Instant& now, seconds utc_offset) {
  NotifyOutput output;
  SettleNotification(book_, ContextAt(now, utc_offset), notified, output);
  Take(std::move(output));
}

void BridgeNotices::Take(NotifyOutput output) {
  book_.changed.clear();  // of no table yet
  for (Notify& send : output.sends) {
    send.direct = true;
    sends_.push_back(std::move(send));
  }
  for (NotificationRow& row : output.ended) {
    AddEvent(ToldDirectly{std::move(row)});
  }
}

void BridgeNotices::AddEvent(Event event) {
  if (events_.size() < kEventsMax) {
    events_.push_back(std::move(event));
  }
}

std::vector<Notify> BridgeNotices::TakeSends() {
  return std::exchange(sends_, {});
}

std::vector<Event> BridgeNotices::TakeEvents() {
  return std::exchange(events_, {});
}

std::optional<MonoTime> BridgeNotices::NextDeadline() const {
  std::optional<MonoTime> next = NextNotification(book_);
  if (trouble_since_ && !said_degraded_) {
    const MonoTime due = *trouble_since_ + settings_.degraded_after;
    next = next ? std::min(*next, due) : due;
  }
  return next;
}

}  // namespace printfleet::core
