// Values in slicers' comments: texts to numbers. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace printfleet::library {

// Without blanks, tabs and carriage returns around it.
std::string_view Trimmed(std::string_view text);

// "1d 2h 3m 4s" in seconds; nullopt where that is not all of it, or above ten years.
std::optional<int64_t> ParseDuration(std::string_view text);

// A whole number from 0 to `max`.
std::optional<int64_t> ParseCount(std::string_view text, int64_t max);

// The sum of "1.5, 2.25", each followed by `unit` (which may be empty); nullopt where one is no
// number from 0 to 1e9.
std::optional<double> ParseSum(std::string_view text, std::string_view unit);

// "PLA;PLA;PETG" → "PLA;PETG", clean for a row.
std::string ParseMaterials(std::string_view text);

}  // namespace printfleet::library
