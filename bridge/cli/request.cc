#include "cli/request.h"

#include <sys/random.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/json.h"
#include "base/text.h"

namespace printfleet::cli {
namespace {

constexpr int kPathLevelsMax = 8;

// A JSON value while it is put together: an object, or the text of any other value.
struct Tree {
  std::string name;
  std::string json;  // empty: an object
  std::vector<Tree> members;
};

void Write(const Tree& tree, json::Writer& out) {
  if (!tree.json.empty()) {
    out.Raw(tree.json);
    return;
  }
  out.BeginObject();
  for (const auto& member : tree.members) {
    out.Key(member.name);
    Write(member, out);
  }
  out.EndObject();
}

std::string JsonTextList(const std::string& text) {
  json::Writer out;
  out.BeginArray();
  for (size_t at = 0; at < text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    out.String(text.substr(at, comma - at));
    at = comma + 1;
  }
  out.EndArray();
  return out.Take();
}

std::string ValueJson(const std::string& text, ArgumentKind kind) {
  json::Parser parser;
  const auto parsed = parser.Parse(text, json::Limits{});
  switch (kind) {
    case ArgumentKind::kText:
      // task_id=482913 is text; a name that needs quotes may have them, null is null.
      return parsed.ok() && (parsed->IsString() || parsed->IsNull()) ? parsed->Text()
                                                                     : Quoted(text);
    case ArgumentKind::kList:
      return parsed.ok() && parsed->IsArray() ? parsed->Text() : JsonTextList(text);
    case ArgumentKind::kJson:
      return parsed.ok() ? parsed->Text() : Quoted(text);
  }
  return Quoted(text);
}

Error Wrong(const std::string& word, const std::string& why) {
  return Error{Errc::kInvalid, "\"" + PrintableText(word, 80) + "\": " + why};
}

// Puts `json` at the dotted `path`.
Status Insert(Tree& root, const std::string& path, std::string json) {
  Tree* tree = &root;
  int levels = 0;
  for (size_t at = 0; at <= path.size();) {
    const size_t dot = std::min(path.find('.', at), path.size());
    const std::string name = path.substr(at, dot - at);
    if (name.empty() || ++levels > kPathLevelsMax) {
      return Wrong(path, "no name of an argument");
    }
    auto found = std::find_if(tree->members.begin(), tree->members.end(),
                              [&](const auto& member) { return member.name == name; });
    const bool last = dot == path.size();
    if (found != tree->members.end() && (last || !found->json.empty())) {
      return Wrong(path, "is there twice");
    }
    if (found == tree->members.end()) {
      tree->members.push_back(Tree{name, "", {}});
      found = std::prev(tree->members.end());
    }
    tree = &*found;
    at = dot + 1;
  }
  tree->json = std::move(json);
  return Ok{};
}

const ArgumentHelp* FindArgument(const CommandHelp* help, const std::string& key) {
  if (help == nullptr) {
    return nullptr;
  }
  const std::string top = key.substr(0, key.find('.'));
  for (const auto& argument : help->arguments) {
    if (argument.name == top) {
      return &argument;
    }
  }
  return nullptr;
}

ArgumentKind KindOf(const std::string& key, const ArgumentHelp* argument) {
  if (key.starts_with("labels.")) {
    return ArgumentKind::kText;  // labels.row=3 is the text "3"
  }
  return argument == nullptr || key.find('.') != std::string::npos ? ArgumentKind::kJson
                                                                   : argument->kind;
}

Status AddWord(const std::string& word, const CommandHelp* help, const FileReader& read_file,
               Tree& root) {
  const size_t equals = word.find('=');
  if (equals == std::string::npos || equals == 0) {
    return Wrong(word, "expected key=value");
  }
  const std::string key = word.substr(0, equals);
  std::string value = word.substr(equals + 1);
  const ArgumentHelp* argument = FindArgument(help, key);
  if (value.starts_with('@')) {
    auto content = read_file(value.substr(1));
    if (!content.ok()) {
      return content.error().Within(key);
    }
    value = *std::move(content);
    if (value.ends_with('\n')) {
      value.pop_back();
    }
    return Insert(root, key, Quoted(value));
  }
  if (argument != nullptr && argument->secret) {
    return Error{Errc::kInvalid, key + " is a secret: put it into a file and say " + key +
                                     "=@FILE, so that no other process can read it"};
  }
  return Insert(root, key, ValueJson(value, KindOf(key, argument)));
}

void WriteList(json::Writer& out, const char* name, const std::vector<std::string>& values) {
  if (values.empty()) {
    return;
  }
  out.Key(name).BeginArray();
  for (const auto& value : values) {
    out.String(value);
  }
  out.EndArray();
}

}  // namespace

std::string Quoted(std::string_view text) {
  json::Writer out;
  out.String(text);
  return out.Take();
}

Result<std::string> ArgsJson(const std::vector<std::string>& words, const CommandHelp* help,
                             const FileReader& read_file) {
  Tree root;
  for (const auto& word : words) {
    if (auto status = AddWord(word, help, read_file, root); !status.ok()) {
      return status.error();
    }
  }
  json::Writer out;
  Write(root, out);
  return out.Take();
}

Result<std::string> TargetJson(const Selectors& selectors) {
  std::map<std::string, std::string> labels;
  for (const auto& label : selectors.labels) {
    const size_t equals = label.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Wrong("--label " + label, "expected k=v");
    }
    labels[label.substr(0, equals)] = label.substr(equals + 1);
  }
  json::Writer out;
  out.BeginObject();
  if (selectors.all) {
    out.Member("all", true);
  }
  WriteList(out, "printers", selectors.printers);
  WriteList(out, "models", selectors.models);
  WriteList(out, "groups", selectors.groups);
  if (!labels.empty()) {
    out.Key("labels").BeginObject();
    for (const auto& [name, value] : labels) {
      out.Member(name, value);
    }
    out.EndObject();
  }
  WriteList(out, "states", selectors.states);
  WriteList(out, "bed", selectors.beds);
  WriteList(out, "enrolment", selectors.enrolments);
  if (!selectors.firmware.empty()) {
    out.Member("firmware", selectors.firmware);
  }
  WriteList(out, "exclude", selectors.exclude);
  if (selectors.limit) {
    out.Member("limit", *selectors.limit);
  }
  if (selectors.percent) {
    out.Member("percent", *selectors.percent);
  }
  out.EndObject();
  return out.Take();
}

std::string RequestJson(const std::string& id, const std::string& command,
                        const std::string& target_json, const std::string& args_json,
                        const RequestOptions& options) {
  json::Writer out;
  out.BeginObject().Member("id", id).Member("command", command);
  if (target_json != "{}") {
    out.Key("target").Raw(target_json);
  }
  out.Key("args").Raw(args_json);
  out.Key("options").BeginObject();
  if (options.dry_run) {
    out.Member("dry_run", true);
  }
  if (options.timeout_s) {
    out.Member("timeout_s", *options.timeout_s);
  }
  if (!options.on_offline.empty()) {
    out.Member("on_offline", options.on_offline);
  }
  if (options.max_in_flight) {
    out.Member("max_in_flight", *options.max_in_flight);
  }
  if (options.interval_ms) {
    out.Member("interval_ms", *options.interval_ms);
  }
  if (options.heating_limit) {
    out.Member("heating_limit", *options.heating_limit);
  }
  if (options.first) {
    out.Member("first", *options.first);
  }
  if (!options.expires_at.empty()) {
    out.Member("expires_at", options.expires_at);
  }
  if (!options.if_matched.empty()) {
    out.Member("if_matched", options.if_matched);
  }
  out.EndObject().EndObject();
  return out.Take();
}

std::string UuidText(const std::string& random_bytes) {
  CHECK(random_bytes.size() == 16);
  std::string bytes = random_bytes;
  bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0fU) | 0x40U);
  bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3fU) | 0x80U);
  std::string text = HexText(bytes);
  for (const size_t at : {20U, 16U, 12U, 8U}) {
    text.insert(at, 1, '-');
  }
  return text;
}

std::string NewUuid() {
  std::string bytes(16, '\0');
  CHECK(getrandom(bytes.data(), bytes.size(), 0) == 16);
  return UuidText(bytes);
}

bool IsUuid(const std::string& text) {
  if (text.size() != 36) {
    return false;
  }
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) {
      return false;
    }
  }
  return true;
}

}  // namespace printfleet::cli
