#include "core/remembered.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace printfleet::core {

void Remembered::Follow(fleet::RememberedRequests& requests, WallTime now) {
  std::vector<Entry> news;
  for (const auto& [key, request] : requests.changes()) {
    if (request) {
      news.push_back({key, request->at});
    }
  }
  std::ranges::sort(news, {}, &Entry::at);
  std::ranges::move(news, std::back_inserter(entries_));
  while (!entries_.empty() && (entries_.size() > max_ || now - entries_.front().at > horizon_)) {
    requests.Erase(entries_.front().key);
    entries_.pop_front();
  }
}

}  // namespace printfleet::core
