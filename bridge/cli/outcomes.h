// What is known of each printer of a command while it runs, and how that looks on a terminal of any
// size. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/json.h"
#include "cli/render.h"

namespace printfleet::cli {

class Outcomes {
 public:
  // Takes what is in it: `matched`, `skipped` printers, `executions`, the counts of a progress.
  // Also the `command` of command.get. A printer that has ended stays so.
  void Take(json::Value response);

  [[nodiscard]] const std::map<std::string, ExecutionRow>& rows() const { return rows_; }

  [[nodiscard]] int64_t matched() const { return matched_; }

  // Printers whose end is known, skipped ones among them.
  [[nodiscard]] int64_t ended() const { return ended_; }

  // "[#####     ] 8/12 done, 1 failed, 3 sent"; of printers, or as far as counts say.
  [[nodiscard]] std::string ProgressLine() const;

  // At most `size.rows` lines of at most `size.columns` columns, without line ends: first what went
  // wrong and what is still open, then how many more there are, then the progress.
  [[nodiscard]] std::vector<std::string> Lines(const TerminalSize& size, Style style) const;

 private:
  using Order = std::tuple<int, std::string, std::string>;  // rank, name, printer id

  void TakeRow(ExecutionRow row);
  [[nodiscard]] Counts Known() const;
  [[nodiscard]] std::vector<const ExecutionRow*> Chosen(size_t places) const;
  [[nodiscard]] std::string Rest(const std::vector<const ExecutionRow*>& shown) const;

  std::map<std::string, ExecutionRow> rows_;
  std::set<Order> order_;
  std::map<std::string, int64_t> by_state_;  // of rows_
  int64_t ended_ = 0;
  int64_t matched_ = 0;
  Counts said_;  // by the last progress
};

// The `done` that the sender of a command had, of command.get's `command` that is done. JSON.
std::string DoneOf(const std::string& id, json::Value command);

}  // namespace printfleet::cli
