#include "cli/outcomes.h"

#include <algorithm>

namespace printfleet::cli {
namespace {

constexpr size_t kFixedLines = 3;  // header, how many more, progress

void Append(std::string& text, int64_t count, std::string_view word) {
  if (count > 0) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(word);
  }
}

}  // namespace

void Outcomes::Take(json::Value response) {
  matched_ = std::max(matched_, response["matched"].Int().value_or(0));
  for (ExecutionRow& row : ReadExecutions(response)) {
    TakeRow(std::move(row));
  }
  const json::Value counts = response["counts"].IsObject() ? response["counts"] : response;
  if (counts["queued"].exists()) {
    said_ = ReadCounts(counts);
    matched_ = std::max(matched_, said_.finished() + said_.skipped + said_.queued + said_.sent);
  }
}

void Outcomes::TakeRow(ExecutionRow row) {
  const auto found = rows_.find(row.printer_id);
  if (found != rows_.end()) {
    const ExecutionRow& old = found->second;
    if (!IsOpen(old.state) && IsOpen(row.state)) {
      return;
    }
    order_.erase({RankOf(old.state), old.name, old.printer_id});
    --by_state_[old.state];
    ended_ -= IsOpen(old.state) ? 0 : 1;
  }
  order_.emplace(RankOf(row.state), row.name, row.printer_id);
  ++by_state_[row.state];
  ended_ += IsOpen(row.state) ? 0 : 1;
  const std::string id = row.printer_id;
  rows_[id] = std::move(row);
}

// Of the rows, or of the last progress, whichever knows of more that has ended.
Counts Outcomes::Known() const {
  if (said_.finished() + said_.skipped >= ended_) {
    return said_;
  }
  const auto of = [this](const char* state) {
    const auto found = by_state_.find(state);
    return found == by_state_.end() ? 0 : found->second;
  };
  Counts counts;
  counts.succeeded = of("succeeded");
  counts.failed = of("failed");
  counts.timed_out = of("timed_out");
  counts.sent_unconfirmed = of("sent_unconfirmed");
  counts.cancelled = of("cancelled");
  counts.expired = of("expired");
  counts.skipped = of("skipped");
  const int64_t open = std::max<int64_t>(0, matched_ - ended_);
  counts.queued = std::min(open, said_.queued);
  counts.sent = open - counts.queued;
  return counts;
}

std::string Outcomes::ProgressLine() const {
  const Counts counts = Known();
  return ProgressText(counts, matched_ - counts.skipped);
}

// The wrong and the open share the places where they are too many, then come the others.
std::vector<const ExecutionRow*> Outcomes::Chosen(size_t places) const {
  const auto first_open = order_.lower_bound({RankOf("queued"), "", ""});
  const auto first_other = order_.lower_bound({RankOf("skipped"), "", ""});
  const auto wrong = static_cast<size_t>(std::distance(order_.begin(), first_open));
  const auto open = static_cast<size_t>(std::distance(first_open, first_other));
  const size_t wrong_shown = std::min(wrong, std::max(places - std::min(open, places), places / 2));
  std::vector<const ExecutionRow*> chosen;
  const auto take = [&](auto from, auto end, size_t many) {
    for (; from != end && many > 0; ++from, --many) {
      chosen.push_back(&rows_.at(std::get<2>(*from)));
    }
  };
  take(order_.begin(), first_open, wrong_shown);
  take(first_open, order_.end(), places - wrong_shown);
  return chosen;
}

// "… 397 succeeded, 12 open": those that are not shown.
std::string Outcomes::Rest(const std::vector<const ExecutionRow*>& shown) const {
  std::map<std::string, int64_t> left = by_state_;
  for (const ExecutionRow* row : shown) {
    --left[row->state];
  }
  int64_t open = std::max<int64_t>(0, matched_ - static_cast<int64_t>(rows_.size()));
  std::string text;
  for (const auto& [state, count] : left) {
    if (IsOpen(state)) {
      open += count;
    } else {
      Append(text, count, state);
    }
  }
  Append(text, open, "open");
  return text.empty() ? "" : "… and " + text;
}

std::vector<std::string> Outcomes::Lines(const TerminalSize& size, Style style) const {
  std::vector<std::string> lines;
  if (size.rows > kFixedLines && !rows_.empty()) {
    const auto shown = Chosen(size.rows - kFixedLines);
    std::vector<std::vector<std::string>> cells;
    for (const ExecutionRow* row : shown) {
      cells.push_back({row->name, row->state, row->code, row->message});
    }
    lines = SplitLines(Table({"NAME", "STATE", "CODE", "MESSAGE"}, cells, style));
    if (const std::string rest = Rest(shown); !rest.empty()) {
      lines.push_back(rest);
    }
  }
  lines.push_back(ProgressLine());
  for (std::string& line : lines) {
    line = CutToWidth(line, size.columns);
  }
  return lines;
}

std::string DoneOf(const std::string& id, json::Value command) {
  json::Writer out;
  out.BeginObject().Member("id", id).Member("event", "done");
  out.Member("at", command["finished_at"].String().value_or(""));
  for (const char* name : {"command_id", "target_hash", "result"}) {
    if (command[name].exists()) {
      out.Key(name).Raw(command[name].Text());
    }
  }
  const json::Value counts = command["counts"];
  int64_t matched = 0;
  for (const auto state : kFinalStates) {
    const int64_t count = counts[state].Int().value_or(0);
    matched += count;
    out.Member(state, count);
  }
  out.Member("matched", matched);
  const auto begun = ParseIso8601(command["created_at"].String().value_or(""));
  const auto ended = ParseIso8601(command["finished_at"].String().value_or(""));
  if (begun && ended) {
    out.Member("duration_ms", static_cast<int64_t>((*ended - *begun).count()));
  }
  out.EndObject();
  return out.Take();
}

}  // namespace printfleet::cli
