// OutboundQueue: what waits to be published, in lanes, bounded. Decides order and what is shed;
// knows no socket. Used by Outbound. Loop thread only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "core/effect.h"

namespace printfleet::mqtt {

class OutboundQueue {
 public:
  // In the order of service.
  enum Lane : uint8_t { kStop, kPrinter, kFleet, kRetained };

  struct Entry {
    core::Publish message;
    MonoTime enqueued;
  };

  struct Limits {
    size_t messages_max = 0;
    size_t bytes_max = 0;
  };

  explicit OutboundQueue(Limits limits) : limits_(limits) {}

  static Lane LaneOf(const core::Publish& message);
  // What is left of the entry's expiry, rounded up to seconds: at least 1. nullopt for "expired";
  // Requires: message.expiry_s.
  static std::optional<uint32_t> ExpiryLeft(const Entry& entry, MonoTime now);

  // Queues behind its lane, or in the place of a waiting retained message of the same topic.
  // Returns what had to go to make room.
  std::vector<Entry> Push(Entry entry);
  // Back to the head of its lane, for another try; never sheds.
  void PushFront(Entry entry);

  // The first lane of `lanes_allowed` (by service order) that is not empty; nullopt for none.
  [[nodiscard]] std::optional<Lane> Next(const std::array<bool, 4>& lanes_allowed) const;
  Entry Pop(Lane lane);

  // All that cannot wait for a connection: messages with a token and retained ones.
  std::vector<Entry> TakeUnsendable();
  // All that would set going the printer that `stop` is for.
  std::vector<Entry> TakeOvertaken(const core::Publish& stop);
  // All whose expiry, or without one `wait_max`, has passed.
  std::vector<Entry> TakeExpired(MonoTime now, milliseconds wait_max);

  [[nodiscard]] size_t size() const { return size_; }

  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  using List = std::list<Entry>;

  Entry Remove(Lane lane, List::iterator position);
  void Count(List::iterator position);

  const Limits limits_;
  std::array<List, 4> lanes_;
  std::unordered_map<std::string, List::iterator> retained_;  // of lane kRetained, by topic
  std::unordered_multimap<PrinterId, List::iterator> going_;  // of lane kPrinter: sets_going
  size_t size_ = 0;
  size_t bytes_ = 0;
};

}  // namespace printfleet::mqtt
