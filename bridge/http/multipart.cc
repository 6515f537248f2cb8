#include "http/multipart.h"

#include <algorithm>
#include <utility>

namespace printfleet::http {
namespace {

constexpr size_t kPieceBytesMax = 64 << 10;
constexpr size_t kPreambleBytesMax = 64 << 10;
constexpr size_t kPaddingBytesMax = 128;  // blanks behind a boundary

Error Malformed(const char* what) {
  return {Errc::kMalformed, std::string("the form is broken: ") + what};
}

}  // namespace

// The first boundary needs no line end before it: so one is there from the start.
MultipartReader::MultipartReader(const std::string& boundary, Callbacks callbacks)
    : delimiter_("\r\n--" + boundary), callbacks_(std::move(callbacks)), pending_("\r\n") {}

Status MultipartReader::Add(std::string_view bytes) {
  while (!bytes.empty() && state_ != State::kEnd) {
    const std::string_view piece = bytes.substr(0, kPieceBytesMax);
    bytes.remove_prefix(piece.size());
    pending_ += piece;
    for (bool more = true; more && state_ != State::kEnd;) {
      const auto step = Step();
      if (!step.ok()) {
        return step.error();
      }
      more = *step;
    }
  }
  return Ok{};
}

Status MultipartReader::Finish() const {
  if (state_ != State::kEnd) {
    return Malformed("it ends before its last boundary");
  }
  return Ok{};
}

Result<bool> MultipartReader::Step() {
  switch (state_) {
    case State::kPreamble:
      return SkipPreamble();
    case State::kBoundary:
      return EndBoundary();
    case State::kHead:
      return ReadHead();
    case State::kField:
      return ReadField();
    case State::kFile:
      return ReadFile();
    case State::kEnd:
      break;
  }
  return false;
}

Result<bool> MultipartReader::SkipPreamble() {
  const size_t found = pending_.find(delimiter_);
  const size_t skipped = found != std::string::npos
                             ? found
                             : pending_.size() - std::min(pending_.size(), delimiter_.size() - 1);
  preamble_bytes_ += skipped;
  if (preamble_bytes_ > kPreambleBytesMax) {
    return Malformed("no boundary in its first 64 KiB");
  }
  if (found == std::string::npos) {
    pending_.erase(0, skipped);
    return false;
  }
  pending_.erase(0, found + delimiter_.size());
  state_ = State::kBoundary;
  return true;
}

// Behind a boundary: "--" ends the form, a line end begins a part.
Result<bool> MultipartReader::EndBoundary() {
  if (pending_.size() < 2) {
    return false;
  }
  if (pending_.starts_with("--")) {
    state_ = State::kEnd;
    pending_.clear();
    return true;
  }
  const size_t line_end = pending_.find_first_not_of(" \t");
  if (std::min(line_end, pending_.size()) > kPaddingBytesMax) {
    return Malformed("too much behind a boundary");
  }
  if (line_end == std::string::npos || pending_.size() < line_end + 2) {
    return false;
  }
  if (pending_.compare(line_end, 2, "\r\n") != 0) {
    return Malformed("a boundary is followed by something else");
  }
  if (++parts_ > kPartsMax) {
    return Error{Errc::kRejected, "the form has more than 100 parts"};
  }
  // The line end stays: with the one behind the last line of the head it is the empty line.
  pending_.erase(0, line_end);
  state_ = State::kHead;
  return true;
}

Result<bool> MultipartReader::ReadHead() {
  constexpr std::string_view kEmptyLine = "\r\n\r\n";
  const size_t end = pending_.find(kEmptyLine);
  // Its end may have begun to come.
  const size_t least = end != std::string::npos
                           ? end
                           : pending_.size() - std::min(pending_.size(), kEmptyLine.size() - 1);
  if (least > kHeadBytesMax) {
    return Error{Errc::kRejected, "the head of a part is above 8 KiB"};
  }
  if (end == std::string::npos) {
    return false;
  }
  auto part = ParsePart(
      std::string_view(pending_).substr(std::min<size_t>(2, end), end - std::min<size_t>(2, end)));
  if (!part.ok()) {
    return part.error();
  }
  part_ = std::move(*part);
  // The empty line's end stays: it may be the one that the next boundary begins with.
  pending_.erase(0, end + 2);
  body_begun_ = false;
  if (part_.filename) {
    if (auto begun = callbacks_.on_file_begin(part_.name, *part_.filename); !begun.ok()) {
      return begun.error();
    }
  }
  state_ = part_.filename ? State::kFile : State::kField;
  value_.clear();
  return true;
}

// Takes what surely belongs to the body off the front of what is pending, into `taken`.
MultipartReader::Body MultipartReader::TakeBody(std::string& taken) {
  const bool whole = pending_.starts_with(delimiter_);
  if (!body_begun_ && !whole) {
    if (std::string_view(delimiter_).starts_with(pending_)) {
      return Body::kWait;
    }
    pending_.erase(0, 2);
    body_begun_ = true;
  }
  const size_t found = whole ? 0 : pending_.find(delimiter_);
  const size_t size = found != std::string::npos
                          ? found
                          : pending_.size() - std::min(pending_.size(), delimiter_.size() - 1);
  taken = pending_.substr(0, size);
  if (found != std::string::npos) {
    pending_.erase(0, found + delimiter_.size());
    state_ = State::kBoundary;
    return Body::kEnd;
  }
  pending_.erase(0, size);
  return Body::kMore;
}

Result<bool> MultipartReader::ReadField() {
  std::string taken;
  const Body body = TakeBody(taken);
  value_ += taken;
  if (value_.size() > kFieldBytesMax) {
    return Error{Errc::kRejected, "a field of the form is above 16 KiB"};
  }
  if (body == Body::kEnd) {
    if (auto told = callbacks_.on_field(part_.name, value_); !told.ok()) {
      return told.error();
    }
  }
  return body == Body::kEnd;
}

Result<bool> MultipartReader::ReadFile() {
  std::string taken;
  const Body body = TakeBody(taken);
  if (!taken.empty()) {
    if (auto told = callbacks_.on_file_bytes(taken); !told.ok()) {
      return told.error();
    }
  }
  if (body == Body::kEnd) {
    if (auto told = callbacks_.on_file_end(); !told.ok()) {
      return told.error();
    }
  }
  return body == Body::kEnd;
}

}  // namespace printfleet::http
