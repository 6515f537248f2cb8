#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "cli/output.h"

namespace printfleet::cli {

bool CanRedraw() {
  const char* kind = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe)
  const bool moves = kind != nullptr && *kind != '\0' && std::string_view(kind) != "dumb";
  return moves && isatty(STDERR_FILENO) != 0;
}

TerminalSize ReadTerminalSize() {
  TerminalSize size;
  winsize said{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &said) == 0) {
    size.rows = said.ws_row > 0 ? said.ws_row : size.rows;
    size.columns = said.ws_col > 0 ? said.ws_col : size.columns;
  }
  return size;
}

std::string EraseText(const std::vector<size_t>& widths, size_t columns) {
  if (widths.empty()) {
    return "";
  }
  size_t lines = 0;
  for (const size_t width : widths) {
    lines += std::max<size_t>(1, (width + columns - 1) / columns);
  }
  const std::string up = lines > 1 ? "\x1b[" + std::to_string(lines - 1) + "A" : "";
  return "\r" + up + "\x1b[J";
}

void Screen::Draw(const std::vector<std::string>& lines, const TerminalSize& size) {
  std::string text = EraseText(widths_, size.columns);
  widths_.clear();
  for (const std::string& line : lines) {
    text += (widths_.empty() ? "" : "\n") + line;
    widths_.push_back(DisplayWidth(line));
  }
  PrintError(text);
}

void Screen::Clear() {
  if (!widths_.empty()) {
    PrintError(EraseText(widths_, ReadTerminalSize().columns));
    widths_.clear();
  }
}

}  // namespace printfleet::cli
