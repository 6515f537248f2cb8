#include "core/deadlines.h"

namespace printfleet::core {

void Deadlines::Schedule(const DueKey& key, MonoTime due) {
  const auto [entry, inserted] = scheduled_.try_emplace(key, due);
  if (!inserted) {
    if (entry->second <= due) {
      return;
    }
    queue_.erase({entry->second, key});
    entry->second = due;
  }
  queue_.emplace(due, key);
}

std::optional<MonoTime> Deadlines::Next() const {
  return queue_.empty() ? std::nullopt : std::optional(queue_.begin()->first);
}

std::vector<DueKey> Deadlines::TakeDue(MonoTime now, size_t max) {
  std::vector<DueKey> due;
  while (!queue_.empty() && queue_.begin()->first <= now && due.size() < max) {
    due.push_back(queue_.begin()->second);
    scheduled_.erase(due.back());
    queue_.erase(queue_.begin());
  }
  return due;
}

}  // namespace printfleet::core
