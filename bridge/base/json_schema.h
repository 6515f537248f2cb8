// JSON Schema over RapidJSON's validator, which is of draft 4 with no formats: type, enum, the
// combinations, properties, required, items, lengths, bounds and patterns. Keywords it does not
// know it ignores (const, if, format, a numeric exclusiveMinimum).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace printfleet::json {

// The first thing in which a document is not as its schema says. Valid as long as both.
struct Violation {
  std::string keyword;  // "minimum", "additionalProperties" …
  std::string path;     // "records[0].md5"; "" for the document itself
  Value value;          // what is there; of a member that may not be there, that member
  Value rule;           // the part of the schema that has the keyword
};

// A compiled schema. One thread at a time: patterns are matched in memory of the schema's own.
class Schema {
 public:
  // Requires: `text` is a JSON object.
  explicit Schema(std::string_view text);
  ~Schema();
  Schema(Schema&&) noexcept;

  // Time and memory grow with the document's size, not faster, as long as the schema has no
  // uniqueItems. A number like 3.0 is an integer.
  [[nodiscard]] std::optional<Violation> Check(Value document) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace printfleet::json
