// The `args` of a request, by the types of the catalog.
#include <algorithm>
#include <map>
#include <vector>

#include "base/text.h"
#include "fleet/parse.h"

namespace printfleet::fleet {
namespace {

constexpr size_t kListMax = 1000;

using Rejected = std::optional<Rejection>;

Rejection Refused(std::string_view reason, const std::string& path, const std::string& what) {
  return {std::string(reason), path + ": " + what, path};
}

Rejection WrongType(const std::string& path, std::string_view expected, json::Value value) {
  return Refused("wrong_type", path,
                 "expected " + std::string(expected) + ", got " + std::string(value.TypeName()));
}

Rejected ParseTexts(const std::string& path, json::Value list, std::vector<std::string>& into) {
  if (list.size() > kListMax) {
    return Refused("out_of_range", path, "at most " + std::to_string(kListMax) + " entries");
  }
  for (size_t i = 0; i < list.size(); ++i) {
    const auto text = list.at(i).String();
    if (!text || text->empty() || !IsPlainText(*text)) {
      return WrongType(path + "[" + std::to_string(i) + "]", "a text without control characters",
                       list.at(i));
    }
    into.emplace_back(*text);
  }
  return std::nullopt;
}

// Refuses what is no member of `owner` ("file", "records[]").
Rejected CheckMembers(const CommandSpec& spec, const std::string& owner, const std::string& path,
                      json::Value object) {
  std::vector<std::string> known;
  for (const ArgumentSpec& member : spec.members) {
    if (member.name.starts_with(owner + ".")) {
      known.emplace_back(member.name.substr(owner.size() + 1));
    }
  }
  for (size_t i = 0; i < object.size(); ++i) {
    const std::string name(object.member_name(i));
    if (std::ranges::find(known, name) == known.end()) {
      return Refused("unknown_argument", path + "." + PrintableText(name, 80),
                     "unknown" + Hint(name, known));
    }
  }
  return std::nullopt;
}

Rejected ParseRecords(const CommandSpec& spec, const std::string& path, json::Value list,
                      std::vector<protocol::RecommendRecord>& into) {
  if (list.size() == 0 || list.size() > kListMax) {
    return Refused("out_of_range", path, "expected 1 to " + std::to_string(kListMax) + " records");
  }
  for (size_t i = 0; i < list.size(); ++i) {
    const json::Value record = list.at(i);
    const std::string at = path + "[" + std::to_string(i) + "]";
    if (auto rejected = CheckMembers(spec, "records[]", at, record)) {
      return rejected;
    }
    const auto md5 = record["md5"].String();
    const auto url = record["url"].String();
    if (!md5 || !url || !IsPlainText(*md5) || !IsPlainText(*url)) {
      return Refused("missing_argument", at, "needs the texts md5 and url");
    }
    const auto image = record["image_url"].String().value_or("");
    if (!IsPlainText(image)) {
      return WrongType(at + ".image_url", "a text without control characters", record["image_url"]);
    }
    into.push_back({std::string(*md5), std::string(*url), record["size_bytes"].Int(),
                    std::string(image), record["estimated_s"].Int()});
  }
  return std::nullopt;
}

// labels: texts are set, nulls removed.
Rejected ParseLabels(const std::string& path, json::Value labels, Arguments& into) {
  std::map<std::string, std::string> set;
  std::vector<std::string> removed;
  for (size_t i = 0; i < labels.size(); ++i) {
    const std::string name(labels.member_name(i));
    const json::Value value = labels.member_value(i);
    if (name.empty() || !IsPlainText(name)) {
      return Refused("out_of_range", path, "a label's name is empty or has control characters");
    }
    if (value.IsNull()) {
      removed.push_back(name);
    } else if (const auto text = value.String(); text && IsPlainText(*text)) {
      set[name] = *text;
    } else {
      return WrongType(std::string(path).append(".").append(name), "a text, or null to remove it",
                       value);
    }
  }
  into.Set("labels", std::move(set));
  into.Set("labels.removed", std::move(removed));
  return std::nullopt;
}

Rejected ParseFile(const CommandSpec& spec, const std::string& path, json::Value file,
                   Arguments& into) {
  if (auto rejected = CheckMembers(spec, "file", path, file)) {
    return rejected;
  }
  std::map<std::string, std::string> values = {{"path", "/"}};
  for (size_t i = 0; i < file.size(); ++i) {
    const std::string name(file.member_name(i));
    const auto text = file.member_value(i).String();
    if (!text || text->empty() || !IsPlainText(*text)) {
      return WrongType(std::string(path).append(".").append(name),
                       "a text without control characters", file.member_value(i));
    }
    values[name] = *text;
  }
  if (values["storage"] != "local" && values["storage"] != "usb") {
    return Refused("out_of_range", path + ".storage", "expected local or usb");
  }
  if (values["filename"].empty()) {
    return Refused("missing_argument", path + ".filename", "missing");
  }
  into.Set("file", std::move(values));
  return std::nullopt;
}

Rejected ParseObject(const CommandSpec& command, const ArgumentSpec& spec, const std::string& path,
                     json::Value value, Arguments& into) {
  if (spec.name == "data") {  // any JSON, printer.raw
    into.Set("data", value.Text());
    return std::nullopt;
  }
  if (!value.IsObject()) {
    return WrongType(path, "an object", value);
  }
  return spec.name == "file" ? ParseFile(command, path, value, into)
                             : ParseLabels(path, value, into);
}

Rejected ParseArray(const CommandSpec& command, const ArgumentSpec& spec, const std::string& path,
                    json::Value value, Arguments& into) {
  if (!value.IsArray()) {
    return WrongType(path, "an array", value);
  }
  if (spec.name == "records") {
    std::vector<protocol::RecommendRecord> records;
    auto rejected = ParseRecords(command, path, value, records);
    into.Set("records", std::move(records));
    return rejected;
  }
  std::vector<std::string> texts;
  auto rejected = ParseTexts(path, value, texts);
  into.Set(std::string(spec.name), std::move(texts));
  return rejected;
}

Rejected ParseText(const ArgumentSpec& spec, const std::string& path, json::Value value,
                   Arguments& into) {
  const auto text = value.String();
  if (!text) {
    return WrongType(path, "a text", value);
  }
  if (!IsPlainText(*text)) {
    return Refused("out_of_range", path,
                   "too long, or with control characters or bytes that are not UTF-8");
  }
  into.Set(std::string(spec.name), std::string(*text));
  return std::nullopt;
}

Rejected ParseOne(const CommandSpec& command, const ArgumentSpec& spec, json::Value value,
                  Arguments& into) {
  const std::string path = "args." + std::string(spec.name);
  if (spec.nullable && (value.IsNull() || value.Bool() == false)) {
    into.Set(std::string(spec.name), std::string());
    return std::nullopt;
  }
  switch (spec.type) {
    case ArgumentType::kText:
      return ParseText(spec, path, value, into);
    case ArgumentType::kInteger:
      if (const auto number = value.Int()) {
        into.Set(std::string(spec.name), *number);
        return std::nullopt;
      }
      return WrongType(path, "a whole number", value);
    case ArgumentType::kNumber:
      if (const auto number = value.Number()) {
        into.Set(std::string(spec.name), *number);
        return std::nullopt;
      }
      return WrongType(path, "a number", value);
    case ArgumentType::kBool:
      if (const auto flag = value.Bool()) {
        into.Set(std::string(spec.name), *flag);
        return std::nullopt;
      }
      return WrongType(path, "true or false", value);
    case ArgumentType::kObject:
      return ParseObject(command, spec, path, value, into);
    case ArgumentType::kArray:
      return ParseArray(command, spec, path, value, into);
  }
  return std::nullopt;
}

const ArgumentSpec* FindArgument(const CommandSpec& spec, std::string_view name) {
  const auto found = std::ranges::find(spec.arguments, name, &ArgumentSpec::name);
  return found == spec.arguments.end() ? nullptr : &*found;
}

Rejected UnknownArgument(const CommandSpec& spec, std::string_view name) {
  std::vector<std::string> known;
  std::string list;
  for (const ArgumentSpec& argument : spec.arguments) {
    known.emplace_back(argument.name);
    list.append(list.empty() ? "" : ", ").append(argument.name);
  }
  const std::string path = "args." + PrintableText(name, 80);
  std::string hint = Hint(name, known);
  if (hint.empty()) {
    hint = list.empty() ? "; it takes none" : "; it takes " + list;
  }
  return Rejection{"unknown_argument",
                   path + ": " + std::string(spec.name) + " has no such argument" + hint, path};
}

}  // namespace

std::optional<Rejection> ParseArguments(const CommandSpec& spec, json::Value args,
                                        Arguments& into) {
  if (args.exists() && !args.IsNull() && !args.IsObject()) {
    return WrongType("args", "an object", args);
  }
  for (size_t i = 0; i < args.size(); ++i) {
    const ArgumentSpec* argument = FindArgument(spec, args.member_name(i));
    if (argument == nullptr) {
      return UnknownArgument(spec, args.member_name(i));
    }
    const json::Value value = args.member_value(i);
    if (value.IsNull() && !argument->nullable && argument->name != "data") {
      continue;  // null is absent
    }
    if (auto rejected = ParseOne(spec, *argument, value, into)) {
      return rejected;
    }
  }
  for (const ArgumentSpec& argument : spec.arguments) {
    if (argument.required && !into.Has(argument.name)) {
      return Refused("missing_argument", "args." + std::string(argument.name),
                     "missing: " + std::string(argument.help));
    }
  }
  return CheckArguments(spec, into);
}

std::string MaskedArguments(const CommandSpec& spec, json::Value args) {
  if (!args.IsObject()) {
    return "{}";
  }
  std::map<std::string, std::string> members;
  for (size_t i = 0; i < args.size(); ++i) {
    const ArgumentSpec* argument = FindArgument(spec, args.member_name(i));
    const bool shown = argument != nullptr && !argument->secret;
    members[CleanText(args.member_name(i), 100)] =
        shown ? CleanText(args.member_value(i).CanonicalText(), SIZE_MAX) : "\"***\"";
  }
  json::Writer writer;
  writer.BeginObject();
  for (const auto& [name, value] : members) {
    writer.Key(name).Raw(value);
  }
  writer.EndObject();
  return writer.Take();
}

}  // namespace printfleet::fleet
