#include "settings/reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <tuple>

#include "base/text.h"
#include "settings/suggest.h"

namespace printfleet::settings {
namespace {

constexpr size_t kShownBytesMax = 80;

const YamlNode kNothing;

std::string Quoted(std::string_view text) {
  return "\"" + PrintableText(text, kShownBytesMax) + "\"";
}

std::string Described(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return Quoted(node.text);
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
  }
  return "";
}

std::string Joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const auto word : words) {
    text += (text.empty() ? "" : ", ") + std::string(word);
  }
  return text;
}

std::string Suggestion(std::string_view text, const std::vector<std::string>& words) {
  const auto nearest = Nearest(text, words);
  return nearest.empty() ? "" : "; did you mean \"" + std::string(nearest) + "\"?";
}

bool IsPrintable(const std::string& text) {
  return IsCleanUtf8(text) && PrintableText(text, text.size()) == text;
}

template <typename T>
bool ParseWhole(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string NumberText(double number) {
  std::string text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  return text.back() == '.' ? text.substr(0, text.size() - 1) : text;
}

}  // namespace

void SortByPlace(std::vector<Problem>& problems) {
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
}

Section::Section(const YamlNode& node, std::string path, Place place, Notes& notes)
    : node_(&node), path_(std::move(path)), place_(place), notes_(&notes) {
  if (node.kind != YamlNode::Kind::kMap && node.kind != YamlNode::Kind::kNull) {
    Add({node.line, node.column}, "", "expected a map of keys and values, got " + Described(node),
        false);
    node_ = &kNothing;
  }
}

const YamlNode* Section::Find(std::string_view key) {
  asked_.emplace_back(key);
  if (notes_->known_keys != nullptr) {
    std::string name = Name(key);
    for (size_t at = name.find("[0]"); at != std::string::npos; at = name.find("[0]")) {
      name.replace(at, 3, "[]");
    }
    notes_->known_keys->insert(name);
  }
  for (const auto& member : node_->members) {
    if (member.key == key) {
      return &member.value;
    }
  }
  return nullptr;
}

const YamlNode* Section::Scalar(std::string_view key, std::string_view wanted) {
  const YamlNode* node = Find(key);
  if (node == nullptr || node->kind == YamlNode::Kind::kScalar) {
    return node;
  }
  Error(key, "expected " + std::string(wanted) + ", got " + Described(*node));
  return nullptr;
}

const YamlNode* Section::List(std::string_view key) {
  const YamlNode* node = Find(key);
  if (node == nullptr || node->kind == YamlNode::Kind::kList) {
    return node;
  }
  Error(key, "expected a list, got " + Described(*node));
  return nullptr;
}

void Section::Text(std::string_view key, std::string& out) {
  const YamlNode* node = Scalar(key, "a text");
  if (node == nullptr) {
    return;
  }
  if (!IsPrintable(node->text)) {
    Error(key, "holds control characters");
  } else if (node->text.empty()) {
    Error(key, "is empty");
  } else {
    out = node->text;
  }
}

void Section::NullableText(std::string_view key, std::string& out) {
  const YamlNode* node = Find(key);
  if (node != nullptr && node->kind == YamlNode::Kind::kNull) {
    out.clear();
  } else {
    Text(key, out);
  }
}

void Section::TextMap(std::string_view key, std::map<std::string, std::string>& out) {
  const YamlNode* node = Find(key);
  if (node == nullptr) {
    return;
  }
  if (node->kind != YamlNode::Kind::kMap && node->kind != YamlNode::Kind::kNull) {
    Error(key, "expected a map of texts, got " + Described(*node));
    return;
  }
  out.clear();
  for (const auto& member : node->members) {
    const YamlNode& value = member.value;
    if (member.key.empty() || !IsPrintable(member.key) || value.kind != YamlNode::Kind::kScalar ||
        !IsPrintable(value.text)) {
      Add({member.line, member.column}, key, "expected texts, got " + Described(value), false);
    } else {
      out[member.key] = value.text;
    }
  }
}

void Section::Path(std::string_view key, std::string& out) {
  constexpr std::string_view kCredentials = "${CREDENTIALS_DIRECTORY}/";
  std::string path;
  Text(key, path);
  if (path.empty()) {
    return;
  }
  if (path.starts_with(kCredentials)) {
    const char* directory = std::getenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe)
    if (directory == nullptr) {
      Warning(key, "CREDENTIALS_DIRECTORY is set only inside a systemd unit with LoadCredential=");
    } else {
      path.replace(0, kCredentials.size() - 1, directory);
    }
  } else if (path.front() != '/') {
    Error(key, Quoted(path) + " must be an absolute path");
    return;
  }
  out = path;
}

void Section::Flag(std::string_view key, bool& out) {
  const YamlNode* node = Scalar(key, "true or false");
  if (node == nullptr) {
    return;
  }
  if (!node->quoted && (node->text == "true" || node->text == "false")) {
    out = node->text == "true";
  } else {
    Error(key, "expected true or false, got " + Described(*node));
  }
}

void Section::Number(std::string_view key, NumberRange range, double& out) {
  const YamlNode* node = Scalar(key, "a number");
  if (node == nullptr) {
    return;
  }
  double value = 0;
  if (node->quoted || !ParseWhole(node->text, value) || !std::isfinite(value)) {
    Error(key, "expected a number, got " + Described(*node));
  } else if (value < range.min || value > range.max) {
    Error(key,
          node->text + " is not within " + NumberText(range.min) + " to " + NumberText(range.max));
  } else {
    out = value;
  }
}

std::optional<int64_t> Section::ReadInteger(std::string_view key, Range range) {
  const YamlNode* node = Scalar(key, "a whole number");
  if (node == nullptr) {
    return std::nullopt;
  }
  int64_t value = 0;
  if (node->quoted || !ParseWhole(node->text, value)) {
    Error(key, "expected a whole number, got " + Described(*node));
    return std::nullopt;
  }
  if (value < range.min || value > range.max) {
    Error(key, node->text + " is not within " + std::to_string(range.min) + " to " +
                   std::to_string(range.max));
    return std::nullopt;
  }
  return value;
}

std::optional<size_t> Section::MatchWord(const YamlNode& node, std::string_view key,
                                         const std::vector<std::string_view>& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (node.kind == YamlNode::Kind::kScalar && node.text == words[i]) {
      return i;
    }
  }
  Add({node.line, node.column}, key,
      Described(node) + " is not one of " + Joined(words) +
          Suggestion(node.text, {words.begin(), words.end()}),
      false);
  return std::nullopt;
}

std::optional<size_t> Section::ReadWord(std::string_view key,
                                        const std::vector<std::string_view>& words) {
  const YamlNode* node = Find(key);
  return node == nullptr ? std::nullopt : MatchWord(*node, key, words);
}

std::optional<std::vector<size_t>> Section::ReadWordList(
    std::string_view key, const std::vector<std::string_view>& words) {
  const YamlNode* node = List(key);
  if (node == nullptr) {
    return std::nullopt;
  }
  std::vector<size_t> indices;
  for (const auto& item : node->items) {
    const auto index = MatchWord(item, key, words);
    if (!index) {
      return std::nullopt;
    }
    if (std::find(indices.begin(), indices.end(), *index) != indices.end()) {
      Add({item.line, item.column}, key, Quoted(item.text) + " is in the list twice", false);
      return std::nullopt;
    }
    indices.push_back(*index);
  }
  if (indices.empty()) {
    Error(key, "is empty: say at least one of " + Joined(words));
    return std::nullopt;
  }
  return indices;
}

void Section::TextList(std::string_view key, std::vector<std::string>& out) {
  const YamlNode* node = List(key);
  if (node == nullptr) {
    return;
  }
  std::vector<std::string> texts;
  for (const auto& item : node->items) {
    if (item.kind != YamlNode::Kind::kScalar || item.text.empty()) {
      Add({item.line, item.column}, key, "expected texts, got " + Described(item), false);
      return;
    }
    texts.push_back(item.text);
  }
  out = std::move(texts);
}

Section Section::Child(std::string_view key) {
  const YamlNode* node = Find(key);
  Place place = place_;
  for (const auto& member : node_->members) {
    if (member.key == key) {
      place = {member.line, member.column};
    }
  }
  return Section(node == nullptr ? kNothing : *node, Name(key), place, *notes_);
}

std::optional<std::vector<Section>> Section::Children(std::string_view key) {
  const YamlNode* node = List(key);
  std::vector<Section> sections;
  if (notes_->known_keys != nullptr && node == nullptr) {
    sections.emplace_back(kNothing, Name(key) + "[0]", place_, *notes_);
    return sections;
  }
  if (node == nullptr) {
    return std::nullopt;
  }
  for (const auto& item : node->items) {
    sections.emplace_back(item, Name(key) + "[" + std::to_string(sections.size()) + "]",
                          Place{item.line, item.column}, *notes_);
  }
  return sections;
}

bool Section::Has(std::string_view key) const {
  return std::any_of(node_->members.begin(), node_->members.end(),
                     [&](const auto& member) { return member.key == key; });
}

Place Section::PlaceOf(std::string_view key) const {
  for (const auto& member : node_->members) {
    if (member.key == key) {
      return {member.value.line, member.value.column};
    }
  }
  return place_;
}

std::string Section::Name(std::string_view key) const {
  if (path_.empty() || key.empty()) {
    return path_ + std::string(key);
  }
  return path_ + "." + std::string(key);
}

void Section::Add(Place place, std::string_view key, const std::string& message,
                  bool warning) const {
  const std::string name = Name(key);
  notes_->problems.push_back({notes_->file, place.line, place.column,
                              name.empty() ? message : name + ": " + message, warning});
}

void Section::Error(std::string_view key, const std::string& message) const {
  Add(PlaceOf(key), key, message, false);
}

void Section::Warning(std::string_view key, const std::string& message) const {
  Add(PlaceOf(key), key, message, true);
}

void Section::Finish() const {
  for (const auto& member : node_->members) {
    if (std::find(asked_.begin(), asked_.end(), member.key) == asked_.end()) {
      Add({member.line, member.column}, PrintableText(member.key, kShownBytesMax),
          "unknown key" + Suggestion(member.key, asked_), false);
    }
  }
}

void ReadListFile(const std::string& text, const std::string& file, std::string_view key,
                  const std::function<void(Section)>& read_item, std::vector<Problem>& problems,
                  const YamlLimits& limits) {
  Notes notes;
  notes.file = file;
  const auto root = ParseYaml(text, file, notes.problems, limits);
  if (root) {
    Section section(*root, "", Place{}, notes);
    auto items = section.Children(key);
    for (auto& item : items.value_or(std::vector<Section>{})) {
      read_item(std::move(item));
    }
    if (!items || items->empty()) {
      section.Error("", "names no " + std::string(key));
    }
    section.Finish();
  }
  SortByPlace(notes.problems);
  problems.insert(problems.end(), notes.problems.begin(), notes.problems.end());
}

}  // namespace printfleet::settings
