#include "mqtt/outbound_queue.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace printfleet::mqtt {
namespace {

// What an entry costs besides its text.
constexpr size_t kEntryBytes = 256;

size_t Bytes(const OutboundQueue::Entry& entry) {
  return entry.message.topic.size() + entry.message.payload.size() + kEntryBytes;
}

}  // namespace

OutboundQueue::Lane OutboundQueue::LaneOf(const core::Publish& message) {
  switch (message.lane) {
    case core::Publish::Lane::kStop:
      return kStop;
    case core::Publish::Lane::kPrinter:
      return kPrinter;
    case core::Publish::Lane::kFleet:
      return message.retain ? kRetained : kFleet;
  }
  return kFleet;
}

std::optional<uint32_t> OutboundQueue::ExpiryLeft(const Entry& entry, MonoTime now) {
  CHECK(entry.message.expiry_s.has_value());
  const milliseconds left = entry.enqueued + seconds(*entry.message.expiry_s) - now;
  if (left.count() <= 0) {
    return std::nullopt;
  }
  return static_cast<uint32_t>(std::chrono::ceil<seconds>(left).count());
}

std::vector<OutboundQueue::Entry> OutboundQueue::Push(Entry entry) {
  const Lane lane = LaneOf(entry.message);
  if (lane == kRetained) {
    const auto waiting = retained_.find(entry.message.topic);
    if (waiting != retained_.end()) {
      bytes_ -= Bytes(*waiting->second);
      bytes_ += Bytes(entry);
      *waiting->second = std::move(entry);
      return {};
    }
  }
  lanes_[lane].push_back(std::move(entry));
  Count(std::prev(lanes_[lane].end()));
  if (lane == kRetained) {
    retained_.emplace(lanes_[lane].back().message.topic, std::prev(lanes_[lane].end()));
  }
  std::vector<Entry> shed;
  for (const Lane victim : {kRetained, kFleet, kPrinter}) {
    while ((size_ > limits_.messages_max || bytes_ > limits_.bytes_max) &&
           !lanes_[victim].empty()) {
      shed.push_back(Remove(victim, lanes_[victim].begin()));
    }
  }
  return shed;
}

void OutboundQueue::PushFront(Entry entry) {
  const Lane lane = LaneOf(entry.message);
  CHECK(lane != kRetained);
  lanes_[lane].push_front(std::move(entry));
  Count(lanes_[lane].begin());
}

std::optional<OutboundQueue::Lane> OutboundQueue::Next(
    const std::array<bool, 4>& lanes_allowed) const {
  for (const Lane lane : {kStop, kPrinter, kFleet, kRetained}) {
    if (lanes_allowed[lane] && !lanes_[lane].empty()) {
      return lane;
    }
  }
  return std::nullopt;
}

OutboundQueue::Entry OutboundQueue::Pop(Lane lane) {
  CHECK(!lanes_[lane].empty());
  return Remove(lane, lanes_[lane].begin());
}

std::vector<OutboundQueue::Entry> OutboundQueue::TakeUnsendable() {
  std::vector<Entry> taken;
  for (const Lane lane : {kStop, kPrinter, kFleet, kRetained}) {
    for (auto position = lanes_[lane].begin(); position != lanes_[lane].end();) {
      const auto current = position++;
      if (current->message.token != 0 || current->message.retain) {
        taken.push_back(Remove(lane, current));
      }
    }
  }
  return taken;
}

std::vector<OutboundQueue::Entry> OutboundQueue::TakeOvertaken(const core::Publish& stop) {
  std::vector<Entry> taken;
  for (auto found = going_.find(stop.execution.printer_id); found != going_.end();
       found = going_.find(stop.execution.printer_id)) {
    taken.push_back(Remove(kPrinter, found->second));
  }
  return taken;
}

std::vector<OutboundQueue::Entry> OutboundQueue::TakeExpired(MonoTime now, milliseconds wait_max) {
  std::vector<Entry> taken;
  for (const Lane lane : {kStop, kPrinter, kFleet, kRetained}) {
    for (auto position = lanes_[lane].begin(); position != lanes_[lane].end();) {
      const auto current = position++;
      const bool expired = current->message.expiry_s ? !ExpiryLeft(*current, now)
                                                     : now - current->enqueued >= wait_max;
      if (expired) {
        taken.push_back(Remove(lane, current));
      }
    }
  }
  return taken;
}

OutboundQueue::Entry OutboundQueue::Remove(Lane lane, List::iterator position) {
  if (lane == kRetained) {
    retained_.erase(position->message.topic);
  }
  if (position->message.sets_going) {
    const auto [first, last] = going_.equal_range(position->message.execution.printer_id);
    going_.erase(
        std::find_if(first, last, [&](const auto& going) { return going.second == position; }));
  }
  Entry entry = std::move(*position);
  lanes_[lane].erase(position);
  --size_;
  bytes_ -= Bytes(entry);
  return entry;
}

void OutboundQueue::Count(List::iterator position) {
  ++size_;
  bytes_ += Bytes(*position);
  if (position->message.sets_going) {
    going_.emplace(position->message.execution.printer_id, position);
  }
}

}  // namespace printfleet::mqtt
