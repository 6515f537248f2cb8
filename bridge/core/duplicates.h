// Duplicates: which messages were in the tables already. A window of the last digests in memory,
// the running batch's own on top of it, and, while a session is catching up, the digests of the
// recent batches as the store has them. Pure; loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/digest.h"

namespace printfleet::core {

class Duplicates {
 public:
  // Memory for the window is taken at once, so that it does not look like a leak as it fills.
  explicit Duplicates(size_t window);

  // Was it seen in the window, in this batch, or (when `backlog`) in the recent batches?
  [[nodiscard]] bool Seen(const Digest& digest, bool backlog) const;

  void Add(const Digest& digest) { batch_.Insert(digest); }

  // The store's recent digests, for messages read while catching up.
  void SetRecent(std::vector<Digest> digests);

  // A message of now was stepped: nothing that was read while catching up comes behind it. With its
  // batch the recent digests go.
  void OnCaughtUp() { caught_up_ = true; }

  void Merge();

  void Drop();

 private:
  // The running batch's: open addressing over a list. Keeps its memory from batch to batch.
  class Batch {
   public:
    [[nodiscard]] bool Contains(const Digest& digest) const;
    void Insert(const Digest& digest);
    void Clear();

    [[nodiscard]] const std::vector<Digest>& list() const { return list_; }

   private:
    [[nodiscard]] size_t Slot(const Digest& digest) const;

    std::vector<Digest> list_;
    std::vector<uint32_t> table_;  // 1 + index into `list_`, 0 for empty
  };

  [[nodiscard]] size_t Slot(const Digest& digest) const;
  void Insert(const Digest& digest);
  void EraseOldest();

  // Open addressing over a ring: `table_` holds 1 + index into `ring_`, 0 for empty.
  std::vector<Digest> ring_;
  std::vector<uint32_t> table_;
  size_t next_ = 0;
  size_t count_ = 0;
  Batch batch_;
  std::vector<Digest> recent_;
  bool caught_up_ = false;  // by what this batch has stepped since SetRecent()
};

}  // namespace printfleet::core
