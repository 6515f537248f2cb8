#include "base/json.h"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace printfleet::json {
namespace {

// In place: strings stay in the parser's copy of the bytes. Iterative: depth costs no stack. Not of
// full precision: over "0E90" that shifts by an undefined number of bits, and numbers of up to 15
// digits come out exact without it.
constexpr unsigned kParseFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag;

using Pool = rapidjson::MemoryPoolAllocator<>;
using Document = rapidjson::GenericDocument<rapidjson::UTF8<>, Pool, Pool>;

using OutBuffer = rapidjson::StringBuffer;

// The parser takes 1.8e308 for infinite, and JSON has no such number: null.
class OutWriter : public rapidjson::Writer<OutBuffer> {
 public:
  using Writer::Writer;

  bool Double(double number) { return std::isfinite(number) ? Writer::Double(number) : Null(); }
};

rapidjson::SizeType Size(std::string_view text) {
  return static_cast<rapidjson::SizeType>(text.size());
}

// A document that ends its parsing at the first bracket that is too deep.
class BoundedDocument : public Document {
 public:
  using Document::Document;

  // Counts for the next parse.
  void Bound(int depth_max) {
    depth_max_ = depth_max;
    depth_ = 0;
  }

  [[nodiscard]] bool too_deep() const { return depth_ > depth_max_; }

  // What the reader calls.
  bool StartObject() { return ++depth_ <= depth_max_ && Document::StartObject(); }

  bool EndObject(rapidjson::SizeType members) {
    --depth_;
    return Document::EndObject(members);
  }

  bool StartArray() { return ++depth_ <= depth_max_ && Document::StartArray(); }

  bool EndArray(rapidjson::SizeType elements) {
    --depth_;
    return Document::EndArray(elements);
  }

 private:
  int depth_max_ = 0;
  int depth_ = 0;
};

template <typename Node>
void WriteCanonical(const Node& node, OutWriter& out) {
  if (node.IsObject()) {
    std::vector<const typename Node::Member*> members;
    for (const auto& member : node.GetObject()) {
      members.push_back(&member);
    }
    std::stable_sort(members.begin(), members.end(), [](const auto* a, const auto* b) {
      return std::string_view(a->name.GetString(), a->name.GetStringLength()) <
             std::string_view(b->name.GetString(), b->name.GetStringLength());
    });
    out.StartObject();
    for (const auto* member : members) {
      out.Key(member->name.GetString(), member->name.GetStringLength());
      WriteCanonical(member->value, out);
    }
    out.EndObject();
  } else if (node.IsArray()) {
    out.StartArray();
    for (const auto& element : node.GetArray()) {
      WriteCanonical(element, out);
    }
    out.EndArray();
  } else {
    node.Accept(out);
  }
}

}  // namespace

bool Value::IsNull() const {
  return node_ != nullptr && node_->IsNull();
}

bool Value::IsObject() const {
  return node_ != nullptr && node_->IsObject();
}

bool Value::IsArray() const {
  return node_ != nullptr && node_->IsArray();
}

bool Value::IsString() const {
  return node_ != nullptr && node_->IsString();
}

bool Value::IsBool() const {
  return node_ != nullptr && node_->IsBool();
}

bool Value::IsNumber() const {
  return node_ != nullptr && node_->IsNumber();
}

Value Value::operator[](std::string_view member) const {
  if (!IsObject()) {
    return Value();
  }
  for (const auto& candidate : node_->GetObject()) {
    if (std::string_view(candidate.name.GetString(), candidate.name.GetStringLength()) == member) {
      return Value(&candidate.value);
    }
  }
  return Value();
}

size_t Value::size() const {
  if (IsArray()) {
    return node_->Size();
  }
  return IsObject() ? node_->MemberCount() : 0;
}

Value Value::at(size_t index) const {
  if (!IsArray() || index >= node_->Size()) {
    return Value();
  }
  return Value(&(*node_)[static_cast<rapidjson::SizeType>(index)]);
}

std::string_view Value::member_name(size_t index) const {
  CHECK(IsObject() && index < node_->MemberCount());
  const auto& name = (node_->MemberBegin() + static_cast<std::ptrdiff_t>(index))->name;
  return {name.GetString(), name.GetStringLength()};
}

Value Value::member_value(size_t index) const {
  CHECK(IsObject() && index < node_->MemberCount());
  return Value(&(node_->MemberBegin() + static_cast<std::ptrdiff_t>(index))->value);
}

std::optional<std::string_view> Value::String() const {
  if (!IsString()) {
    return std::nullopt;
  }
  return std::string_view(node_->GetString(), node_->GetStringLength());
}

std::optional<bool> Value::Bool() const {
  return IsBool() ? std::optional(node_->GetBool()) : std::nullopt;
}

std::optional<int64_t> Value::Int() const {
  if (node_ == nullptr || !node_->IsNumber()) {
    return std::nullopt;
  }
  if (node_->IsInt64()) {
    return node_->GetInt64();
  }
  const double number = node_->GetDouble();
  constexpr double kExactMax = 9007199254740992.0;  // 2^53: above it a double skips integers
  if (node_->IsDouble() && std::abs(number) <= kExactMax && std::trunc(number) == number) {
    return static_cast<int64_t>(number);
  }
  return std::nullopt;
}

std::optional<double> Value::Number() const {
  if (!IsNumber() || !std::isfinite(node_->GetDouble())) {
    return std::nullopt;
  }
  return node_->GetDouble();
}

std::string_view Value::TypeName() const {
  if (node_ == nullptr) {
    return "missing";
  }
  switch (node_->GetType()) {
    case rapidjson::kNullType:
      return "null";
    case rapidjson::kFalseType:
    case rapidjson::kTrueType:
      return "bool";
    case rapidjson::kObjectType:
      return "object";
    case rapidjson::kArrayType:
      return "array";
    case rapidjson::kStringType:
      return "string";
    case rapidjson::kNumberType:
      return "number";
  }
  return "missing";
}

std::string Value::Text() const {
  if (node_ == nullptr) {
    return "null";
  }
  OutBuffer buffer;
  OutWriter out(buffer);
  node_->Accept(out);
  return {buffer.GetString(), buffer.GetSize()};
}

std::string Value::CanonicalText() const {
  if (node_ == nullptr) {
    return "null";
  }
  OutBuffer buffer;
  OutWriter out(buffer);
  WriteCanonical(*node_, out);
  return {buffer.GetString(), buffer.GetSize()};
}

std::string Value::PrettyText() const {
  OutBuffer buffer;
  rapidjson::PrettyWriter<OutBuffer> out(buffer);
  out.SetIndent(' ', 1);
  out.SetFormatOptions(rapidjson::kFormatSingleLineArray);
  if (node_ != nullptr) {
    node_->Accept(out);
  }
  return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

struct Parser::State {
  static constexpr size_t kPoolBytes = 32 * 1024;
  static constexpr size_t kStackBytes = 1024;

  // A pool that has its first chunk, and gives back the others when it is cleared.
  struct Chunk {
    std::vector<char> bytes = std::vector<char>(kPoolBytes);
    Pool pool{bytes.data(), bytes.size()};
  };

  rapidjson::ParseResult Read(int depth_max) {
    document.SetNull();
    values.pool.Clear();
    stack.pool.Clear();
    document.Bound(depth_max);
    rapidjson::InsituStringStream stream(text.data());
    rapidjson::ParseResult result;
    const auto read = [&](Document& /*document*/) {
      result = reader.Parse<kParseFlags>(stream, document);
      return !result.IsError();
    };
    document.Populate(read);
    return result;
  }

  std::string text;  // the bytes; the document's strings point into it
  Chunk values;
  Chunk stack;
  BoundedDocument document{&values.pool, kStackBytes, &stack.pool};
  rapidjson::Reader reader;
};

Parser::Parser() : state_(std::make_unique<State>()) {}

Parser::~Parser() = default;

Result<Value> Parser::Parse(std::string_view bytes, const Limits& limits) {
  if (bytes.size() > limits.bytes_max) {
    return Error{Errc::kRejected, "larger than " + std::to_string(limits.bytes_max) + " bytes"};
  }
  // RapidJSON takes a NUL for the end and would leave the rest unread.
  if (const size_t nul = bytes.find('\0'); nul != std::string_view::npos) {
    return Error{Errc::kMalformed, "not JSON: a NUL byte at byte " + std::to_string(nul)};
  }
  state_->text = bytes;
  const rapidjson::ParseResult result = state_->Read(limits.depth_max);
  if (state_->document.too_deep()) {
    return Error{Errc::kRejected,
                 "nested deeper than " + std::to_string(limits.depth_max) + " levels"};
  }
  if (result.IsError()) {
    return Error{Errc::kMalformed, std::string("not JSON: ") +
                                       rapidjson::GetParseError_En(result.Code()) + " at byte " +
                                       std::to_string(result.Offset())};
  }
  return Value(&state_->document);
}

std::string_view Parser::Keep(std::string_view text) {
  if (text.empty()) {
    return {};
  }
  char* const kept = static_cast<char*>(state_->values.pool.Malloc(text.size()));
  std::ranges::copy(text, kept);
  return {kept, text.size()};
}

struct Writer::State {
  explicit State(Slash slash_form) : slash(slash_form) {}

  Slash slash;
  OutBuffer buffer;
  OutWriter out{buffer};
};

Writer::Writer(Slash slash) : state_(std::make_unique<State>(slash)) {}

Writer::~Writer() = default;

Writer& Writer::BeginObject() {
  state_->out.StartObject();
  return *this;
}

Writer& Writer::EndObject() {
  state_->out.EndObject();
  return *this;
}

Writer& Writer::BeginArray() {
  state_->out.StartArray();
  return *this;
}

Writer& Writer::EndArray() {
  state_->out.EndArray();
  return *this;
}

Writer& Writer::Key(std::string_view name) {
  state_->out.Key(name.data(), Size(name));
  return *this;
}

Writer& Writer::String(std::string_view text) {
  std::string cleaned;
  if (!IsCleanUtf8(text)) {
    cleaned = CleanText(text, text.size() * 3);
    text = cleaned;
  }
  if (state_->slash == Slash::kPlain || text.find('/') == std::string_view::npos) {
    state_->out.String(text.data(), Size(text));
    return *this;
  }
  OutBuffer plain_buffer;
  OutWriter plain(plain_buffer);
  plain.String(text.data(), Size(text));
  std::string escaped;
  for (const char* c = plain_buffer.GetString(); *c != '\0'; ++c) {
    escaped += *c == '/' ? std::string_view("\\/") : std::string_view(c, 1);
  }
  state_->out.RawValue(escaped.data(), escaped.size(), rapidjson::kStringType);
  return *this;
}

Writer& Writer::Int(int64_t number) {
  state_->out.Int64(number);
  return *this;
}

Writer& Writer::Number(double number, int decimals) {
  if (!std::isfinite(number)) {
    return Null();
  }
  const double scale = std::pow(10.0, decimals);
  const double rounded = std::round(number * scale) / scale;
  state_->out.Double(std::isfinite(rounded) ? rounded : number);
  return *this;
}

Writer& Writer::Bool(bool value) {
  state_->out.Bool(value);
  return *this;
}

Writer& Writer::Null() {
  state_->out.Null();
  return *this;
}

Writer& Writer::Raw(std::string_view text) {
  state_->out.RawValue(text.data(), text.size(), rapidjson::kObjectType);
  return *this;
}

Writer& Writer::Member(std::string_view name, std::string_view text) {
  return Key(name).String(text);
}

Writer& Writer::Member(std::string_view name, const char* text) {
  return Key(name).String(text);
}

Writer& Writer::Member(std::string_view name, const std::string& text) {
  return Key(name).String(text);
}

Writer& Writer::Member(std::string_view name, int64_t number) {
  return Key(name).Int(number);
}

Writer& Writer::Member(std::string_view name, int number) {
  return Key(name).Int(number);
}

Writer& Writer::Member(std::string_view name, double number) {
  return Key(name).Number(number);
}

Writer& Writer::Member(std::string_view name, bool value) {
  return Key(name).Bool(value);
}

std::string Writer::Take() {
  CHECK(state_->out.IsComplete());
  std::string text(state_->buffer.GetString(), state_->buffer.GetSize());
  state_->buffer.Clear();
  state_->out.Reset(state_->buffer);
  return text;
}

}  // namespace printfleet::json
