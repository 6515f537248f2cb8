#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/text.h"
#include "cli/exit_code.h"
#include "cli/files.h"

namespace printfleet::cli {
namespace {

constexpr size_t kShortSha = 12;
constexpr size_t kMinutePrefix = 16;  // "2026-01-01T08:00"

std::string DurationCell(json::Value value) {
  const auto duration_s = value.Int();
  if (!duration_s) {
    return "-";
  }
  constexpr int64_t kMinuteS = 60;
  constexpr int64_t kHourS = 3600;
  if (*duration_s < kHourS) {
    return std::to_string(*duration_s / kMinuteS) + " min";
  }
  return std::to_string(*duration_s / kHourS) + " h " +
         std::to_string(*duration_s % kHourS / kMinuteS) + " min";
}

std::string TimeCell(json::Value value) {
  std::string text = CellText(value).substr(0, kMinutePrefix);
  if (text.size() == kMinutePrefix) {
    text[std::string_view("2026-01-01").size()] = ' ';
  }
  return text;
}

}  // namespace

std::string SizeText(std::optional<int64_t> bytes) {
  if (!bytes) {
    return "-";
  }
  constexpr double kStep = 1000;
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB"};
  auto amount = static_cast<double>(*bytes);
  size_t unit = 0;
  while (amount >= kStep && unit + 1 < kUnits.size()) {
    amount /= kStep;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", amount, kUnits[unit]);
  return text.data();
}

std::string FilesTable(const std::vector<json::Value>& files, Style style) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& file : files) {
    rows.push_back({CellText(file["name"]), SizeText(file["size_bytes"].Int()),
                    CellText(file["model"]), CellText(file["material"]),
                    DurationCell(file["estimated_s"]), CellText(file["layers"]),
                    CellText(file["added_by"]), TimeCell(file["added_at"]),
                    CellText(file["sha256"]).substr(0, kShortSha)});
  }
  return Table({"NAME", "SIZE", "MODEL", "MATERIAL", "TAKES", "LAYERS", "BY", "ADDED", "SHA256"},
               rows, style);
}

std::string FileText(json::Value file) {
  constexpr size_t kColumn = 14;
  std::string text;
  for (size_t i = 0; file.IsObject() && i < file.size(); ++i) {
    const std::string name = PrintableText(file.member_name(i), kColumn * 2);
    text += name + std::string(kColumn - std::min(kColumn - 1, name.size()), ' ') +
            CellText(file.member_value(i)) + "\n";
  }
  return text;
}

int ExitCodeOfUpload(int status) {
  constexpr int kFirstOther = 300;
  constexpr int kBusy = 503;
  if (status < kFirstOther) {
    return kDone;
  }
  return status == kBusy ? kNotReachable : kUsage;
}

}  // namespace printfleet::cli
