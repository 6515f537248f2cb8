// Script: a scenario, run. README.md here says what its lines mean.
#pragma once

#include <string>
#include <string_view>

namespace printfleet::scenario {

// The scenario again, with what it led to under each line. A line that cannot be read is answered
// by "! what is wrong".
std::string Run(std::string_view scenario);

}  // namespace printfleet::scenario
