#include "tests/scenario/words.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace printfleet::scenario {
namespace {

constexpr std::string_view kUuidHead = "00000000-0000-4000-8000-";
constexpr size_t kUuidTail = 12;
constexpr size_t kHashShown = 8;

bool Says(json::Value value) {
  if (value.IsNull() || (value.IsBool() && !*value.Bool())) {
    return false;
  }
  if (value.IsObject() || value.IsArray()) {
    return value.size() > 0;
  }
  return value.IsString() ? !value.String()->empty() : value.Number() != 0.0;
}

std::string ValueText(std::string_view name, json::Value value) {
  if (name.ends_with("hash")) {
    return std::string(value.String().value_or("").substr(0, kHashShown));
  }
  const bool word = value.IsString() && value.String()->find(' ') == std::string_view::npos;
  return word ? std::string(*value.String()) : value.Text();
}

// One printer of an `execution`, `accepted` or `done`.
std::string PrinterLine(json::Value row) {
  std::string text = "  " + std::string(row["name"].String().value_or("?"));
  const std::string state(row["state"].String().value_or("skipped"));
  text += " " + state;
  if (const auto reason = row["reason"].String()) {
    text += (state == "skipped" ? " " : " reason=") + std::string(*reason);
  }
  const std::string rest =
      MembersText(row, {"printer_id", "name", "state", "reason", "duration_ms"});
  return rest.empty() ? text : text + " " + rest;
}

}  // namespace

Line ParseLine(std::string_view text) {
  Line line;
  std::string word;
  size_t equals = std::string::npos;
  int depth = 0;
  bool quoted = false;
  const auto end_word = [&] {
    if (word.empty()) {
      return;
    }
    if (equals == std::string::npos || equals == 0) {
      line.words.push_back(word);
    } else {
      line.options[word.substr(0, equals)] = word.substr(equals + 1);
    }
    word.clear();
    equals = std::string::npos;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ' && depth == 0 && !quoted) {
      end_word();
      continue;
    }
    quoted = c == '"' && (i == 0 || text[i - 1] != '\\') ? !quoted : quoted;
    if (!quoted) {
      depth += c == '{' || c == '[' ? 1 : 0;
      depth -= c == '}' || c == ']' ? 1 : 0;
    }
    if (c == '=' && depth == 0 && !quoted && equals == std::string::npos) {
      equals = word.size();
    }
    word.push_back(c);
  }
  end_word();
  return line;
}

milliseconds ParseDuration(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  if (error != std::errc() || number < 0) {
    return milliseconds(-1);
  }
  for (const auto& [name, ms] : {std::pair<std::string_view, int64_t>{"ms", 1},
                                 {"s", 1000},
                                 {"min", 60'000},
                                 {"h", 3'600'000}}) {
    if (unit == name) {
      return milliseconds(number * ms);
    }
  }
  return milliseconds(-1);
}

std::vector<std::string> SplitList(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string UuidOf(std::string_view short_id) {
  if (!short_id.starts_with('#')) {
    return std::string(short_id);
  }
  const std::string number(short_id.substr(1));
  return std::string(kUuidHead) + std::string(kUuidTail - number.size(), '0') + number;
}

std::string ShortId(std::string_view uuid) {
  if (uuid.empty()) {
    return "-";
  }
  if (!uuid.starts_with(kUuidHead)) {
    return std::string(uuid);
  }
  const std::string_view tail = uuid.substr(kUuidHead.size());
  return "#" + std::string(tail.substr(std::min(tail.find_first_not_of('0'), tail.size() - 1)));
}

std::string MembersText(json::Value object, const std::vector<std::string>& without) {
  std::string text;
  for (size_t i = 0; object.IsObject() && i < object.size(); ++i) {
    const std::string name(object.member_name(i));
    const json::Value value = object.member_value(i);
    if (!Says(value) || std::ranges::find(without, name) != without.end()) {
      continue;
    }
    text += (text.empty() ? "" : " ") + name + "=" + ValueText(name, value);
  }
  return text;
}

std::vector<std::string> ResponseLines(json::Value response) {
  std::vector<std::string> lines;
  std::vector<std::string> without = {"id",         "event",       "at",
                                      "executions", "duration_ms", "command_id"};
  if (response["skipped"].IsArray()) {  // a count elsewhere
    without.emplace_back("skipped");
  }
  const std::string rest = MembersText(response, without);
  const std::string head(response["event"].String().value_or("?"));
  lines.push_back(rest.empty() ? head : head + " " + rest);
  for (const char* list : {"skipped", "executions"}) {
    const json::Value rows = response[list];
    for (size_t i = 0; rows.IsArray() && i < rows.size(); ++i) {
      lines.push_back(PrinterLine(rows.at(i)));
    }
  }
  return lines;
}

}  // namespace printfleet::scenario
