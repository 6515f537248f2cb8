// What a dry run says: who would get which message, and why the others would get none.
#include <algorithm>

#include "base/text.h"
#include "cli/render.h"

namespace printfleet::cli {
namespace {

constexpr size_t kNamesShownMax = 20;  // of one group
constexpr size_t kGroupsShownMax = 20;
constexpr size_t kDataBytesMax = 400;

// Printers that are told the same, or that are left out for the same reason.
struct Group {
  std::string what;
  std::vector<std::string> names;
};

void AddTo(std::vector<Group>& groups, const std::string& what, const std::string& name) {
  auto found = std::find_if(groups.begin(), groups.end(),
                            [&](const Group& group) { return group.what == what; });
  if (found == groups.end()) {
    groups.push_back({what, {}});
    found = std::prev(groups.end());
  }
  found->names.push_back(name);
}

std::string NameOf(json::Value row) {
  return CellText(row["name"].String().value_or("").empty() ? row["printer_id"] : row["name"]);
}

// "print/pause {"taskid":"17"}", or the state's word where no message is said.
std::string MessageOf(json::Value row) {
  const json::Value message = row["sends"];
  if (!message.IsObject()) {
    return CellText(row["state"]);
  }
  std::string text = CellText(message["type"]) + "/" + CellText(message["action"]);
  if (message["data"].exists() && !message["data"].IsNull()) {
    text += " " + PrintableText(message["data"].Text(), kDataBytesMax);
  }
  return text;
}

std::string ReasonOf(json::Value row) {
  const auto message = row["message"].String();
  return CellText(row["reason"]) +
         (message && !message->empty() ? ": " + CellText(row["message"]) : "");
}

std::string GroupsText(const std::vector<Group>& groups) {
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

}  // namespace

std::string DryRunText(json::Value done) {
  std::vector<Group> sent;
  std::vector<Group> skipped;
  const json::Value rows = done["executions"];
  for (size_t i = 0; i < rows.size(); ++i) {
    const json::Value row = rows.at(i);
    if (row["reason"].String()) {
      AddTo(skipped, ReasonOf(row), NameOf(row));
    } else {
      AddTo(sent, MessageOf(row), NameOf(row));
    }
  }
  const int64_t matched = done["matched"].Int().value_or(0);
  std::string text =
      std::to_string(matched) + (matched == 1 ? " printer matched\n" : " printers matched\n");
  if (!sent.empty()) {
    text += "would be sent (" + CellText(done["would_send"]) + "):\n" + GroupsText(sent);
  }
  if (!skipped.empty()) {
    text += "would be skipped (" + CellText(done["skipped"]) + "):\n" + GroupsText(skipped);
  }
  if (done["executions_truncated"].Bool().value_or(false)) {
    text += "… and others; what does not fit into one answer is not shown\n";
  }
  if (const std::string hash = CellText(done["target_hash"]); hash != "-") {
    text += "to exactly these printers, or to none: --if-matched " + hash + "\n";
  }
  return text;
}

}  // namespace printfleet::cli
