// Result<T> and Error: how every layer says that something did not work.
//
// Used by all layers; values only, no threads. Exceptions of third-party libraries are caught in
// the .cc that calls the library and become an Error there.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace printfleet {

// Closed: a new code is a decision, because callers branch on it.
enum class Errc {
  kInvalid,      // the caller's argument or configuration is wrong
  kMalformed,    // bytes that do not decode
  kUnsupported,  // known, but not by this version, model or firmware
  kNotFound,
  kConflict,  // contradicts what is there
  kRejected,  // the other side understood and refused
  kTimeout,
  kUnavailable,  // the other side is away; later may work
  kInternal,
};

std::string_view Name(Errc code);

// `message` is what + where ("report.data.curr_nozzle_temp: expected number"); callers prefix
// their context; it is logged once, where it is handled.
struct Error {
  Errc code = Errc::kInternal;
  std::string message;

  // The same error with "context: " before its message.
  [[nodiscard]] Error Within(std::string_view context) const;
};

// Either a value or an Error. Requires: ok() before value(), !ok() before error().
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::move(value)) {}

  Result(Error error) : content_(std::move(error)) {}

  [[nodiscard]] bool ok() const { return content_.index() == 0; }

  explicit operator bool() const { return ok(); }

  [[nodiscard]] const T& value() const& { return Get(); }

  [[nodiscard]] T& value() & { return const_cast<T&>(std::as_const(*this).Get()); }

  [[nodiscard]] T&& value() && { return std::move(const_cast<T&>(std::as_const(*this).Get())); }

  const T& operator*() const& { return Get(); }

  T& operator*() & { return value(); }

  T&& operator*() && { return std::move(*this).value(); }

  const T* operator->() const { return &Get(); }

  T* operator->() { return &value(); }

  [[nodiscard]] const Error& error() const {
    if (ok()) {
      std::abort();
    }
    return *std::get_if<1>(&content_);
  }

 private:
  const T& Get() const {
    if (!ok()) {
      std::abort();
    }
    return *std::get_if<0>(&content_);
  }

  std::variant<T, Error> content_;
};

struct Ok {};

using Status = Result<Ok>;

}  // namespace printfleet
