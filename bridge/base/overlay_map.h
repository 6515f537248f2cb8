// OverlayMap: a map with one layer of uncommitted changes over the committed content.
//
// Core equals the committed state: a batch is stepped on the overlay; Merge() makes it the
// committed content once the store has it, Drop() forgets it. Not thread-safe (loop thread only).
#pragma once

#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"

namespace printfleet {

template <typename Key, typename Value, typename Hash = std::hash<Key>>
class OverlayMap {
 public:
  // The value as the running batch sees it; nullptr when absent or erased. Valid until the next
  // non-const call.
  [[nodiscard]] const Value* Find(const Key& key) const {
    const auto changed = changes_.find(key);
    if (changed != changes_.end()) {
      return changed->second ? &*changed->second : nullptr;
    }
    return FindCommitted(key);
  }

  // The value as committed, whatever the running batch did.
  [[nodiscard]] const Value* FindCommitted(const Key& key) const {
    const auto found = committed_.find(key);
    return found == committed_.end() ? nullptr : &found->second;
  }

  // The value to change; copied into the overlay on the first use in a batch. Requires: present.
  // References stay valid until Merge, Drop or Erase of this key.
  Value& Mutable(const Key& key) {
    const auto changed = changes_.find(key);
    if (changed != changes_.end()) {
      CHECK(changed->second.has_value());
      return *changed->second;
    }
    const Value* committed = FindCommitted(key);
    CHECK(committed != nullptr);
    return *changes_.emplace(key, *committed).first->second;
  }

  // Inserts or replaces.
  Value& Put(const Key& key, Value value) { return *(changes_[key] = std::move(value)); }

  void Erase(const Key& key) { changes_[key] = std::nullopt; }

  // Calls visit(key, value) for every present entry, in no order. `visit` must not change the map.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (const auto& [key, value] : committed_) {
      if (changes_.empty() || !changes_.contains(key)) {
        visit(key, value);
      }
    }
    for (const auto& [key, value] : changes_) {
      if (value) {
        visit(key, *value);
      }
    }
  }

  // Keys that the running batch changed or erased, in no order.
  [[nodiscard]] const std::unordered_map<Key, std::optional<Value>, Hash>& changes() const {
    return changes_;
  }

  [[nodiscard]] size_t size() const {
    size_t count = committed_.size();
    for (const auto& [key, value] : changes_) {
      const bool was = committed_.contains(key);
      count += value && !was ? 1U : 0U;
      count -= !value && was ? 1U : 0U;
    }
    return count;
  }

  void Merge() {
    for (auto& [key, value] : changes_) {
      if (value) {
        committed_.insert_or_assign(key, std::move(*value));
      } else {
        committed_.erase(key);
      }
    }
    changes_.clear();
  }

  void Drop() { changes_.clear(); }

 private:
  std::unordered_map<Key, Value, Hash> committed_;
  std::unordered_map<Key, std::optional<Value>, Hash> changes_;
};

// The same for one value.
template <typename Value>
class OverlayValue {
 public:
  [[nodiscard]] const Value& get() const { return change_ ? *change_ : committed_; }

  [[nodiscard]] const Value& committed() const { return committed_; }

  Value& Mutable() {
    if (!change_) {
      change_ = committed_;
    }
    return *change_;
  }

  [[nodiscard]] bool changed() const { return change_.has_value(); }

  void Merge() {
    if (change_) {
      committed_ = std::move(*change_);
      change_.reset();
    }
  }

  void Drop() { change_.reset(); }

 private:
  Value committed_{};
  std::optional<Value> change_;
};

}  // namespace printfleet
