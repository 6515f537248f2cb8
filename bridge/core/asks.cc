#include "core/asks.h"

#include <algorithm>

namespace printfleet::core {

void Asks::Add(const PrinterId& printer, const printer::Questions& questions, bool urgent) {
  if (questions == printer::Questions()) {
    return;
  }
  const auto [entry, inserted] = questions_.try_emplace(printer, questions);
  if (!inserted) {
    entry->second.version |= questions.version;
    entry->second.status |= questions.status;
    entry->second.job |= questions.job;
    entry->second.local_files |= questions.local_files;
    entry->second.usb_files |= questions.usb_files;
    if (urgent) {
      queue_.erase(std::remove(queue_.begin(), queue_.end(), printer), queue_.end());
      queue_.push_front(printer);
    }
    return;
  }
  if (urgent) {
    queue_.push_front(printer);
  } else {
    queue_.push_back(printer);
  }
}

std::optional<Asks::Ask> Asks::Take(MonoTime now) {
  if (queue_.empty() || now < next_) {
    return std::nullopt;
  }
  // Bursts of up to a tenth of a second's worth, so that a coarse loop keeps the rate.
  const auto gap = milliseconds(std::max(1, 1000 / per_second_));
  next_ = std::max(next_ + gap, now - milliseconds(100));
  Ask ask{queue_.front(), questions_[queue_.front()]};
  questions_.erase(ask.printer);
  queue_.pop_front();
  return ask;
}

std::optional<MonoTime> Asks::Next() const {
  return queue_.empty() ? std::nullopt : std::optional(next_);
}

}  // namespace printfleet::core
