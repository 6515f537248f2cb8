// The lines of --control: a test's hands on the farm. Each line gets one line of answer, which
// begins with "ok" or "error:".
#pragma once

#include <string>
#include <string_view>

namespace printfleet::simulator {

class Farm;

std::string RunControl(std::string_view line, Farm& farm);

}  // namespace printfleet::simulator
