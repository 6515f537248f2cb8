// A bounded JSON reader and a writer, over RapidJSON. Nothing outside this pair of files touches
// RapidJSON, so its asserting getters are out of reach of bad input.
//
// Strings are bytes: printers send names that are not UTF-8, and those must survive (clean them
// with base/text.h before they become a row). Parsing is iterative: depth costs no stack.
#pragma once

#include <rapidjson/fwd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace printfleet::json {

struct Limits {
  size_t bytes_max = 1 << 20;
  int depth_max = 32;
};

class Parser;
class Schema;

// A view of one value inside a Parser's last document; cheap to copy; a missing member is a Value
// too, of no type. It, and every text of it, is valid until the Parser parses again or goes.
class Value {
 public:
  [[nodiscard]] bool exists() const { return node_ != nullptr; }

  [[nodiscard]] bool IsNull() const;
  [[nodiscard]] bool IsObject() const;
  [[nodiscard]] bool IsArray() const;
  [[nodiscard]] bool IsString() const;
  [[nodiscard]] bool IsBool() const;
  [[nodiscard]] bool IsNumber() const;

  // Missing when this is no object or has no such member (the first one wins).
  Value operator[](std::string_view member) const;
  // Elements of an array, members of an object; 0 for anything else.
  [[nodiscard]] size_t size() const;
  // Missing when out of range.
  [[nodiscard]] Value at(size_t index) const;
  // Name and value of the member at `index` of an object. Requires: IsObject(), index < size().
  [[nodiscard]] std::string_view member_name(size_t index) const;
  [[nodiscard]] Value member_value(size_t index) const;

  // nullopt when the value is missing or of another type.
  [[nodiscard]] std::optional<std::string_view> String() const;
  [[nodiscard]] std::optional<bool> Bool() const;
  // Integers, also those written as 3.0; not 3.5, not out of int64.
  [[nodiscard]] std::optional<int64_t> Int() const;
  // Any finite number.
  [[nodiscard]] std::optional<double> Number() const;

  // "null", "object", "array", "string", "bool", "number" or "missing", for messages.
  [[nodiscard]] std::string_view TypeName() const;
  // The value as compact JSON text.
  [[nodiscard]] std::string Text() const;
  // Compact JSON with the members of every object sorted by name: equal for equal content.
  [[nodiscard]] std::string CanonicalText() const;
  // For people: an object's members on lines of their own, an array on one line.
  [[nodiscard]] std::string PrettyText() const;

 private:
  friend class Parser;
  friend class Schema;
  using Node = rapidjson::GenericValue<rapidjson::UTF8<char>,
                                       rapidjson::MemoryPoolAllocator<rapidjson::CrtAllocator>>;

  explicit Value(const Node* node) : node_(node) {}

  const Node* node_ = nullptr;

 public:
  Value() = default;
};

// Parses one document at a time and keeps its buffers for the next: once they have grown to the
// usual size of documents, nothing is allocated. Not thread-safe.
class Parser {
 public:
  Parser();
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // Errors: kMalformed with the byte offset; kRejected for bytes over `bytes_max` or nesting
  // deeper than `depth_max`, at the bracket that is too deep. The Value lives until the next
  // Parse, and needs `bytes` no longer.
  Result<Value> Parse(std::string_view bytes, const Limits& limits);

  // A copy of `text` that lives as long as the last document.
  std::string_view Keep(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Writes compact JSON. The caller keeps objects and keys balanced (CHECKed in Take).
class Writer {
 public:
  // kEscaped writes every "/" as "\/", as the programs that drive real Kobra 2 printers do.
  enum class Slash { kPlain, kEscaped };

  explicit Writer(Slash slash = Slash::kPlain);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Writer& BeginObject();
  Writer& EndObject();
  Writer& BeginArray();
  Writer& EndArray();
  Writer& Key(std::string_view name);
  // Bytes that are not clean UTF-8 are replaced (base/text.h): the output is always valid.
  Writer& String(std::string_view text);
  Writer& Int(int64_t number);
  // Not finite: null. At most `decimals` digits behind the point, no trailing zeros.
  Writer& Number(double number, int decimals = 6);
  Writer& Bool(bool value);
  Writer& Null();
  // `text` is JSON already.
  Writer& Raw(std::string_view text);
  // Key and value in one; a nullopt is written as null.
  Writer& Member(std::string_view name, std::string_view text);
  Writer& Member(std::string_view name, const char* text);
  Writer& Member(std::string_view name, const std::string& text);
  Writer& Member(std::string_view name, int64_t number);
  Writer& Member(std::string_view name, int number);
  Writer& Member(std::string_view name, double number);
  Writer& Member(std::string_view name, bool value);

  template <typename T>
  Writer& Member(std::string_view name, const std::optional<T>& value) {
    return value ? Member(name, *value) : Key(name).Null();
  }

  // The text; the writer is empty again.
  std::string Take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace printfleet::json
