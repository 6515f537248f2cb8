// Table and the scalars in it.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/text.h"
#include "cli/render.h"

namespace printfleet::cli {
namespace {

constexpr size_t kCellBytesMax = 120;

constexpr char kEscape = '\x1b';

// One thing on a terminal: a character, or a sequence that begins with an escape and fills nothing.
struct Glyph {
  size_t bytes = 1;
  size_t columns = 1;
};

// East Asian wide characters and pictures fill two columns, combining ones none.
size_t ColumnsOf(uint32_t character) {
  struct Range {
    uint32_t first;
    uint32_t last;
    size_t columns;
  };

  constexpr std::array kRanges = {
      Range{0x300, 0x36f, 0},   Range{0x200b, 0x200f, 0},   Range{0xfe00, 0xfe0f, 0},
      Range{0x1100, 0x115f, 2}, Range{0x2e80, 0xa4cf, 2},   Range{0xac00, 0xd7a3, 2},
      Range{0xf900, 0xfaff, 2}, Range{0xfe30, 0xfe6f, 2},   Range{0xff00, 0xff60, 2},
      Range{0xffe0, 0xffe6, 2}, Range{0x1f300, 0x1faff, 2}, Range{0x20000, 0x3fffd, 2},
  };
  for (const Range& range : kRanges) {
    if (character >= range.first && character <= range.last) {
      return range.columns;
    }
  }
  return 1;
}

// Requires: `text` is not empty.
Glyph FirstGlyph(std::string_view text) {
  if (text.front() == kEscape) {
    return {std::min(text.find('m'), text.size() - 1) + 1, 0};
  }
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  size_t bytes = 1;
  while (bytes < text.size() && (byte(bytes) & 0xc0U) == 0x80U) {
    ++bytes;
  }
  uint32_t character = byte(0) & (bytes == 1 ? 0x7fU : 0xffU >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) {
    character = character << 6U | (byte(i) & 0x3fU);
  }
  return {bytes, ColumnsOf(character)};
}

std::string_view ColorOf(std::string_view cell) {
  constexpr std::array kGreen = {"succeeded", "printing", "finished", "online"};
  constexpr std::array kRed = {"failed", "fault", "timed_out", "interrupted"};
  constexpr std::array kYellow = {"paused",  "pausing", "offline",          "cancelled",
                                  "expired", "stopped", "sent_unconfirmed", "unknown"};
  const auto in = [&](const auto& words) {
    return std::find(words.begin(), words.end(), cell) != words.end();
  };
  if (in(kGreen)) {
    return "\x1b[32m";
  }
  if (in(kRed)) {
    return "\x1b[31m";
  }
  return in(kYellow) ? "\x1b[33m" : "";
}

std::string Line(const std::vector<std::string>& cells, const std::vector<size_t>& widths,
                 std::string_view color_all, bool color_cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string_view color = color_cells ? ColorOf(cells[i]) : color_all;
    line += std::string(color) + cells[i] + (color.empty() ? "" : "\x1b[0m");
    if (i + 1 < cells.size()) {
      line += std::string(widths[i] - DisplayWidth(cells[i]) + 2, ' ');
    }
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

size_t DisplayWidth(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    const Glyph glyph = FirstGlyph(text);
    columns += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return columns;
}

std::string CutToWidth(const std::string& text, size_t columns) {
  if (DisplayWidth(text) <= columns) {
    return text;
  }
  std::string_view rest = text;
  std::string cut;
  size_t filled = 0;
  bool colored = false;
  while (!rest.empty()) {
    const Glyph glyph = FirstGlyph(rest);
    if (filled + glyph.columns + 1 > columns) {
      break;
    }
    colored = colored || rest.front() == kEscape;
    cut += rest.substr(0, glyph.bytes);
    filled += glyph.columns;
    rest.remove_prefix(glyph.bytes);
  }
  return cut + (columns > 0 ? "…" : "") + (colored ? "\x1b[0m" : "");
}

std::vector<std::string> SplitLines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::string Table(const std::vector<std::string>& header,
                  const std::vector<std::vector<std::string>>& rows, Style style) {
  std::vector<size_t> widths;
  for (size_t i = 0; i < header.size(); ++i) {
    widths.push_back(DisplayWidth(header[i]));
    for (const auto& row : rows) {
      widths[i] = std::max(widths[i], DisplayWidth(row[i]));
    }
  }
  std::string text = Line(header, widths, style.color ? "\x1b[1m" : "", false);
  for (const auto& row : rows) {
    text += Line(row, widths, "", style.color);
  }
  return text;
}

std::string CellText(json::Value value) {
  if (const auto text = value.String()) {
    return text->empty() ? "-" : PrintableText(*text, kCellBytesMax);
  }
  if (!value.exists() || value.IsNull()) {
    return "-";
  }
  return PrintableText(value.Text(), kCellBytesMax);
}

std::string AgeText(std::optional<WallTime> then, WallTime now) {
  if (!then) {
    return "-";
  }
  constexpr int64_t kMinuteS = 60;
  constexpr int64_t kHourS = 60 * kMinuteS;
  constexpr int64_t kDayS = 24 * kHourS;
  const int64_t age_s =
      std::max<int64_t>(0, std::chrono::duration_cast<seconds>(now - *then).count());
  if (age_s < 2 * kMinuteS) {
    return std::to_string(age_s) + " s";
  }
  if (age_s < 2 * kHourS) {
    return std::to_string(age_s / kMinuteS) + " min";
  }
  if (age_s < 2 * kDayS) {
    return std::to_string(age_s / kHourS) + " h";
  }
  return std::to_string(age_s / kDayS) + " d";
}

std::string PrettyJson(json::Value value) {
  const std::string compact = value.Text();
  std::string text;
  int depth = 0;
  bool quoted = false;
  const auto new_line = [&] { text += "\n" + std::string(static_cast<size_t>(depth) * 2, ' '); };
  for (size_t i = 0; i < compact.size(); ++i) {
    const char c = compact[i];
    if (quoted) {
      text += c;
      if (c == '\\' && i + 1 < compact.size()) {
        text += compact[++i];
      }
      quoted = c != '"';
    } else if ((c == '{' || c == '[') && compact[i + 1] != '}' && compact[i + 1] != ']') {
      text += c;
      ++depth;
      new_line();
    } else if ((c == '}' || c == ']') && compact[i - 1] != '{' && compact[i - 1] != '[') {
      --depth;
      new_line();
      text += c;
    } else {
      text += c;
      quoted = c == '"';
      if (c == ',') {
        new_line();
      } else if (c == ':') {
        text += ' ';
      }
    }
  }
  return text;
}

}  // namespace printfleet::cli
