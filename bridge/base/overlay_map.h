// OverlayMap: a map with one layer of uncommitted changes over the committed content.
//
// Core equals the committed state: a batch is stepped on the overlay; Merge() makes it the
// committed content once the store has it, Drop() forgets it. Not thread-safe (loop thread only).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"

namespace printfleet {

// Texts are looked up by views of them too.
template <typename Key>
struct OverlayHash : std::hash<Key> {};

// Without noexcept libstdc++ keeps each text's hash beside it: else it makes those of its
// neighbours anew at every search, from texts that are in no cache where there are ten thousand.
template <>
struct OverlayHash<std::string> {
  using is_transparent = void;

  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// Values of which every batch changes many, and that are made of many pieces: those that the last
// batch changed lend their memory to the next one's.
template <typename Value>
inline constexpr bool kOverlayReuses = false;

template <typename Key, typename Value, typename Hash = OverlayHash<Key>>
class OverlayMap {
  using LookUp = std::conditional_t<std::is_same_v<Key, std::string>, std::string_view, const Key&>;
  using Changes = std::unordered_map<Key, std::optional<Value>, Hash, std::equal_to<>>;

 public:
  // The value as the running batch sees it; nullptr when absent or erased. Valid until the next
  // non-const call.
  [[nodiscard]] const Value* Find(LookUp key) const {
    const auto changed = changes_.find(key);
    if (changed != changes_.end()) {
      return changed->second ? &*changed->second : nullptr;
    }
    return FindCommitted(key);
  }

  // The value as committed, whatever the running batch did.
  [[nodiscard]] const Value* FindCommitted(LookUp key) const {
    const auto found = committed_.find(key);
    return found == committed_.end() ? nullptr : &found->second;
  }

  // The value to change; copied into the overlay on the first use in a batch. Requires: present.
  // References stay valid until Merge, Drop or Erase of this key.
  Value& Mutable(LookUp key) {
    const auto changed = changes_.find(key);
    if (changed != changes_.end()) {
      CHECK(changed->second.has_value());
      return *changed->second;
    }
    const auto committed = committed_.find(key);
    CHECK(committed != committed_.end());
    if (spare_.empty()) {
      return *changes_.emplace(committed->first, committed->second).first->second;
    }
    auto node = std::move(spare_.back());
    spare_.pop_back();
    node.key() = committed->first;
    node.mapped() = committed->second;
    return *changes_.insert(std::move(node)).position->second;
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
  [[nodiscard]] const Changes& changes() const { return changes_; }

  // Calls visit(key, value) for every value that the running batch changed; `visit` may change it,
  // and nothing else of the map.
  template <typename Visit>
  void ForEachChanged(Visit&& visit) {
    for (auto& [key, value] : changes_) {
      if (value) {
        visit(key, *value);
      }
    }
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
    KeepSpare();
    changes_.clear();
  }

  void Drop() { changes_.clear(); }

 private:
  // More than a usual batch changes would only be kept from others.
  static constexpr size_t kSpareMax = 1024;

  // What was moved from keeps what its place in `committed_` had: the texts' memory among it.
  void KeepSpare() {
    if constexpr (kOverlayReuses<Value>) {
      while (!changes_.empty() && spare_.size() < kSpareMax) {
        auto node = changes_.extract(changes_.begin());
        if (node.mapped()) {
          spare_.push_back(std::move(node));
        }
      }
    }
  }

  std::unordered_map<Key, Value, Hash, std::equal_to<>> committed_;
  Changes changes_;
  std::vector<typename Changes::node_type> spare_;
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
