// A cursor over a YAML document that never stops at the first mistake: every key is asked for once,
// what is wrong becomes a Problem with its place, and the value keeps its default.
//
// Called by load.cc and models.cc. The YamlNode outlives its Sections. Never throws.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "settings/load.h"
#include "settings/yaml_tree.h"

namespace printfleet::settings {

// What one reading of one file has found.
struct Notes {
  std::string file;
  std::vector<Problem> problems;
  // When set: collects every key that is asked for, as "broker.listeners[].port", and every list
  // seems to have one item without members.
  std::set<std::string>* known_keys = nullptr;
};

// In the order of the file; what has no place comes first.
void SortByPlace(std::vector<Problem>& problems);

// Inclusive.
struct Range {
  int64_t min = 0;
  int64_t max = INT64_MAX;
};

struct NumberRange {
  double min = 0;
  double max = 0;
};

template <typename T>
using Words = std::initializer_list<std::pair<std::string_view, T>>;

struct Place {
  int line = 0;
  int column = 0;
};

// One map of the document. Each reading function leaves `out` alone when the key is absent or its
// value is wrong; a wrong value is a problem.
class Section {
 public:
  // `path` is for messages: "broker.listeners[0]"; empty for the root. A node that is neither a map
  // nor null is a problem, and the section empty.
  Section(const YamlNode& node, std::string path, Place place, Notes& notes);

  void Text(std::string_view key, std::string& out);
  // Text, or null: "".
  void NullableText(std::string_view key, std::string& out);
  // A map of texts with any keys; also null: an empty one.
  void TextMap(std::string_view key, std::map<std::string, std::string>& out);
  // Text that is a file's absolute path; "${CREDENTIALS_DIRECTORY}/" in front is replaced by what
  // systemd gave the process.
  void Path(std::string_view key, std::string& out);
  void Flag(std::string_view key, bool& out);
  void Number(std::string_view key, NumberRange range, double& out);

  template <typename T>
  void Integer(std::string_view key, Range range, T& out) {
    if (const auto value = ReadInteger(key, range)) {
      out = static_cast<T>(*value);
    }
  }

  // `Unit` is the one the key's name ends with.
  template <typename Unit, typename Duration>
  void Time(std::string_view key, Range range, Duration& out) {
    if (const auto value = ReadInteger(key, range)) {
      out = Unit(*value);
    }
  }

  template <typename T, typename Out>
  void Word(std::string_view key, Words<T> words, Out& out) {
    if (const auto index = ReadWord(key, Spellings(words))) {
      out = (words.begin() + *index)->second;
    }
  }

  // A list of words, none twice, at least one; nullopt when absent or wrong.
  template <typename T>
  std::optional<std::vector<T>> WordList(std::string_view key, Words<T> words) {
    const auto indices = ReadWordList(key, Spellings(words));
    if (!indices) {
      return std::nullopt;
    }
    std::vector<T> values;
    for (const size_t index : *indices) {
      values.push_back((words.begin() + index)->second);
    }
    return values;
  }

  void TextList(std::string_view key, std::vector<std::string>& out);
  Section Child(std::string_view key);
  // nullopt when the key is absent.
  std::optional<std::vector<Section>> Children(std::string_view key);

  [[nodiscard]] bool Has(std::string_view key) const;

  // Only the keys are wanted (Notes::known_keys).
  [[nodiscard]] bool describing() const { return notes_->known_keys != nullptr; }

  // Where the value of `key` is, or the section when it is absent.
  [[nodiscard]] Place PlaceOf(std::string_view key) const;

  // `key` may be empty: the section as a whole.
  void Error(std::string_view key, const std::string& message) const;
  void Warning(std::string_view key, const std::string& message) const;

  // Every key nobody asked for is a problem. Requires: called once, after the last reading.
  void Finish() const;

 private:
  const YamlNode* Find(std::string_view key);
  // The scalar of `key`; nullptr when absent, or when it is none (a problem).
  const YamlNode* Scalar(std::string_view key, std::string_view wanted);
  const YamlNode* List(std::string_view key);
  std::optional<int64_t> ReadInteger(std::string_view key, Range range);
  std::optional<size_t> ReadWord(std::string_view key, const std::vector<std::string_view>& words);
  std::optional<std::vector<size_t>> ReadWordList(std::string_view key,
                                                  const std::vector<std::string_view>& words);
  std::optional<size_t> MatchWord(const YamlNode& node, std::string_view key,
                                  const std::vector<std::string_view>& words);
  [[nodiscard]] std::string Name(std::string_view key) const;
  void Add(Place place, std::string_view key, const std::string& message, bool warning) const;

  template <typename T>
  static std::vector<std::string_view> Spellings(Words<T> words) {
    std::vector<std::string_view> spellings;
    for (const auto& word : words) {
      spellings.push_back(word.first);
    }
    return spellings;
  }

  const YamlNode* node_;
  std::string path_;
  Place place_;
  Notes* notes_;
  std::vector<std::string> asked_;
};

// A file that is one list under `key`: each item by `read_item`. What is wrong is appended to
// `problems`, in the order of the file; an empty list is wrong.
void ReadListFile(const std::string& text, const std::string& file, std::string_view key,
                  const std::function<void(Section)>& read_item, std::vector<Problem>& problems,
                  const YamlLimits& limits = {});

}  // namespace printfleet::settings
