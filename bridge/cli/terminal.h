// Lines on standard error that are drawn again and again in the same place.
#pragma once

#include <string>
#include <vector>

#include "cli/render.h"

namespace printfleet::cli {

// Standard error is a terminal that can move its cursor.
bool CanRedraw();

// Of standard error's terminal; 24 x 80 where it does not say.
TerminalSize ReadTerminalSize();

// Not on a terminal: does nothing. Does not end a line that is being typed: the cursor waits behind
// the last line drawn.
class Screen {
 public:
  Screen() = default;
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  ~Screen() { Clear(); }

  void Draw(const std::vector<std::string>& lines, const TerminalSize& size);
  // Nothing of it is left, the cursor is where it began.
  void Clear();

 private:
  std::vector<size_t> widths_;  // of the lines on the screen
};

// What takes lines of these widths off a terminal of `columns` columns: they may have been drawn on
// a wider one, and fill several lines of it by now. Pure.
std::string EraseText(const std::vector<size_t>& widths, size_t columns);

}  // namespace printfleet::cli
