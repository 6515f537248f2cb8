#include "settings/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>
#include <utility>

namespace printfleet::settings {
namespace {

// Turns yaml-cpp's nodes into ours; stops at `values_max` of them.
class Converter {
 public:
  Converter(const std::string& file, std::vector<Problem>& problems, int values_max)
      : file_(file), problems_(problems), values_max_(values_max) {}

  YamlNode Convert(const YAML::Node& from) {
    YamlNode node;
    node.line = from.Mark().line + 1;
    node.column = from.Mark().column + 1;
    if (++count_ > values_max_) {
      return node;
    }
    if (from.IsScalar()) {
      node.kind = YamlNode::Kind::kScalar;
      node.text = from.Scalar();
      node.quoted = from.Tag() == "!";
    } else if (from.IsSequence()) {
      node.kind = YamlNode::Kind::kList;
      for (const auto& item : from) {
        node.items.push_back(Convert(item));
      }
    } else if (from.IsMap()) {
      node.kind = YamlNode::Kind::kMap;
      for (const auto& member : from) {
        AddMember(member.first, member.second, node);
      }
    }
    return node;
  }

  [[nodiscard]] bool too_large() const { return count_ > values_max_; }

 private:
  void AddMember(const YAML::Node& key, const YAML::Node& value, YamlNode& node) {
    const int line = key.Mark().line + 1;
    const int column = key.Mark().column + 1;
    if (!key.IsScalar()) {
      problems_.push_back({file_, line, column, "a key must be a plain word", false});
      return;
    }
    const auto first = std::find_if(node.members.begin(), node.members.end(),
                                    [&](const auto& known) { return known.key == key.Scalar(); });
    if (first != node.members.end()) {
      problems_.push_back(
          {file_, line, column,
           "\"" + key.Scalar() + "\" is here twice: first in line " + std::to_string(first->line),
           false});
      return;
    }
    YamlMember member;
    member.key = key.Scalar();
    member.line = line;
    member.column = column;
    member.value = Convert(value);
    if (member.value.kind == YamlNode::Kind::kNull) {  // yaml-cpp has no good mark for these
      member.value.line = line;
      member.value.column = column;
    }
    node.members.push_back(std::move(member));
  }

  const std::string& file_;
  std::vector<Problem>& problems_;
  const int values_max_;
  int count_ = 0;
};

// yaml-cpp takes some tabs for blanks and stumbles over others far from the place.
bool HasTabIndentation(const std::string& text, const std::string& file,
                       std::vector<Problem>& problems) {
  std::istringstream lines(text);
  std::string line;
  bool found = false;
  for (int number = 1; std::getline(lines, line); ++number) {
    const size_t content = line.find_first_not_of(" \t\r");
    const size_t tab = line.find('\t');
    if (content != std::string::npos && line[content] != '#' && tab < content) {
      problems.push_back({file, number, static_cast<int>(tab) + 1,
                          "a tab as indentation: YAML wants blanks", false});
      found = true;
    }
  }
  return found;
}

// Takes a document's events and keeps nothing but where it begins.
class DocumentMark : public YAML::EventHandler {
 public:
  [[nodiscard]] const YAML::Mark& mark() const { return mark_; }

  void OnDocumentStart(const YAML::Mark& mark) override { mark_ = mark; }

  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}

  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}

  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}

  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}

  void OnSequenceEnd() override {}

  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}

  void OnMapEnd() override {}

 private:
  YAML::Mark mark_;
};

// Where a second document begins; nullopt when there is none. Asks for two and no more:
// YAML::LoadAll finds one empty document after the other, without end, where a line begins with a
// comma.
std::optional<YAML::Mark> SecondDocument(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentMark document;
  if (!parser.HandleNextDocument(document) || !parser.HandleNextDocument(document)) {
    return std::nullopt;
  }
  return document.mark();
}

}  // namespace

std::optional<YamlNode> ParseYaml(const std::string& text, const std::string& file,
                                  std::vector<Problem>& problems, const YamlLimits& limits) {
  if (text.size() > limits.bytes) {
    problems.push_back(
        {file, 0, 0,
         "is larger than " + std::to_string(limits.bytes >> 20U) + " MiB: not a configuration",
         false});
    return std::nullopt;
  }
  if (HasTabIndentation(text, file, problems)) {
    return std::nullopt;
  }
  try {
    if (const auto second = SecondDocument(text)) {
      problems.push_back({file, second->line + 1, second->column + 1,
                          "a second document: one file holds one", false});
      return std::nullopt;
    }
    Converter converter(file, problems, limits.values);
    YamlNode root = converter.Convert(YAML::Load(text));
    if (converter.too_large()) {
      problems.push_back(
          {file, 0, 0,
           "has more than " + std::to_string(limits.values) + " values: not a configuration",
           false});
      return std::nullopt;
    }
    return root;
  } catch (const YAML::Exception& error) {
    problems.push_back(
        {file, error.mark.line + 1, error.mark.column + 1, "not YAML: " + error.msg, false});
  } catch (const std::exception& error) {
    problems.push_back({file, 0, 0, std::string("not YAML: ") + error.what(), false});
  }
  return std::nullopt;
}

}  // namespace printfleet::settings
