// What a dry run says: who would get which message, and why the others would get none. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/json.h"

namespace printfleet::cli {

class DryRun {
 public:
  // An `execution` response, or the `done`, which comes last; a printer that is in both counts
  // once.
  void Take(json::Value response);

  // Printers that are told the same are together; the task of each is not a difference.
  [[nodiscard]] std::string Text() const;

 private:
  // Printers that would be sent the same, or are left out for the same reason.
  struct Group {
    std::string key;
    std::string what;
    std::vector<std::string> names;
  };

  static void AddTo(std::vector<Group>& groups, const std::string& key, const std::string& what,
                    const std::string& name);
  static std::string GroupsText(const std::vector<Group>& groups);

  std::set<std::string> seen_;
  std::vector<Group> sent_;
  std::vector<Group> skipped_;
  int64_t matched_ = 0;
  std::string would_send_;
  std::string would_skip_;
  std::string target_hash_;
};

}  // namespace printfleet::cli
