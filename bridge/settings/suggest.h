// "Did you mean": for configuration keys and command names. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace printfleet::settings {

// The word of `words` that `text` most likely stands for; empty when none is near.
std::string_view Nearest(std::string_view text, const std::vector<std::string>& words);

}  // namespace printfleet::settings
