#include "core/deadlines.h"

namespace printfleet::core {

void Deadlines::Schedule(const DueKey& key, MonoTime due) {
  const auto [entry, inserted] = scheduled_.try_emplace(key, due);
  if (!inserted && entry->second <= due) {
    return;
  }
  entry->second = due;
  queue_.push({due, key});
}

std::optional<MonoTime> Deadlines::Next() const {
  return queue_.empty() ? std::nullopt : std::optional(queue_.top().due);
}

std::vector<DueKey> Deadlines::TakeDue(MonoTime now, size_t max) {
  std::vector<DueKey> due;
  while (!queue_.empty() && queue_.top().due <= now && due.size() < max) {
    const Entry entry = queue_.top();
    queue_.pop();
    const auto scheduled = scheduled_.find(entry.key);
    // An entry that was overtaken by an earlier one for the same key.
    if (scheduled == scheduled_.end() || scheduled->second != entry.due) {
      continue;
    }
    scheduled_.erase(scheduled);
    due.push_back(entry.key);
  }
  return due;
}

}  // namespace printfleet::core
