#include "cli/dry_run.h"

#include <algorithm>

#include "base/text.h"
#include "cli/render.h"

namespace printfleet::cli {
namespace {

constexpr size_t kNamesShownMax = 20;  // of one group
constexpr size_t kGroupsShownMax = 20;
constexpr size_t kDataBytesMax = 400;

std::string NameOf(json::Value row) {
  return CellText(row["name"].String().value_or("").empty() ? row["printer_id"] : row["name"]);
}

// "print/pause {"taskid":"…"}", or the state's word where no message is said. Each printer has a
// task of its own: `task` stands for it.
std::string MessageOf(json::Value row, std::string_view task) {
  const json::Value sends = row["sends"];
  if (!sends.IsObject()) {
    return CellText(row["state"]);
  }
  std::string text = CellText(sends["type"]) + "/" + CellText(sends["action"]);
  const json::Value data = sends["data"];
  if (!data.IsObject()) {
    return data.exists() && !data.IsNull() ? text + " " + PrintableText(data.Text(), kDataBytesMax)
                                           : text;
  }
  json::Writer out;
  out.BeginObject();
  for (size_t i = 0; i < data.size(); ++i) {
    out.Key(data.member_name(i));
    if (data.member_name(i) == "taskid" && !task.empty()) {
      out.String(task);
    } else {
      out.Raw(data.member_value(i).Text());
    }
  }
  out.EndObject();
  return text + " " + PrintableText(out.Take(), kDataBytesMax);
}

std::string ReasonOf(json::Value row) {
  const auto message = row["message"].String();
  return CellText(row["reason"]) +
         (message && !message->empty() ? ": " + CellText(row["message"]) : "");
}

}  // namespace

void DryRun::AddTo(std::vector<Group>& groups, const std::string& key, const std::string& what,
                   const std::string& name) {
  auto found = std::find_if(groups.begin(), groups.end(),
                            [&](const Group& group) { return group.key == key; });
  if (found == groups.end()) {
    groups.push_back({key, what, {}});
    found = std::prev(groups.end());
  }
  if (found->what != what) {
    found->what = key;
  }
  found->names.push_back(name);
}

void DryRun::Take(json::Value response) {
  const json::Value rows = response["executions"];
  for (size_t i = 0; i < rows.size(); ++i) {
    const json::Value row = rows.at(i);
    if (!seen_.insert(CellText(row["printer_id"])).second) {
      continue;
    }
    if (row["reason"].String()) {
      AddTo(skipped_, ReasonOf(row), ReasonOf(row), NameOf(row));
    } else {
      AddTo(sent_, MessageOf(row, "…"), MessageOf(row, ""), NameOf(row));
    }
  }
  matched_ = std::max(matched_, response["matched"].Int().value_or(0));
  would_send_ = CellText(response["would_send"]);
  would_skip_ = CellText(response["skipped"]);
  target_hash_ = CellText(response["target_hash"]);
}

std::string DryRun::GroupsText(const std::vector<Group>& groups) {
  std::string text;
  for (size_t i = 0; i < std::min(groups.size(), kGroupsShownMax); ++i) {
    const Group& group = groups[i];
    text += "  " + group.what + "\n    " + std::to_string(group.names.size()) +
            (group.names.size() == 1 ? " printer: " : " printers: ");
    for (size_t k = 0; k < std::min(group.names.size(), kNamesShownMax); ++k) {
      text += (k == 0 ? "" : ", ") + group.names[k];
    }
    text += group.names.size() > kNamesShownMax
                ? ", … and " + std::to_string(group.names.size() - kNamesShownMax) + " more\n"
                : "\n";
  }
  if (groups.size() > kGroupsShownMax) {
    text += "  … and " + std::to_string(groups.size() - kGroupsShownMax) +
            " other messages; --json has all\n";
  }
  return text;
}

std::string DryRun::Text() const {
  std::string text =
      std::to_string(matched_) + (matched_ == 1 ? " printer matched\n" : " printers matched\n");
  if (!sent_.empty()) {
    text += "would be sent (" + would_send_ + "):\n" + GroupsText(sent_);
  }
  if (!skipped_.empty()) {
    text += "would be skipped (" + would_skip_ + "):\n" + GroupsText(skipped_);
  }
  if (matched_ > static_cast<int64_t>(seen_.size())) {
    text += "… and " + std::to_string(matched_ - static_cast<int64_t>(seen_.size())) +
            " more that did not fit into the answer\n";
  }
  if (target_hash_ != "-") {
    text += "to exactly these printers, or to none: --if-matched " + target_hash_ + "\n";
  }
  return text;
}

}  // namespace printfleet::cli
