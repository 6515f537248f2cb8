#include "protocol/fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <system_error>
#include <utility>

#include "protocol/trimmed.h"

namespace printfleet::protocol {
namespace {

// All of `text` as a T; nullopt when it is anything else, or too long to be a number.
template <typename T>
std::optional<T> Parsed(std::optional<std::string_view> text) {
  if (!text || text->size() > kNumberBytesMax) {
    return std::nullopt;
  }
  const std::string_view digits = Trimmed(*text);
  T number{};
  const char* const end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || at != end) {
    return std::nullopt;
  }
  return number;
}

// "4000 is outside 0 to 100".
std::string OutsideText(double number, Range<double> range) {
  std::array<char, 96> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), "%.17g is outside %.17g to %.17g",
                                  number, range.min, range.max));
  return text.data();
}

}  // namespace

std::string PathWithoutIndices(std::string_view path) {
  std::string name;
  bool in_index = false;
  for (const char c : path) {
    in_index = c == '[' || (in_index && c != ']');
    if (!in_index || c == '[') {
      name += c;
    }
  }
  return name;
}

json::Value Fields::Member(std::string_view name) const {
  const json::Value value = object_[name];
  if (notes_->trace != nullptr && value.exists()) {
    NoteRead(name);
  }
  return value.IsNull() ? json::Value() : value;
}

json::Value Fields::Whole(std::string_view name) const {
  if (notes_->trace != nullptr) {
    notes_->taken_whole.push_back(PathWithoutIndices(PathOf(name)));
  }
  return Member(name);
}

std::optional<std::string_view> Fields::Text(std::string_view name) const {
  const json::Value value = Member(name);
  if (value.exists() && !value.IsString()) {
    FailType(name, "string", value);
  }
  return value.String();
}

std::optional<std::string_view> Fields::Content(std::string_view name) const {
  const std::optional<std::string_view> text = Text(name);
  return text && !text->empty() ? text : std::nullopt;
}

std::optional<std::string_view> Fields::Id(std::string_view name) const {
  const json::Value value = Member(name);
  if (const std::optional<int64_t> number = value.Int()) {
    std::array<char, kNumberBytesMax> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), *number).ptr;
    return notes_->parser.Keep({digits.begin(), end});
  }
  if (value.exists() && !value.IsString()) {
    FailType(name, "string or integer", value);
    return std::nullopt;
  }
  return Content(name);
}

std::optional<int64_t> Fields::Int(std::string_view name, Range<int64_t> range) const {
  const json::Value value = Member(name);
  std::optional<int64_t> number = value.Int();
  if (!number) {
    number = Parsed<int64_t>(value.String());
  }
  if (!number) {
    if (value.exists()) {
      FailType(name, "integer", value);
    }
    return std::nullopt;
  }
  if (*number < range.min || *number > range.max) {
    Fail(name, OutsideText(static_cast<double>(*number),
                           {static_cast<double>(range.min), static_cast<double>(range.max)}));
    return std::nullopt;
  }
  return number;
}

std::optional<double> Fields::Number(std::string_view name, Range<double> range) const {
  const json::Value value = Member(name);
  std::optional<double> number = value.Number();
  if (!number) {
    number = Parsed<double>(value.String());
  }
  if (!number || !std::isfinite(*number)) {
    if (value.exists()) {
      FailType(name, "number", value);
    }
    return std::nullopt;
  }
  if (*number < range.min || *number > range.max) {
    Fail(name, OutsideText(*number, range));
    return std::nullopt;
  }
  return number;
}

std::optional<double> Fields::Percent(std::string_view name) const {
  const std::optional<double> percent = Number(name, {0, 100});
  return percent ? std::optional(*percent / 100) : std::nullopt;
}

std::optional<bool> Fields::Bool(std::string_view name) const {
  const json::Value value = Member(name);
  const int64_t number = value.Int().value_or(-1);
  if (number == 0 || number == 1) {
    return number == 1;
  }
  if (value.exists() && !value.IsBool()) {
    FailType(name, "bool", value);
  }
  return value.Bool();
}

Fields Fields::Object(std::string_view name) const {
  const json::Value value = Member(name);
  if (value.exists() && !value.IsObject()) {
    FailType(name, "object", value);
  }
  return Fields(value, *this, name, kNoIndex);
}

void Fields::Fail(std::string_view name, std::string_view message) const {
  if (notes_->errors.size() < kFieldErrorsMax) {
    notes_->errors.push_back({PathOf(name), std::string(message)});
  }
}

void Fields::NoteUnknownWord(std::string_view name, std::string_view word) const {
  if (notes_->trace != nullptr) {
    notes_->trace->unknown_words.push_back(PathOf(name).append(": ").append(word));
  }
}

void Fields::FailType(std::string_view name, std::string_view expected, json::Value value) const {
  if (notes_->errors.size() >= kFieldErrorsMax) {
    return;  // before the message is made
  }
  Fail(name, std::string("expected ").append(expected).append(", got ").append(value.TypeName()));
}

void Fields::NoteRead(std::string_view name) const {
  std::vector<std::string>& read = notes_->trace->read;
  std::string path = PathWithoutIndices(PathOf(name));
  if (std::ranges::find(read, path) == read.end()) {
    read.push_back(std::move(path));
  }
}

std::string Fields::PathOf(std::string_view name) const {
  std::string path;
  AppendPath(path);
  if (!path.empty() && !name.empty()) {
    path += '.';
  }
  return path.append(name);
}

void Fields::AppendPath(std::string& path) const {
  if (parent_ == nullptr) {
    return;
  }
  parent_->AppendPath(path);
  if (!path.empty()) {
    path += '.';
  }
  path += name_;
  if (index_ != kNoIndex) {
    path.append("[").append(std::to_string(index_)).append("]");
  }
}

}  // namespace printfleet::protocol
