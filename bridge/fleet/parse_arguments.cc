// The `args` of a request, by the types of the catalog; the schema has been asked before. A schema
// counts characters and knows no bytes: what may not become a row is refused here.
#include <algorithm>
#include <map>
#include <vector>

#include "base/text.h"
#include "fleet/check_schema.h"
#include "fleet/parse.h"

namespace printfleet::fleet {
namespace {

using Rejected = std::optional<Rejection>;

Rejected CheckPlain(const std::string& path, std::string_view text) {
  if (IsPlainText(text)) {
    return std::nullopt;
  }
  return Rejection{"out_of_range",
                   path + ": too long, or with control characters or bytes that are not UTF-8",
                   path};
}

// The member of `object`, "" when it is null or not there.
Rejected ReadMember(const std::string& path, json::Value object, const char* name,
                    std::string& into) {
  into = object[name].String().value_or("");
  return CheckPlain(path + "." + name, into);
}

Rejected ReadTexts(const std::string& path, json::Value list, std::vector<std::string>& into) {
  for (size_t i = 0; i < list.size(); ++i) {
    into.emplace_back(list.at(i).String().value_or(""));
    if (auto rejected = CheckPlain(path + "[" + std::to_string(i) + "]", into.back())) {
      return rejected;
    }
  }
  return std::nullopt;
}

Rejected ReadRecords(const std::string& path, json::Value list,
                     std::vector<protocol::RecommendRecord>& into) {
  for (size_t i = 0; i < list.size(); ++i) {
    const json::Value record = list.at(i);
    const std::string at = path + "[" + std::to_string(i) + "]";
    protocol::RecommendRecord& read = into.emplace_back();
    for (const auto& [name, text] : {std::pair("md5", &read.md5), std::pair("url", &read.url),
                                     std::pair("image_url", &read.image_url)}) {
      if (auto rejected = ReadMember(at, record, name, *text)) {
        return rejected;
      }
    }
    read.size_bytes = record["size_bytes"].Int();
    read.estimated_s = record["estimated_s"].Int();
  }
  return std::nullopt;
}

// labels: texts are set, nulls removed.
Rejected ReadLabels(const std::string& path, json::Value labels, Arguments& into) {
  std::map<std::string, std::string> set;
  std::vector<std::string> removed;
  for (size_t i = 0; i < labels.size(); ++i) {
    const std::string name(labels.member_name(i));
    const json::Value value = labels.member_value(i);
    if (name.empty() || !IsPlainText(name)) {
      return Rejection{"out_of_range", path + ": a label's name is empty or has control characters",
                       path};
    }
    if (value.IsNull()) {
      removed.push_back(name);
      continue;
    }
    set[name] = value.String().value_or("");
    if (auto rejected = CheckPlain(path + "." + name, set[name])) {
      return rejected;
    }
  }
  into.Set("labels", std::move(set));
  into.Set("labels.removed", std::move(removed));
  return std::nullopt;
}

Rejected ReadFile(const std::string& path, json::Value file, Arguments& into) {
  std::map<std::string, std::string> values;
  for (const char* name : {"storage", "path", "filename"}) {
    if (auto rejected = ReadMember(path, file, name, values[name])) {
      return rejected;
    }
  }
  if (values["path"].empty()) {
    values["path"] = "/";
  }
  into.Set("file", std::move(values));
  return std::nullopt;
}

Rejected ReadObject(const ArgumentSpec& spec, const std::string& path, json::Value value,
                    Arguments& into) {
  if (spec.name == "data") {  // any JSON, printer.raw
    into.Set("data", value.Text());
    return std::nullopt;
  }
  return spec.name == "file" ? ReadFile(path, value, into) : ReadLabels(path, value, into);
}

Rejected ReadArray(const ArgumentSpec& spec, const std::string& path, json::Value value,
                   Arguments& into) {
  if (spec.name == "records") {
    std::vector<protocol::RecommendRecord> records;
    auto rejected = ReadRecords(path, value, records);
    into.Set("records", std::move(records));
    return rejected;
  }
  std::vector<std::string> texts;
  auto rejected = ReadTexts(path, value, texts);
  into.Set(std::string(spec.name), std::move(texts));
  return rejected;
}

// A number that no int64 or double holds is none that anything here could mean.
template <typename T>
Rejected Keep(const ArgumentSpec& spec, const std::string& path, std::optional<T> value,
              Arguments& into) {
  if (!value) {
    return Rejection{"out_of_range", path + ": too large", path};
  }
  into.Set(std::string(spec.name), *value);
  return std::nullopt;
}

Rejected ReadOne(const ArgumentSpec& spec, json::Value value, Arguments& into) {
  const std::string path = "args." + std::string(spec.name);
  if (spec.nullable && (value.IsNull() || value.IsBool())) {
    into.Set(std::string(spec.name), std::string());
    return std::nullopt;
  }
  switch (spec.type) {
    case ArgumentType::kText: {
      std::string text(value.String().value_or(""));
      auto rejected = CheckPlain(path, text);
      into.Set(std::string(spec.name), std::move(text));
      return rejected;
    }
    case ArgumentType::kInteger:
      return Keep(spec, path, value.Int(), into);
    case ArgumentType::kNumber:
      return Keep(spec, path, value.Number(), into);
    case ArgumentType::kBool:
      return Keep(spec, path, value.Bool(), into);
    case ArgumentType::kObject:
      return ReadObject(spec, path, value, into);
    case ArgumentType::kArray:
      return ReadArray(spec, path, value, into);
  }
  return std::nullopt;
}

const ArgumentSpec* FindArgument(const CommandSpec& spec, std::string_view name) {
  const auto found = std::ranges::find(spec.arguments, name, &ArgumentSpec::name);
  return found == spec.arguments.end() ? nullptr : &*found;
}

}  // namespace

std::optional<Rejection> ParseArguments(const CommandSpec& spec, json::Value args,
                                        Arguments& into) {
  if (auto rejected = CheckArgumentsSchema(spec, args)) {
    return rejected;
  }
  for (size_t i = 0; i < args.size(); ++i) {
    const ArgumentSpec* argument = FindArgument(spec, args.member_name(i));
    const json::Value value = args.member_value(i);
    if (value.IsNull() && !argument->nullable && argument->name != "data") {
      continue;  // null is absent
    }
    if (auto rejected = ReadOne(*argument, value, into)) {
      return rejected;
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
