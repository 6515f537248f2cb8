#include "base/result.h"

namespace printfleet {

std::string_view Name(Errc code) {
  switch (code) {
    case Errc::kInvalid:
      return "invalid";
    case Errc::kMalformed:
      return "malformed";
    case Errc::kUnsupported:
      return "unsupported";
    case Errc::kNotFound:
      return "not_found";
    case Errc::kConflict:
      return "conflict";
    case Errc::kRejected:
      return "rejected";
    case Errc::kTimeout:
      return "timeout";
    case Errc::kUnavailable:
      return "unavailable";
    case Errc::kInternal:
      return "internal";
  }
  return "internal";
}

Error Error::Within(std::string_view context) const {
  return Error{code, std::string(context) + ": " + message};
}

}  // namespace printfleet
