// A target of notify in a scenario.
#include <charconv>

#include "tests/scenario/words.h"

namespace printfleet::scenario {
namespace {

int NumberAt(const std::string& text, size_t at, size_t digits) {
  int number = 0;
  if (at + digits <= text.size()) {
    std::from_chars(text.data() + at, text.data() + at + digits, number);
  }
  return number;
}

bool ReadKinds(const std::string& list, std::vector<settings::NotifyKind>& kinds) {
  kinds.clear();
  for (const std::string& name : SplitList(list, ',')) {
    const auto kind = settings::ParseNotifyKind(name);
    if (!kind) {
      return false;
    }
    kinds.push_back(*kind);
  }
  return true;
}

}  // namespace

std::optional<settings::NotifyTarget> TargetOf(const Line& line) {
  settings::NotifyTarget target;
  target.name = line.word(1);
  bool known = !target.name.empty();
  for (const auto& [name, value] : line.options) {
    if (name == "events") {
      known &= ReadKinds(value, target.events);
    } else if (name == "group_s") {
      target.group = seconds(NumberAt(value, 0, value.size()));
    } else if (name == "groups") {
      target.groups = SplitList(value, ',');
    } else if (name == "quiet") {  // 22:00-07:00
      target.quiet_hours.emplace();
      target.quiet_hours->from_min = NumberAt(value, 0, 2) * 60 + NumberAt(value, 3, 2);
      target.quiet_hours->to_min = NumberAt(value, 6, 2) * 60 + NumberAt(value, 9, 2);
    } else if (name != "except") {
      known = false;
    }
  }
  if (line.has("except") && target.quiet_hours) {
    known &= ReadKinds(line.option("except"), target.quiet_hours->except);
  }
  return known ? std::optional(target) : std::nullopt;
}

}  // namespace printfleet::scenario
