// Strong ids: a JobId is not a CommandId. Values only.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace printfleet {

// An id given by core from a stored high-water mark. 0 means "none".
template <typename Tag>
struct NumberId {
  int64_t value = 0;

  auto operator<=>(const NumberId&) const = default;

  explicit operator bool() const { return value != 0; }
};

using JobId = NumberId<struct JobTag>;
using CommandId = NumberId<struct CommandTag>;
using EventId = NumberId<struct EventTag>;
using ArtifactId = NumberId<struct ArtifactTag>;

// What a printer calls itself: segment 6 of its topics, 32 hex digits as far as anyone knows, but
// kept as the free text it is (protocol::kPrinterIdBytesMax long at most).
// Source: shared protocol dossier §1, §4.
using PrinterId = std::string;

}  // namespace printfleet

template <typename Tag>
struct std::hash<printfleet::NumberId<Tag>> {
  size_t operator()(printfleet::NumberId<Tag> id) const noexcept {
    return std::hash<int64_t>()(id.value);
  }
};
