// A YAML document as plain values with places, so that yaml-cpp stays in yaml_tree.cc.
//
// Called by load.cc and models.cc. Values only; never throws.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "settings/load.h"

namespace printfleet::settings {

struct YamlMember;

struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  int line = 0;  // 1-based; 0: the file as a whole
  int column = 0;
  std::string text;                 // kScalar
  bool quoted = false;              // kScalar: written in quotes, so a text and never a number
  std::vector<YamlNode> items;      // kList
  std::vector<YamlMember> members;  // kMap, in the order of the file, no key twice
};

struct YamlMember {
  std::string key;
  int line = 0;
  int column = 0;
  YamlNode value;
};

// Beyond them a file is not what it should be.
struct YamlLimits {
  size_t bytes = size_t{1} << 20;
  int values = 20000;  // aliases multiply: an "alias bomb" ends here
};

// The file's one document; nullopt with a problem added when it is no YAML, has a tab as
// indentation, more than one document, or is larger than `limits`.
// A key that is there twice is a problem too, and its first value stands. An empty text is kNull.
std::optional<YamlNode> ParseYaml(const std::string& text, const std::string& file,
                                  std::vector<Problem>& problems, const YamlLimits& limits = {});

}  // namespace printfleet::settings
