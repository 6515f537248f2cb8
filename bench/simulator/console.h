// One line on stdout or stderr. What a console refuses is lost: there is nowhere else to say it.
#pragma once

#include <cstdio>
#include <string>

namespace printfleet::simulator {

inline void PrintLine(std::FILE* stream, const std::string& line) {
  static_cast<void>(std::fputs((line + "\n").c_str(), stream));
  static_cast<void>(std::fflush(stream));
}

}  // namespace printfleet::simulator
