// What is told of the bridge itself. It cannot go the way of all other messages: while the store is
// away nothing can be queued there, and just that is the news. So these few live in memory, are
// sent past the store, and are written into the tables when it takes batches again; a process that
// ends before takes them along, and the next one tells what is still so. Pure; loop thread only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/event.h"
#include "core/notify.h"

namespace printfleet::core {

class BridgeNotices {
 public:
  explicit BridgeNotices(const settings::Notify& settings);
  BridgeNotices(const BridgeNotices&) = delete;
  BridgeNotices& operator=(const BridgeNotices&) = delete;

  // `trouble`: why the bridge cannot do its work, "" when it can. Call once a turn of the loop.
  void Watch(const std::string& trouble, const Instant& now, seconds utc_offset);

  // An attempt of ours ended.
  void Settle(const Notified& notified, const Instant& now, seconds utc_offset);

  // Attempts to make; their ids are ours, Notify::direct says so.
  [[nodiscard]] std::vector<Notify> TakeSends();
  // For core and its tables, in order; at most kEventsMax are kept.
  [[nodiscard]] std::vector<Event> TakeEvents();

  [[nodiscard]] std::optional<MonoTime> NextDeadline() const;

  [[nodiscard]] const NotifyBook& book() const { return book_; }

  static constexpr size_t kEventsMax = 1000;

 private:
  void Say(bool degraded, const std::string& reason, const Instant& now, seconds utc_offset);
  void Take(NotifyOutput output);
  void AddEvent(Event event);
  [[nodiscard]] NotifyContext ContextAt(const Instant& now, seconds utc_offset) const;

  const settings::Notify& settings_;
  std::function<NotificationId()> next_id_;
  int64_t next_number_ = 1;
  NotifyBook book_;
  std::optional<MonoTime> trouble_since_;
  bool said_degraded_ = false;
  std::vector<Notify> sends_;
  std::vector<Event> events_;
};

}  // namespace printfleet::core
