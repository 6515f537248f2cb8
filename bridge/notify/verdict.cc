// What may be said without the network: headers of a file, the meaning of a status.
#include <algorithm>

#include "base/text.h"
#include "notify/sender.h"

namespace printfleet::notify {
namespace {

constexpr size_t kHeadersMax = 32;
constexpr size_t kHeaderBytesMax = 8192;
constexpr seconds kRetryAfterMax{86400};

constexpr long kOkFirst = 200;
constexpr long kMovedFirst = 300;
constexpr long kRefusedFirst = 400;
constexpr long kTheirFaultFirst = 500;
constexpr long kRequestTimeout = 408;
constexpr long kTooEarly = 425;
constexpr long kTooManyRequests = 429;

bool IsHeaderName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

}  // namespace

Result<std::vector<std::string>> ParseHeaders(const std::string& text) {
  std::vector<std::string> headers;
  size_t number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (!line.empty() && line.back() == '\r') {
      line.pop_back();
    }
    if (line.empty()) {
      continue;
    }
    const size_t colon = line.find(':');
    const bool control = std::any_of(line.begin(), line.end(), [](unsigned char c) {
      return (c < 0x20 && c != '\t') || c == 0x7f;
    });
    if (colon == std::string::npos || !IsHeaderName(line.substr(0, colon)) || control ||
        line.size() > kHeaderBytesMax) {
      return Error{Errc::kInvalid, "line " + std::to_string(number) +
                                       " is no header like \"Authorization: Bearer …\""};
    }
    headers.push_back(std::move(line));
    if (headers.size() > kHeadersMax) {
      return Error{Errc::kInvalid, "more than " + std::to_string(kHeadersMax) + " headers"};
    }
  }
  return headers;
}

core::Notified Verdict(long status, seconds retry_after) {
  core::Notified notified;
  notified.ok = status >= kOkFirst && status < kMovedFirst;
  notified.retry_after = std::clamp(retry_after, seconds(0), kRetryAfterMax);
  if (notified.ok) {
    return notified;
  }
  notified.error = "HTTP " + std::to_string(status);
  if (status >= kMovedFirst && status < kRefusedFirst) {
    notified.permanent = true;
    notified.error += ": the address has moved; redirects are not followed";
  } else if (status >= kRefusedFirst && status < kTheirFaultFirst) {
    notified.permanent =
        status != kRequestTimeout && status != kTooEarly && status != kTooManyRequests;
  }
  return notified;
}

}  // namespace printfleet::notify
