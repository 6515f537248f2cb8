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

// Columns of a terminal, as far as one a character goes.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
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
      line += std::string(widths[i] - Width(cells[i]) + 2, ' ');
    }
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

std::string Table(const std::vector<std::string>& header,
                  const std::vector<std::vector<std::string>>& rows, Style style) {
  std::vector<size_t> widths;
  for (size_t i = 0; i < header.size(); ++i) {
    widths.push_back(Width(header[i]));
    for (const auto& row : rows) {
      widths[i] = std::max(widths[i], Width(row[i]));
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
