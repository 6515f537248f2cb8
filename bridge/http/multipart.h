// MultipartReader: a form with files (multipart/form-data), read as it comes.
//
// Files go on piece by piece; only a part's head and the values of fields are kept, and those are
// bounded. (civetweb's own reader wants its fields in memory or in files of its making, and reads
// from a connection only, so no test could feed it.) Parts may come in any order. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/disposition.h"

namespace printfleet::http {

class MultipartReader {
 public:
  // What is found. An error of theirs ends the reading and is returned as it is.
  struct Callbacks {
    std::function<Status(std::string_view name, std::string_view value)> on_field;
    // `filename` is what the client says: see library::SafeName.
    std::function<Status(std::string_view name, std::string_view filename)> on_file_begin;
    std::function<Status(std::string_view bytes)> on_file_bytes;
    std::function<Status()> on_file_end;
  };

  // `boundary` as BoundaryOf has it.
  MultipartReader(const std::string& boundary, Callbacks callbacks);

  // kMalformed: no such form; kRejected: above a limit; kUnsupported: an encoding. Not called again
  // after an error.
  Status Add(std::string_view bytes);

  // kMalformed: the form has not come to its end.
  [[nodiscard]] Status Finish() const;

  static constexpr size_t kHeadBytesMax = 8 << 10;
  static constexpr size_t kFieldBytesMax = 16 << 10;
  static constexpr int kPartsMax = 100;

 private:
  enum class State { kPreamble, kBoundary, kHead, kField, kFile, kEnd };

  enum class Body { kWait, kMore, kEnd };

  // One step over what is there; false: more bytes are wanted.
  Result<bool> Step();
  Result<bool> SkipPreamble();
  Result<bool> EndBoundary();
  Result<bool> ReadHead();
  Body TakeBody(std::string& taken);
  Result<bool> ReadField();
  Result<bool> ReadFile();

  const std::string delimiter_;  // "\r\n--boundary"
  const Callbacks callbacks_;
  State state_ = State::kPreamble;
  std::string pending_;  // not taken yet
  Part part_;
  bool body_begun_ = false;
  std::string value_;
  int parts_ = 0;
  size_t preamble_bytes_ = 0;
};

}  // namespace printfleet::http
