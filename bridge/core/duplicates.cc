#include "core/duplicates.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace printfleet::core {

Duplicates::Duplicates(size_t window) : ring_(window), table_(std::bit_ceil(window * 2 + 1), 0) {
  CHECK(window > 0);
}

bool Duplicates::Seen(const Digest& digest, bool backlog) const {
  return batch_.Contains(digest) || table_[Slot(digest)] != 0 ||
         (backlog && std::binary_search(recent_.begin(), recent_.end(), digest));
}

void Duplicates::SetRecent(std::vector<Digest> digests) {
  recent_ = std::move(digests);
  recent_.shrink_to_fit();
  std::sort(recent_.begin(), recent_.end());
  caught_up_ = false;
}

void Duplicates::Merge() {
  for (const Digest& digest : batch_.list()) {
    Insert(digest);
  }
  batch_.Clear();
  if (caught_up_) {
    std::vector<Digest>().swap(recent_);  // its memory too
    caught_up_ = false;
  }
}

void Duplicates::Drop() {
  batch_.Clear();
  caught_up_ = false;
}

bool Duplicates::Batch::Contains(const Digest& digest) const {
  return !list_.empty() && table_[Slot(digest)] != 0;
}

void Duplicates::Batch::Insert(const Digest& digest) {
  if (list_.size() * 2 >= table_.size()) {
    table_.assign(std::max<size_t>(1024, table_.size() * 2), 0);
    for (size_t i = 0; i < list_.size(); ++i) {
      table_[Slot(list_[i])] = static_cast<uint32_t>(i + 1);
    }
  }
  uint32_t& entry = table_[Slot(digest)];
  if (entry == 0) {
    list_.push_back(digest);
    entry = static_cast<uint32_t>(list_.size());
  }
}

void Duplicates::Batch::Clear() {
  list_.clear();
  std::fill(table_.begin(), table_.end(), 0);
}

// As of the window, below.
size_t Duplicates::Batch::Slot(const Digest& digest) const {
  const size_t mask = table_.size() - 1;
  size_t slot = digest.words[0] & mask;
  while (table_[slot] != 0 && list_[table_[slot] - 1] != digest) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

// The slot that holds `digest`, or the empty one where it would go.
size_t Duplicates::Slot(const Digest& digest) const {
  const size_t mask = table_.size() - 1;
  size_t slot = digest.words[0] & mask;
  while (table_[slot] != 0 && ring_[table_[slot] - 1] != digest) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

void Duplicates::Insert(const Digest& digest) {
  if (table_[Slot(digest)] != 0) {
    return;
  }
  if (count_ == ring_.size()) {
    EraseOldest();
  }
  ring_[next_] = digest;
  table_[Slot(digest)] = static_cast<uint32_t>(next_ + 1);
  next_ = (next_ + 1) % ring_.size();
  ++count_;
}

// The oldest is where the next one goes. Closes the gap by moving later entries of the same run.
void Duplicates::EraseOldest() {
  const size_t mask = table_.size() - 1;
  size_t hole = Slot(ring_[next_]);
  table_[hole] = 0;
  --count_;
  for (size_t slot = (hole + 1) & mask; table_[slot] != 0; slot = (slot + 1) & mask) {
    const size_t home = ring_[table_[slot] - 1].words[0] & mask;
    if (((slot - home) & mask) >= ((slot - hole) & mask)) {
      table_[hole] = table_[slot];
      table_[slot] = 0;
      hole = slot;
    }
  }
}

}  // namespace printfleet::core
