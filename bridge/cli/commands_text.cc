// Commands of command.list and command.get as text.
#include <algorithm>

#include "base/text.h"
#include "cli/outcomes.h"
#include "cli/render.h"

namespace printfleet::cli {
namespace {

constexpr size_t kWordsBytesMax = 48;  // of a cell

// A value in a few words: "a", "a,b", "3"; of objects "k=v".
std::string ValueText(json::Value value) {
  if (value.IsArray()) {
    std::string text;
    for (size_t i = 0; i < value.size(); ++i) {
      text += (i == 0 ? "" : ",") + ValueText(value.at(i));
    }
    return text;
  }
  const auto text = value.String();
  return text ? std::string(*text) : value.Text();
}

// {"groups":["rack-a"],"limit":3} as "groups=rack-a limit=3"; "" for nothing.
std::string MembersText(json::Value object) {
  std::string text;
  for (size_t i = 0; i < object.size(); ++i) {
    const json::Value value = object.member_value(i);
    const bool flag = value.Bool().value_or(false);  // "all", not "all=true"
    text += (i == 0 ? "" : " ") + std::string(object.member_name(i)) +
            (flag ? "" : "=" + ValueText(value));
  }
  return text;
}

std::string Cell(const std::string& text) {
  return text.empty() ? "-" : PrintableText(text, kWordsBytesMax);
}

std::string CountsText(json::Value counts) {
  std::string text;
  const auto add = [&](std::string_view state) {
    if (const int64_t count = counts[state].Int().value_or(0); count > 0) {
      text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(state);
    }
  };
  for (const auto state : kFinalStates) {
    add(state);
  }
  add("sent");
  add("queued");
  return text.empty() ? "-" : text;
}

std::string TimeCell(json::Value time) {
  const std::string text = CellText(time);
  return text.size() >= 19 ? text.substr(0, 19) + "Z" : text;
}

}  // namespace

std::string CommandsTable(const std::vector<json::Value>& commands, Style style) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& command : commands) {
    std::string what = CellText(command["command"]);
    if (const std::string args = MembersText(command["args"]); !args.empty()) {
      what += " " + Cell(args);
    }
    const std::string state = CellText(command["state"]);
    rows.push_back({CellText(command["command_id"]), TimeCell(command["created_at"]),
                    CellText(command["author"]), what, Cell(MembersText(command["target"])),
                    state == "accepted" ? "open" : state, CountsText(command["counts"])});
  }
  return Table({"ID", "SENT", "AUTHOR", "COMMAND", "TARGET", "STATE", "PRINTERS"}, rows, style);
}

std::string CommandText(json::Value command) {
  constexpr size_t kLineBytesMax = 2000;
  std::string text =
      "command " + CellText(command["command_id"]) + ": " + CellText(command["command"]);
  if (const std::string args = MembersText(command["args"]); !args.empty()) {
    text += " " + PrintableText(args, kLineBytesMax);
  }
  text += "\nto " + PrintableText(MembersText(command["target"]), kLineBytesMax) + "\nsent by " +
          CellText(command["author"]) + " at " + TimeCell(command["created_at"]) + ", ";
  const std::string ended = TimeCell(command["finished_at"]);
  return text + (ended == "-" ? "open" : "ended at " + ended) + "\nrequest " +
         CellText(command["request_id"]) + "\n\n";
}

std::string OpenText(json::Value command) {
  return "open: " + CountsText(command["counts"]) + "; follow it with: printfleet send --attach " +
         CellText(command["request_id"]);
}

std::string WithExecutions(json::Value command, const std::vector<std::string>& executions) {
  json::Writer out;
  out.BeginObject();
  for (size_t i = 0; i < command.size(); ++i) {
    const auto name = command.member_name(i);
    if (name != "executions" && name != "executions_truncated") {
      out.Key(name).Raw(command.member_value(i).Text());
    }
  }
  std::string list;
  for (const auto& execution : executions) {
    list += (list.empty() ? "" : ",") + execution;
  }
  out.Key("executions").Raw("[" + list + "]").EndObject();
  return out.Take();
}

}  // namespace printfleet::cli
