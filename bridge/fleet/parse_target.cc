// The `target` of a request; the schema has been asked before. What the names in it mean is looked
// up by select.cc.
#include <limits>

#include "fleet/parse.h"

namespace printfleet::fleet {
namespace {

using Rejected = std::optional<Rejection>;

Rejected ReadNames(json::Value target, const char* member, std::vector<std::string>& into) {
  const json::Value list = target[member];
  for (size_t i = 0; i < list.size(); ++i) {
    into.emplace_back(list.at(i).String().value_or(""));
    if (!IsPlainText(into.back())) {
      const std::string at = std::string("target.") + member + "[" + std::to_string(i) + "]";
      return Rejection{"out_of_range", at + ": too long, or with control characters", at};
    }
  }
  return std::nullopt;
}

// Words of a closed list, which the schema has.
template <typename Enum>
void ReadWords(json::Value list, std::optional<Enum> (*parse)(std::string_view),
               std::vector<Enum>& into) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (const auto word = parse(list.at(i).String().value_or(""))) {
      into.push_back(*word);
    }
  }
}

Rejected ReadLabels(json::Value labels, Target& into) {
  for (size_t i = 0; i < labels.size(); ++i) {
    const std::string name(labels.member_name(i));
    const std::string text(labels.member_value(i).String().value_or(""));
    if (!IsPlainText(name) || !IsPlainText(text)) {
      return Rejection{"out_of_range", "target.labels: too long, or with control characters",
                       "target.labels"};
    }
    into.labels[name] = text;
  }
  return std::nullopt;
}

// Draft 4 and draft 7 write "above 0" differently, and the validator knows the former.
Rejected ReadPercent(json::Value percent, Target& into) {
  into.percent = percent.Number();
  if (!percent.exists() || into.percent.value_or(0) > 0) {
    return std::nullopt;
  }
  return Rejection{"out_of_range", "target.percent: must be above 0 and at most 100",
                   "target.percent"};
}

}  // namespace

bool Target::empty() const {
  return !all && printers.empty() && models.empty() && groups.empty() && labels.empty() &&
         states.empty() && bed.empty() && enrolment.empty() && firmware.empty();
}

std::optional<Rejection> ParseTarget(json::Value target, Target& into) {
  for (const auto& [member, names] :
       {std::pair("printers", &into.printers), std::pair("models", &into.models),
        std::pair("groups", &into.groups), std::pair("exclude", &into.exclude)}) {
    if (auto rejected = ReadNames(target, member, *names)) {
      return rejected;
    }
  }
  if (auto rejected = ReadLabels(target["labels"], into)) {
    return rejected;
  }
  ReadWords(target["states"], printer::ParseState, into.states);
  ReadWords(target["bed"], printer::ParseBed, into.bed);
  ReadWords(target["enrolment"], printer::ParseEnrolment, into.enrolment);
  into.firmware = target["firmware"].String().value_or("");
  into.all = target["all"].Bool().value_or(false);
  if (const json::Value limit = target["limit"]; limit.exists()) {
    into.limit = limit.Int().value_or(std::numeric_limits<int64_t>::max());
  }
  return ReadPercent(target["percent"], into);
}

}  // namespace printfleet::fleet
