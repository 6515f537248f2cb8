#include "fleet/check_schema.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/json_schema.h"
#include "base/text.h"
#include "fleet/parse.h"

namespace printfleet::fleet {
namespace {

constexpr size_t kShownBytesMax = 80;  // of a value, in a message

std::string Text(json::Value value) {
  return std::string(value.String().value_or(""));
}

// "a", "b" and "c" as "a, b, c".
std::string Joined(const std::vector<std::string>& words, std::string_view by) {
  std::string joined;
  for (const std::string& word : words) {
    joined.append(joined.empty() ? "" : by).append(word);
  }
  return joined;
}

std::string TypeWords(json::Value rule, std::string_view type) {
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"number", "a number"}, {"integer", "a whole number"}, {"boolean", "true or false"},
      {"string", "a text"},   {"object", "an object"},       {"array", "an array"},
      {"null", "null"},
  };
  if (type == "array" && rule["items"]["type"].String() == "string") {
    return "an array of texts";
  }
  const auto* found =
      std::ranges::find(kWords, type, &std::pair<std::string_view, std::string_view>::first);
  return found == std::end(kWords) ? std::string(type) : std::string(found->second);
}

// What the rule wants: its title where that describes a text, else its types. Null is not offered.
std::string Wanted(json::Value rule) {
  const json::Value type = rule["type"];
  std::vector<std::string> words;
  for (size_t i = 0; i < type.size(); ++i) {
    const std::string name = Text(type.at(i));
    if (name == "boolean" && rule["not"].exists()) {
      words.emplace_back("null to clear it");
    } else if (name != "null") {
      words.push_back(TypeWords(rule, name));
    }
  }
  if (type.IsString()) {
    words.push_back(TypeWords(rule, Text(type)));
  }
  const bool titled = rule["title"].IsString() && words.front() == "a text";
  return titled ? Text(rule["title"]) : Joined(words, " or ");
}

std::vector<std::string> MembersOf(json::Value rule) {
  std::vector<std::string> names;
  for (size_t i = 0; i < rule["properties"].size(); ++i) {
    names.emplace_back(rule["properties"].member_name(i));
  }
  return names;
}

// The first required member that is not there.
std::string Missing(json::Value rule, json::Value object) {
  for (size_t i = 0; i < rule["required"].size(); ++i) {
    std::string name = Text(rule["required"].at(i));
    if (!object[name].exists()) {
      return name;
    }
  }
  return "";
}

std::string OutOfBounds(json::Value rule, json::Value value) {
  const auto finite = value.Number();
  const std::string number = finite ? NumberText(*finite) : "it";
  const auto min = rule["minimum"].Number();
  const auto max = rule["maximum"].Number();
  if (rule["title"].exists()) {
    return number + " is not within " + Text(rule["title"]);
  }
  if (min && max) {
    return number + " is not within " + NumberText(*min) + " to " + NumberText(*max);
  }
  return min ? number + " is below " + NumberText(*min) : number + " is above " + NumberText(*max);
}

std::string NoneOf(json::Value rule, json::Value value) {
  std::vector<std::string> words;
  for (size_t i = 0; i < rule["enum"].size(); ++i) {
    const json::Value word = rule["enum"].at(i);
    if (word.IsNull() || !Text(word).empty()) {
      words.push_back(word.IsNull() ? "null" : Text(word));
    }
  }
  return PrintableText(value.Text(), kShownBytesMax) + " is none of " + Joined(words, ", ");
}

std::string WrongLength(json::Value rule, json::Value value) {
  const auto min = rule["minLength"].Int();
  if (min && value.String() == "") {
    return "is empty";
  }
  return min && !rule["maxLength"].exists()
             ? "has fewer than " + std::to_string(*min) + " characters"
             : "has more than " + std::to_string(rule["maxLength"].Int().value_or(0)) +
                   " characters";
}

std::string WrongCount(json::Value rule, json::Value value) {
  const std::string least = std::to_string(rule["minItems"].Int().value_or(0));
  const std::string most = std::to_string(rule["maxItems"].Int().value_or(0));
  return "expected " + least + " to " + most + " entries, got " + std::to_string(value.size());
}

std::string UnknownMember(json::Value rule, const std::string& path) {
  const std::vector<std::string> known = MembersOf(rule);
  const std::string hint = Hint(path.substr(path.find_last_of('.') + 1), known);
  if (!hint.empty()) {
    return "unknown" + hint;
  }
  return known.empty() ? "unknown; it takes none" : "unknown; it takes " + Joined(known, ", ");
}

Rejection Refused(std::string_view reason, const std::string& path, const std::string& what) {
  return {std::string(reason), path + ": " + what, path};
}

// `prefix` is where the document stands: "args", "" for the request itself.
Rejection Explain(const json::Violation& violation, const std::string& prefix) {
  std::string path = prefix;
  path.append(path.empty() || violation.path.empty() ? "" : ".").append(violation.path);
  const json::Value rule = violation.rule;
  const json::Value value = violation.value;
  const std::string& keyword = violation.keyword;
  if (keyword == "type" || keyword == "not") {
    return Refused("wrong_type", path,
                   "expected " + Wanted(rule) + ", got " + std::string(value.TypeName()));
  }
  if (keyword == "required") {
    const std::string name = Missing(rule, value);
    const std::string at = path.empty() ? name : path + "." + name;
    return Refused("missing_argument", at,
                   "missing: " + Text(rule["properties"][name]["description"]));
  }
  if (keyword == "additionalProperties") {
    return Refused("unknown_argument", path, UnknownMember(rule, path));
  }
  if (keyword == "minimum" || keyword == "maximum") {
    return Refused("out_of_range", path, OutOfBounds(rule, value));
  }
  if (keyword == "enum") {
    return Refused("out_of_range", path, NoneOf(rule, value));
  }
  if (keyword == "pattern") {
    return Refused("out_of_range", path, "expected " + Text(rule["title"]));
  }
  if (keyword == "minLength" || keyword == "maxLength") {
    return Refused("out_of_range", path, WrongLength(rule, value));
  }
  if (keyword == "minItems" || keyword == "maxItems") {
    return Refused("out_of_range", path, WrongCount(rule, value));
  }
  if (keyword == "minProperties") {
    return Refused("out_of_range", path, "is empty");
  }
  return Refused("out_of_range", path, "is not as the schema says: " + keyword);
}

struct Schemas {
  json::Schema envelope{EnvelopeSchema()};
  std::map<std::string_view, json::Schema> arguments;  // by command

  Schemas() {
    for (const CommandSpec& spec : Catalog()) {
      arguments.emplace(spec.name, json::Schema(spec.arguments_schema));
    }
  }
};

const Schemas& Compiled() {
  static const Schemas schemas;
  return schemas;
}

}  // namespace

void PrepareSchemas() {
  Compiled();
}

std::optional<Rejection> CheckEnvelope(json::Value request) {
  const auto violation = Compiled().envelope.Check(request);
  if (!violation) {
    return std::nullopt;
  }
  Rejection rejection = Explain(*violation, "");
  // Without a command, or with an id that is none, it is no request at all.
  if ((rejection.path == "id" || rejection.path == "command") && rejection.reason != "wrong_type") {
    rejection.reason = "malformed";
  }
  return rejection;
}

std::optional<Rejection> CheckArgumentsSchema(const CommandSpec& spec, json::Value args) {
  json::Parser parser;
  if (!args.exists() || args.IsNull()) {
    args = *parser.Parse("{}", json::Limits{});
  }
  const auto violation = Compiled().arguments.at(spec.name).Check(args);
  return violation ? std::optional(Explain(*violation, "args")) : std::nullopt;
}

}  // namespace printfleet::fleet
