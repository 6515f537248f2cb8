// The levels of a topic, and which of them is the printer's id. Pure.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace printfleet::capture {

// The text between the slashes; views of `topic`.
std::vector<std::string_view> LevelsOf(std::string_view topic);

// Where the id stands: …/printer/<model>/<id> or …/printer/public/<model>/<id>; beyond the end
// where none does. [§1] The model stands before it, the type behind.
size_t IdLevel(const std::vector<std::string_view>& levels);

}  // namespace printfleet::capture
