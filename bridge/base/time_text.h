// A time's text without a string of its own.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "base/time.h"

namespace printfleet {

constexpr size_t kIso8601Bytes = 40;

// FormatIso8601 (base/time.h), written into `text`.
std::string_view FormatIso8601(WallTime time, std::array<char, kIso8601Bytes>& text);

}  // namespace printfleet
