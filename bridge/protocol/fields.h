// A tolerant reader of a report's members. Called by decode.cc and the files of the message types.
//
// A member that is absent or null is nullopt. One of the wrong type, or implausible, is nullopt and
// a FieldError: it costs that member only. Numbers inside strings ("45") count as numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "protocol/report.h"
#include "protocol/trace.h"

namespace printfleet::protocol {

// FieldErrors kept of one message; the rest are dropped, so that a hostile list stays cheap.
constexpr size_t kFieldErrorsMax = 16;

// Bytes a number in a string may have.
constexpr size_t kNumberBytesMax = 32;

// Both ends belong to it.
template <typename T>
struct Range {
  T min;
  T max;
};

constexpr Range<int64_t> kAnyInt{INT64_MIN, INT64_MAX};

// What reading leaves behind besides what it read, and where text that it makes lives.
struct Notes {
  json::Parser& parser;
  std::vector<FieldError>& errors;
  Trace* trace = nullptr;                // nullptr: nobody wants to know
  std::vector<std::string> taken_whole;  // while tracing: see FindIgnored
};

// A view of one object of a message and the way to it, for messages. Valid as long as the parser's
// document, the notes and the Fields it came from; so it is not copied.
class Fields {
 public:
  // The message itself; `notes` takes what is wrong with its members.
  Fields(json::Value message, Notes& notes) : object_(message), notes_(&notes) {}

  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;
  Fields(Fields&&) = delete;
  Fields& operator=(Fields&&) = delete;
  ~Fields() = default;

  // The member as it is, with all that is in it; missing when it is null.
  [[nodiscard]] json::Value Whole(std::string_view name) const;

  [[nodiscard]] std::optional<std::string_view> Text(std::string_view name) const;
  // Text, with "" as nullopt.
  [[nodiscard]] std::optional<std::string_view> Content(std::string_view name) const;
  // Ids come as strings or integers; text either way; "" is nullopt.
  [[nodiscard]] std::optional<std::string_view> Id(std::string_view name) const;
  [[nodiscard]] std::optional<int64_t> Int(std::string_view name, Range<int64_t> range) const;
  [[nodiscard]] std::optional<double> Number(std::string_view name, Range<double> range) const;
  // Percent on the wire (0 to 100), a ratio here.
  [[nodiscard]] std::optional<double> Percent(std::string_view name) const;
  // true, false, 1, 0.
  [[nodiscard]] std::optional<bool> Bool(std::string_view name) const;
  // An object; one without members when there is none.
  [[nodiscard]] Fields Object(std::string_view name) const;

  // Calls `visit(const Fields&)` for each object of an array; a single object counts as one.
  template <typename Visit>
  void ForEach(std::string_view name, Visit visit) const {
    const json::Value list = Member(name);
    if (list.IsObject()) {
      visit(Fields(list, *this, name, kNoIndex));
      return;
    }
    if (list.exists() && !list.IsArray()) {
      FailType(name, "array", list);
      return;
    }
    for (size_t i = 0; i < list.size(); ++i) {
      const Fields element(list.at(i), *this, name, i);
      if (element.object_.IsObject()) {
        visit(element);
      } else {
        element.Fail("", std::string("expected object, got ").append(list.at(i).TypeName()));
      }
    }
  }

  // Notes what is wrong with a member ("" for the object itself).
  void Fail(std::string_view name, std::string_view message) const;
  // Notes a word of the member that means nothing to us.
  void NoteUnknownWord(std::string_view name, std::string_view word) const;

 private:
  static constexpr size_t kNoIndex = SIZE_MAX;

  Fields(json::Value object, const Fields& parent, std::string_view name, size_t index)
      : object_(object), notes_(parent.notes_), parent_(&parent), name_(name), index_(index) {}

  // Missing when the member is null.
  [[nodiscard]] json::Value Member(std::string_view name) const;
  void FailType(std::string_view name, std::string_view expected, json::Value value) const;
  void NoteRead(std::string_view name) const;
  [[nodiscard]] std::string PathOf(std::string_view name) const;
  void AppendPath(std::string& path) const;

  json::Value object_;
  Notes* notes_;
  const Fields* parent_ = nullptr;
  std::string_view name_;
  size_t index_ = kNoIndex;
};

}  // namespace printfleet::protocol
