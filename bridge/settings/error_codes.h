// The printers' error codes: what config/error_codes.yaml says of each. A new code is a new entry
// there, not new code.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace printfleet::settings {

// What a code says: behind a failed print of the job, elsewhere of the printer.
enum class ErrorKind {
  kFailure,
  kInterrupted,  // the printer gave the job up without naming a cause
  kStopped,      // a user's wish: no error
  kRefused,      // of the request, not of a job that is under way
  kNotice,       // accompanies a word, and is no error
};

// Does trying again make sense?
enum class Retry { kNever, kAfterFix, kOnceAfter1500Ms, kAgain };

std::string_view Name(Retry retry);

struct ErrorCode {
  int64_t code = 0;
  ErrorKind kind = ErrorKind::kFailure;
  std::string text;    // what it means, for an operator
  std::string advice;  // what to do about it
  Retry retry = Retry::kNever;
  std::string source;  // published, observed or inferred: how sure the meaning is
};

class ErrorCodes {
 public:
  void Add(ErrorCode code) { codes_[code.code] = std::move(code); }

  // nullptr for a code nobody has written down.
  [[nodiscard]] const ErrorCode* Find(int64_t code) const {
    const auto found = codes_.find(code);
    return found == codes_.end() ? nullptr : &found->second;
  }

  // kFailure for codes we do not know.
  [[nodiscard]] ErrorKind KindOf(int64_t code) const {
    const ErrorCode* known = Find(code);
    return known != nullptr ? known->kind : ErrorKind::kFailure;
  }

  [[nodiscard]] const std::map<int64_t, ErrorCode>& all() const { return codes_; }

 private:
  std::map<int64_t, ErrorCode> codes_;
};

}  // namespace printfleet::settings
