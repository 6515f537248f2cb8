// The words of a scenario's line, and how messages are shown. See README.md here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "settings/notify.h"

namespace printfleet::scenario {

// A line of words: those without "=" in order, the others by name. Blanks inside brackets and
// quotes belong to their word.
struct Line {
  std::vector<std::string> words;
  std::map<std::string, std::string> options;

  // "" when there is none.
  [[nodiscard]] std::string word(size_t index) const {
    return index < words.size() ? words[index] : "";
  }

  [[nodiscard]] std::string option(const std::string& name, std::string fallback = "") const {
    const auto found = options.find(name);
    return found == options.end() ? std::move(fallback) : found->second;
  }

  [[nodiscard]] bool has(const std::string& name) const { return options.contains(name); }
};

Line ParseLine(std::string_view text);

// "500ms", "15s", "2min", "1h"; -1 for anything else.
milliseconds ParseDuration(std::string_view text);

std::vector<std::string> SplitList(std::string_view text, char separator);

// "target shift [events=print_failed,farm_outage] [group_s=20] [quiet=22:00-07:00] [except=…]".
// nullopt: there is something in it that nobody knows.
std::optional<settings::NotifyTarget> TargetOf(const Line& line);

// The request's UUID of "#7", and back ("-" for none, the id itself for others).
std::string UuidOf(std::string_view short_id);
std::string ShortId(std::string_view uuid);

// What is left of an object when `without` is taken out: "name=value name=value", in the order of
// its members; zeros, nulls, empty texts, lists and objects are left out.
std::string MembersText(json::Value object, const std::vector<std::string>& without);

// The lines of a response: what it says, then a line for each printer of it.
std::vector<std::string> ResponseLines(json::Value response);

}  // namespace printfleet::scenario
