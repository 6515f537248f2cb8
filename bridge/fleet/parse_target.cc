// The `target` of a request. What the names in it mean is looked up by select.cc.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "fleet/parse.h"
#include "protocol/topics.h"

namespace printfleet::fleet {
namespace {

constexpr size_t kNamesMax = 10000;
constexpr int kBeds = 3;
constexpr int kEnrolments = 4;

using Rejected = std::optional<Rejection>;

Rejected WrongType(const std::string& path, std::string_view expected, json::Value value) {
  return Rejection{
      "wrong_type",
      path + ": expected " + std::string(expected) + ", got " + std::string(value.TypeName()),
      path};
}

Rejected ParseNames(json::Value target, const char* member, std::vector<std::string>& into) {
  const json::Value list = target[member];
  if (!list.exists()) {
    return std::nullopt;
  }
  const std::string path = std::string("target.") + member;
  if (!list.IsArray()) {
    return WrongType(path, "an array of texts", list);
  }
  if (list.size() == 0 || list.size() > kNamesMax) {
    return Rejection{"out_of_range",
                     path + ": expected 1 to " + std::to_string(kNamesMax) + " entries", path};
  }
  for (size_t i = 0; i < list.size(); ++i) {
    const auto text = list.at(i).String();
    const std::string at = path + "[" + std::to_string(i) + "]";
    if (!text) {
      return WrongType(at, "a text", list.at(i));
    }
    if (text->empty() || !IsPlainText(*text)) {
      return Rejection{"out_of_range", at + ": empty, too long, or with control characters", at};
    }
    into.emplace_back(*text);
  }
  return std::nullopt;
}

// Names of a closed list of `kCount`, parsed by `parse`.
template <int kCount, typename Enum>
Rejected ParseWords(json::Value target, const char* member,
                    std::optional<Enum> (*parse)(std::string_view), std::vector<Enum>& into) {
  std::vector<std::string> words;
  if (auto rejected = ParseNames(target, member, words)) {
    return rejected;
  }
  for (size_t i = 0; i < words.size(); ++i) {
    const std::optional<Enum> value = parse(words[i]);
    if (!value) {
      const std::string at = std::string("target.") + member + "[" + std::to_string(i) + "]";
      std::string known;
      for (int candidate = 0; candidate < kCount; ++candidate) {
        known.append(known.empty() ? "" : ", ").append(Name(static_cast<Enum>(candidate)));
      }
      const std::string word = PrintableText(words[i], 80);
      return Rejection{"out_of_range",
                       std::string(at).append(": \"").append(word).append("\" is none of ") + known,
                       at};
    }
    into.push_back(*value);
  }
  return std::nullopt;
}

Rejected ParseLabels(json::Value target, Target& into) {
  const json::Value labels = target["labels"];
  if (!labels.exists()) {
    return std::nullopt;
  }
  if (!labels.IsObject() || labels.size() == 0) {
    return WrongType("target.labels", "an object of texts with at least one member", labels);
  }
  for (size_t i = 0; i < labels.size(); ++i) {
    const std::string at = "target.labels." + PrintableText(labels.member_name(i), 80);
    const auto text = labels.member_value(i).String();
    if (!text || !IsPlainText(*text) || !IsPlainText(labels.member_name(i))) {
      return WrongType(at, "a text without control characters", labels.member_value(i));
    }
    into.labels[std::string(labels.member_name(i))] = *text;
  }
  return std::nullopt;
}

std::string_view VersionPart(std::string_view expression) {
  const size_t start = expression.find_first_not_of("<>=!");
  return start == std::string_view::npos ? std::string_view() : expression.substr(start);
}

Rejected ParseFirmware(json::Value target, Target& into) {
  const json::Value firmware = target["firmware"];
  if (!firmware.exists()) {
    return std::nullopt;
  }
  const auto text = firmware.String();
  if (!text) {
    return WrongType("target.firmware", "a text like <3.1.2", firmware);
  }
  const std::string_view version = VersionPart(*text);
  const std::string_view comparison = text->substr(0, text->size() - version.size());
  constexpr std::array<std::string_view, 8> kComparisons = {
      "", "=", "==", "!=", "<", "<=", ">", ">="};
  if (std::ranges::find(kComparisons, comparison) == kComparisons.end() ||
      !protocol::CompareVersions(version, version)) {
    return Rejection{"out_of_range",
                     "target.firmware: expected a version with <, <=, >, >=, = or != before it, "
                     "like <3.1.2",
                     "target.firmware"};
  }
  into.firmware = *text;
  return std::nullopt;
}

Rejected ParseBounds(json::Value target, Target& into) {
  if (const json::Value all = target["all"]; all.exists()) {
    if (!all.IsBool()) {
      return WrongType("target.all", "true or false", all);
    }
    into.all = *all.Bool();
  }
  if (const json::Value limit = target["limit"]; limit.exists()) {
    into.limit = limit.Int();
    if (!into.limit) {
      return WrongType("target.limit", "a whole number", limit);
    }
    if (*into.limit < 1) {
      return Rejection{"out_of_range", "target.limit: must be 1 or more", "target.limit"};
    }
  }
  if (const json::Value percent = target["percent"]; percent.exists()) {
    into.percent = percent.Number();
    if (!into.percent) {
      return WrongType("target.percent", "a number", percent);
    }
    if (*into.percent <= 0 || *into.percent > 100) {
      return Rejection{"out_of_range", "target.percent: must be above 0 and at most 100",
                       "target.percent"};
    }
  }
  return std::nullopt;
}

Rejected CheckMembers(json::Value target) {
  const std::vector<std::string> known = {"all",      "printers", "models", "groups",
                                          "labels",   "states",   "bed",    "enrolment",
                                          "firmware", "exclude",  "limit",  "percent"};
  for (size_t i = 0; i < target.size(); ++i) {
    const std::string name(target.member_name(i));
    if (std::ranges::find(known, name) == known.end()) {
      const std::string path = "target." + PrintableText(name, 80);
      return Rejection{"unknown_argument", path + ": no such selector" + Hint(name, known), path};
    }
  }
  return std::nullopt;
}

}  // namespace

bool Target::empty() const {
  return !all && printers.empty() && models.empty() && groups.empty() && labels.empty() &&
         states.empty() && bed.empty() && enrolment.empty() && firmware.empty();
}

std::optional<Rejection> ParseTarget(json::Value target, Target& into) {
  if (!target.exists() || target.IsNull()) {
    return std::nullopt;
  }
  if (!target.IsObject()) {
    return WrongType("target", "an object", target);
  }
  Rejected rejected = CheckMembers(target);
  const auto then = [&rejected](auto parse) {
    if (!rejected) {
      rejected = parse();
    }
  };
  then([&] { return ParseNames(target, "printers", into.printers); });
  then([&] { return ParseNames(target, "models", into.models); });
  then([&] { return ParseNames(target, "groups", into.groups); });
  then([&] { return ParseNames(target, "exclude", into.exclude); });
  then([&] { return ParseLabels(target, into); });
  then([&] {
    return ParseWords<printer::kStates>(target, "states", printer::ParseState, into.states);
  });
  then([&] { return ParseWords<kBeds>(target, "bed", printer::ParseBed, into.bed); });
  then([&] {
    return ParseWords<kEnrolments>(target, "enrolment", printer::ParseEnrolment, into.enrolment);
  });
  then([&] { return ParseFirmware(target, into); });
  then([&] { return ParseBounds(target, into); });
  return rejected;
}

}  // namespace printfleet::fleet
