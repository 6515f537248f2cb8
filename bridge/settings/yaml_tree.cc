#include "settings/yaml_tree.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>
#include <utility>

namespace printfleet::settings {
namespace {

constexpr size_t kBytesMax = 1 << 20;
constexpr int kNodesMax = 20000;  // aliases multiply: an "alias bomb" ends here

// Turns yaml-cpp's nodes into ours; stops at kNodesMax.
class Converter {
 public:
  Converter(const std::string& file, std::vector<Problem>& problems)
      : file_(file), problems_(problems) {}

  YamlNode Convert(const YAML::Node& from) {
    YamlNode node;
    node.line = from.Mark().line + 1;
    node.column = from.Mark().column + 1;
    if (++count_ > kNodesMax) {
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

  [[nodiscard]] bool too_large() const { return count_ > kNodesMax; }

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

}  // namespace

std::optional<YamlNode> ParseYaml(const std::string& text, const std::string& file,
                                  std::vector<Problem>& problems) {
  if (text.size() > kBytesMax) {
    problems.push_back({file, 0, 0, "is larger than 1 MiB: not a configuration", false});
    return std::nullopt;
  }
  if (HasTabIndentation(text, file, problems)) {
    return std::nullopt;
  }
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1) {
      problems.push_back({file, documents[1].Mark().line + 1, documents[1].Mark().column + 1,
                          "a second document: one file holds one", false});
      return std::nullopt;
    }
    if (documents.empty()) {
      return YamlNode{};
    }
    Converter converter(file, problems);
    YamlNode root = converter.Convert(documents[0]);
    if (converter.too_large()) {
      problems.push_back({file, 0, 0, "has more than 20000 values: not a configuration", false});
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
