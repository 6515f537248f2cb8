#include "base/json_schema.h"

#include <rapidjson/pointer.h>
#include <rapidjson/schema.h>

#include <cmath>

#include "base/check.h"
#include "base/text.h"

namespace printfleet::json {
namespace {

constexpr size_t kNameBytesMax = 80;  // of a member, in a path

using Node = rapidjson::Value;
using Compiled = rapidjson::GenericSchemaDocument<Node>;
using Validator = rapidjson::GenericSchemaValidator<Compiled>;
using Pointer = rapidjson::GenericPointer<Node>;

// Hands a document to the validator. Whole numbers are integers however they are written.
class Feeder {
 public:
  explicit Feeder(Validator& validator) : validator_(validator) {}

  bool Null() { return validator_.Null(); }

  bool Bool(bool value) { return validator_.Bool(value); }

  bool Int(int value) { return validator_.Int(value); }

  bool Uint(unsigned value) { return validator_.Uint(value); }

  bool Int64(int64_t value) { return validator_.Int64(value); }

  bool Uint64(uint64_t value) { return validator_.Uint64(value); }

  bool Double(double value) {
    constexpr double kExactMax = 9007199254740992.0;  // 2^53: above it a double skips integers
    const bool whole = std::abs(value) <= kExactMax && std::trunc(value) == value;
    return whole ? validator_.Int64(static_cast<int64_t>(value)) : validator_.Double(value);
  }

  bool RawNumber(const char* text, rapidjson::SizeType size, bool copy) {
    return validator_.RawNumber(text, size, copy);
  }

  bool String(const char* text, rapidjson::SizeType size, bool copy) {
    return validator_.String(text, size, copy);
  }

  bool StartObject() { return validator_.StartObject(); }

  bool Key(const char* text, rapidjson::SizeType size, bool copy) {
    return validator_.Key(text, size, copy);
  }

  bool EndObject(rapidjson::SizeType size) { return validator_.EndObject(size); }

  bool StartArray() { return validator_.StartArray(); }

  bool EndArray(rapidjson::SizeType size) { return validator_.EndArray(size); }

 private:
  Validator& validator_;
};

// "records[0].md5", by what each step goes into.
std::string PathText(const Pointer& pointer, const Node& document) {
  std::string path;
  const Node* at = &document;
  for (size_t i = 0; i < pointer.GetTokenCount(); ++i) {
    const Pointer::Token& token = pointer.GetTokens()[i];
    const std::string_view name(token.name, token.length);
    if (at != nullptr && at->IsArray()) {
      path.append("[").append(name).append("]");
      at = token.index < at->Size() ? &(*at)[token.index] : nullptr;
      continue;
    }
    path.append(path.empty() ? "" : ".").append(PrintableText(name, kNameBytesMax));
    if (at != nullptr && at->IsObject()) {
      const auto member = at->FindMember(Node(token.name, token.length));
      at = member != at->MemberEnd() ? &member->value : nullptr;
    }
  }
  return path;
}

}  // namespace

struct Schema::State {
  explicit State(std::string_view text)
      : root(parser.Parse(text, Limits{}).value()), compiled(*root.node_) {}

  Parser parser;
  Value root;
  Compiled compiled;
};

Schema::Schema(std::string_view text) : state_(std::make_unique<State>(text)) {}

Schema::~Schema() = default;

Schema::Schema(Schema&&) noexcept = default;

std::optional<Violation> Schema::Check(Value document) const {
  CHECK(document.exists());
  Validator validator(state_->compiled);
  Feeder feeder(validator);
  if (document.node_->Accept(feeder)) {
    return std::nullopt;
  }
  const Pointer at = validator.GetInvalidDocumentPointer();
  Violation violation;
  violation.keyword = validator.GetInvalidSchemaKeyword();
  violation.path = PathText(at, *document.node_);
  violation.value = Value(at.Get(*document.node_));
  violation.rule = Value(validator.GetInvalidSchemaPointer().Get(*state_->root.node_));
  return violation;
}

}  // namespace printfleet::json
