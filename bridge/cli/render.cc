#include "cli/render.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <tuple>

#include "base/text.h"
#include "cli/exit_code.h"

namespace printfleet::cli {
namespace {

constexpr size_t kSkippedShownMax = 20;
constexpr size_t kTextBytesMax = 200;
constexpr int64_t kBarWidth = 24;

int64_t Count(json::Value response, std::string_view name) {
  return response[name].Int().value_or(0);
}

// "210/210 °C"; "-" when nobody has said.
std::string TemperatureText(json::Value reading, json::Value target) {
  const auto now = reading.Number();
  if (!now) {
    return "-";
  }
  std::string text = std::to_string(std::lround(*now));
  if (const auto wanted = target.Number()) {
    text += "/" + std::to_string(std::lround(*wanted));
  }
  return text;
}

std::string PercentText(json::Value ratio) {
  const auto value = ratio.Number();
  return value ? std::to_string(std::lround(*value * 100)) + " %" : "-";
}

std::string DurationText(json::Value duration_s) {
  const auto value = duration_s.Int();
  if (!value) {
    return "-";
  }
  const int64_t minutes = *value / 60;
  return minutes < 60
             ? std::to_string(minutes) + " min"
             : std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
}

std::string NameOf(json::Value document) {
  const std::string name = CellText(document["name"]);
  return name == "-" ? CellText(document["printer_id"]) : name;
}

void Append(std::string& text, int64_t count, std::string_view word) {
  if (count != 0) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(word);
  }
}

std::optional<WallTime> TimeOf(json::Value value) {
  const auto text = value.String();
  return text ? ParseIso8601(*text) : std::nullopt;
}

std::string ShortTime(json::Value value) {
  const auto time = TimeOf(value);
  return time ? FormatIso8601(*time).substr(0, 16) + "Z" : "-";
}

ExecutionRow ReadExecution(json::Value execution) {
  ExecutionRow row;
  row.printer_id = CellText(execution["printer_id"]);
  row.name = NameOf(execution);
  row.state = CellText(execution["state"]);
  row.code = CellText(execution["code"]);
  row.message = CellText(execution["message"]);
  if (const std::string reason = CellText(execution["reason"]); reason != "-") {
    row.message = row.message == "-" ? reason : reason + ": " + row.message;
  }
  const json::Value result = execution["result"];
  if (result.size() > 0) {
    row.result = result.Text();
  }
  return row;
}

}  // namespace

bool IsOpen(std::string_view state) {
  return std::find(kFinalStates.begin(), kFinalStates.end(), state) == kFinalStates.end();
}

int RankOf(std::string_view state) {
  constexpr std::array<std::string_view, 3> kWrong = {"failed", "timed_out", "sent_unconfirmed"};
  if (std::find(kWrong.begin(), kWrong.end(), state) != kWrong.end()) {
    return 0;
  }
  if (IsOpen(state)) {
    return 2;
  }
  if (state == "skipped") {
    return 3;
  }
  return state == "succeeded" ? 4 : 1;
}

int64_t Counts::finished() const {
  return succeeded + failed + timed_out + sent_unconfirmed + cancelled + expired;
}

Counts ReadCounts(json::Value response) {
  Counts counts;
  counts.queued = Count(response, "queued");
  counts.sent = Count(response, "sent");
  counts.succeeded = Count(response, "succeeded");
  counts.failed = Count(response, "failed");
  counts.timed_out = Count(response, "timed_out");
  counts.sent_unconfirmed = Count(response, "sent_unconfirmed");
  counts.cancelled = Count(response, "cancelled");
  counts.expired = Count(response, "expired");
  counts.skipped = Count(response, "skipped");
  return counts;
}

std::vector<ExecutionRow> ReadExecutions(json::Value response) {
  std::vector<ExecutionRow> rows;
  const json::Value skipped = response["skipped"];
  for (size_t i = 0; i < skipped.size(); ++i) {
    rows.push_back(ReadExecution(skipped.at(i)));
    rows.back().state = "skipped";
  }
  const json::Value executions = response["executions"];
  for (size_t i = 0; i < executions.size(); ++i) {
    rows.push_back(ReadExecution(executions.at(i)));
  }
  return rows;
}

std::string ExecutionsTable(const std::map<std::string, ExecutionRow>& rows, Style style) {
  std::vector<const ExecutionRow*> sorted;
  sorted.reserve(rows.size());
  for (const auto& [id, row] : rows) {
    sorted.push_back(&row);
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto* one, const auto* other) {
    return std::make_tuple(RankOf(one->state), one->name, one->printer_id) <
           std::make_tuple(RankOf(other->state), other->name, other->printer_id);
  });
  std::vector<std::vector<std::string>> cells;
  cells.reserve(rows.size());
  for (const auto* row : sorted) {
    cells.push_back({row->name, row->printer_id, row->state, row->code, row->message});
  }
  return Table({"NAME", "PRINTER", "STATE", "CODE", "MESSAGE"}, cells, style);
}

std::string PreviewText(json::Value accepted) {
  const json::Value skipped = accepted["skipped"];
  const int64_t matched = Count(accepted, "matched");
  std::string text =
      std::to_string(matched) + (matched == 1 ? " printer matched" : " printers matched");
  if (skipped.size() > 0) {
    text += ", " + std::to_string(skipped.size()) + " skipped:";
  }
  text += "\n";
  for (size_t i = 0; i < std::min(skipped.size(), kSkippedShownMax); ++i) {
    text += "  " + NameOf(skipped.at(i)) + ": " + CellText(skipped.at(i)["reason"]) + "\n";
  }
  if (skipped.size() > kSkippedShownMax) {
    text += "  … and " + std::to_string(skipped.size() - kSkippedShownMax) + " more\n";
  }
  return text;
}

std::string DoneText(json::Value done) {
  const Counts counts = ReadCounts(done);
  std::string text;
  Append(text, counts.succeeded, "succeeded");
  Append(text, counts.failed, "failed");
  Append(text, counts.timed_out, "timed out");
  Append(text, counts.sent_unconfirmed, "sent, not confirmed");
  Append(text, counts.cancelled, "cancelled");
  Append(text, counts.expired, "expired");
  Append(text, counts.skipped, "skipped");
  if (text.empty()) {
    text = "done";
  }
  if (const auto duration_ms = done["duration_ms"].Number()) {
    char seconds_text[32];
    std::snprintf(seconds_text, sizeof seconds_text, " in %.1f s", *duration_ms / 1000);
    text += seconds_text;
  }
  return text;
}

std::string ProgressText(const Counts& counts, int64_t matched) {
  const int64_t total =
      std::max({int64_t{1}, matched, counts.finished() + counts.queued + counts.sent});
  const int64_t filled = kBarWidth * counts.finished() / total;
  std::string rest;
  Append(rest, counts.finished() - counts.succeeded, "not succeeded");
  Append(rest, counts.sent, "sent");
  Append(rest, counts.queued, "queued");
  return "[" + std::string(static_cast<size_t>(filled), '#') +
         std::string(static_cast<size_t>(kBarWidth - filled), ' ') + "] " +
         std::to_string(counts.finished()) + "/" + std::to_string(total) + " done" +
         (rest.empty() ? "" : ", " + rest);
}

int ExitCodeOf(json::Value done) {
  const Counts counts = ReadCounts(done);
  const int64_t not_done =
      counts.failed + counts.sent_unconfirmed + counts.cancelled + counts.expired;
  if (not_done > 0) {
    return kSomeFailed;
  }
  if (counts.timed_out > 0) {
    return counts.succeeded > 0 ? kSomeFailed : kTimedOut;
  }
  return counts.succeeded == 0 && counts.skipped > 0 ? kSomeFailed : kDone;
}

std::string PrintersTable(const std::vector<json::Value>& states, WallTime now, Style style) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& state : states) {
    const auto online = state["online"].Bool();
    std::string online_text = "-";
    if (online) {
      online_text = *online ? "online" : "offline";
    }
    rows.push_back({NameOf(state), CellText(state["model"]), CellText(state["state"]), online_text,
                    TemperatureText(state["nozzle_temp_c"], state["nozzle_target_c"]),
                    TemperatureText(state["bed_temp_c"], state["bed_target_c"]),
                    PercentText(state["job"]["progress_ratio"]), CellText(state["job"]["filename"]),
                    CellText(state["firmware"]), AgeText(TimeOf(state["received_at"]), now)});
  }
  std::sort(rows.begin(), rows.end());
  return Table({"NAME", "MODEL", "STATE", "ONLINE", "NOZZLE °C", "BED °C", "DONE", "FILE",
                "FIRMWARE", "REPORT"},
               rows, style);
}

std::string JobsTable(const std::vector<json::Value>& jobs, Style style) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& job : jobs) {
    std::string printer = NameOf(job);
    if (job["printer_name"].String()) {
      printer = CellText(job["printer_name"]);
    }
    rows.push_back({CellText(job["job_id"]), printer, CellText(job["filename"]),
                    CellText(job["state"]), CellText(job["outcome"]),
                    PercentText(job["progress_ratio"]), ShortTime(job["started_at"]),
                    DurationText(job["elapsed_s"]), CellText(job["verdict"])});
  }
  return Table({"JOB", "PRINTER", "FILE", "STATE", "OUTCOME", "DONE", "STARTED", "TOOK", "VERDICT"},
               rows, style);
}

std::string EventLine(json::Value event) {
  std::string line = ShortTime(event["at"]) + " " + CellText(event["kind"]);
  const std::string printer = NameOf(event);
  if (printer != "-") {
    line += " " + printer;
  }
  if (event["body"].size() > 0) {
    line += " " + PrintableText(event["body"].Text(), kTextBytesMax);
  }
  return line;
}

std::string StateLine(json::Value state) {
  std::string line = NameOf(state) + " " + CellText(state["state"]);
  if (state["job"].IsObject()) {
    line += " " + PercentText(state["job"]["progress_ratio"]) + " " +
            CellText(state["job"]["filename"]);
  }
  if (state["offline_reason"].String()) {
    line += " (" + CellText(state["offline_reason"]) + ")";
  }
  return line;
}

}  // namespace printfleet::cli
