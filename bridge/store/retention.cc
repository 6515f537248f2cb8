#include "store/retention.h"

#include <algorithm>
#include <charconv>

namespace printfleet::store {
namespace {

constexpr size_t kDateDigits = 8;

}  // namespace

std::optional<Day> CutoffOf(int days, const std::vector<Day>& ran, Day today) {
  if (days <= 0) {
    return std::nullopt;
  }
  std::vector<Day> past;
  std::copy_if(ran.begin(), ran.end(), std::back_inserter(past),
               [today](Day day) { return day < today; });
  const auto kept = static_cast<size_t>(days);
  if (past.size() <= kept) {
    return std::nullopt;
  }
  std::nth_element(past.begin(), past.begin() + days - 1, past.end(), std::greater<>());
  return std::min(past[kept - 1], today - std::chrono::days(days));
}

std::vector<RowRule> RowRules(const settings::Retention& retention, seconds remember) {
  // A command's id protects from its repetition for this long, whatever else is set.
  const auto remember_days = std::chrono::ceil<std::chrono::days>(remember).count() + 1;
  const int commands_days =
      retention.commands_days == 0
          ? 0
          : std::max(retention.commands_days, static_cast<int>(remember_days));
  return {
      {"notifications", retention.notifications_days, {&kDeleteOldNotifications}},
      {"downloads", retention.downloads_days, {&kDeleteOldDownloads}},
      {"commands", commands_days, {&kDeleteOldExecutions, &kDeleteOldCommands}},
      {"jobs", retention.jobs_days, {&kDeleteOldJobs}},
      {"artifacts", retention.jobs_days, {&kDeleteOldArtifacts}},
      {"printer_files", retention.printer_files_days, {&kDeleteOldFiles}},
      {"dead_letters", retention.dead_letters_days, {&kDeleteOldDeadLetters}},
      {"events", retention.events_days, {&kDeleteOldEvents}},
      {"audit_log", retention.audit_days, {&kDeleteOldAudit}},
  };
}

std::vector<PartitionRule> PartitionRules(const settings::Retention& retention) {
  return {{"telemetry", retention.telemetry_days}, {"report_log", retention.report_log_days}};
}

std::optional<Day> PartitionDay(std::string_view name, std::string_view table) {
  if (name.size() != table.size() + 1 + kDateDigits || !name.starts_with(table) ||
      name[table.size()] != '_') {
    return std::nullopt;
  }
  const std::string_view digits = name.substr(table.size() + 1);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(number / 10000)),
                                         std::chrono::month(number / 100 % 100),
                                         std::chrono::day(number % 100)};
  return date.ok() ? std::optional(Day(date)) : std::nullopt;
}

}  // namespace printfleet::store
