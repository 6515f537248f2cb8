// Responses and state documents as text for people. Pure: JSON in, text out.
//
// What comes from printers goes through PrintableText before it reaches a terminal.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace printfleet::cli {

struct TerminalSize {
  size_t rows = 24;
  size_t columns = 80;
};

struct Style {
  bool color = false;
};

// One printer's part of a command, of an `execution` response.
struct ExecutionRow {
  std::string printer_id;
  std::string name;
  std::string state;
  std::string code;
  std::string message;
  std::string result;  // JSON, "" for none or {}
};

// In which executions end, as `done` counts them.
inline constexpr std::array<std::string_view, 7> kFinalStates = {
    "succeeded", "failed", "timed_out", "sent_unconfirmed", "cancelled", "expired", "skipped"};

// queued, sent, acknowledged; and what is no state at all.
bool IsOpen(std::string_view state);

// From what needs a look to what does not: what went wrong (0), was not sent (1), is open (2), was
// skipped (3), has succeeded (4).
int RankOf(std::string_view state);

// Of a `progress` or `done` response; what is absent is 0.
struct Counts {
  int64_t queued = 0;
  int64_t sent = 0;
  int64_t succeeded = 0;
  int64_t failed = 0;
  int64_t timed_out = 0;
  int64_t sent_unconfirmed = 0;
  int64_t cancelled = 0;
  int64_t expired = 0;
  int64_t skipped = 0;

  [[nodiscard]] int64_t finished() const;
};

Counts ReadCounts(json::Value response);

// Rows of `execution`, of a `done` and a `command` that carry executions, and of those that an
// `accepted` has `skipped`. A skipped one's message is why.
std::vector<ExecutionRow> ReadExecutions(json::Value response);

// A table with a header; columns as wide as their widest cell. Rows are as long as the header.
std::string Table(const std::vector<std::string>& header,
                  const std::vector<std::vector<std::string>>& rows, Style style);

// Columns of a terminal that `text` fills; colours fill none.
size_t DisplayWidth(std::string_view text);

// `text` cut to `columns` columns, "…" at its end when something is missing; colours end with it.
std::string CutToWidth(const std::string& text, size_t columns);

std::vector<std::string> SplitLines(const std::string& text);

// What went wrong first, then what is open, skipped, succeeded; by name.

std::string ExecutionsTable(const std::map<std::string, ExecutionRow>& rows, Style style);

// "12 printers matched, 2 skipped" and the skipped with their reasons, at most 20 of them.
std::string PreviewText(json::Value accepted);

// "11 succeeded, 1 failed, 2 skipped in 5.2 s".
std::string DoneText(json::Value done);

// "[#####     ] 8/12 done, 1 failed, 3 sent".
std::string ProgressText(const Counts& counts, int64_t matched);

// The exit code that a `done` response stands for.
int ExitCodeOf(json::Value done);

// State documents, sorted by name.
std::string PrintersTable(const std::vector<json::Value>& states, WallTime now, Style style);

std::string JobsTable(const std::vector<json::Value>& jobs, Style style);

// Commands of command.list: number, when, who, what, whom, and how it ended.
std::string CommandsTable(const std::vector<json::Value>& commands, Style style);

// What stands above the printers of one command; and below them, while it is open.
std::string CommandText(json::Value command);
std::string OpenText(json::Value command);

// A command's document with all its executions (JSON texts). JSON.
std::string WithExecutions(json::Value command, const std::vector<std::string>& executions);

// The answer to printer.diagnose: findings first, then the facts behind them.
std::string DiagnosisText(json::Value result);

// One line for an event, and for a printer's state.
std::string EventLine(json::Value event);
std::string StateLine(json::Value state);

// JSON over several lines, indented by two.
std::string PrettyJson(json::Value value);

// "4 s", "12 min", "3 h", "5 d"; "-" for nothing.
std::string AgeText(std::optional<WallTime> then, WallTime now);

// A scalar as a cell: text as it is, null and missing as "-".
std::string CellText(json::Value value);

}  // namespace printfleet::cli
