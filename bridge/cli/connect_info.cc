#include "cli/connect_info.h"

#include <algorithm>
#include <optional>

namespace printfleet::cli {
namespace {

constexpr size_t kIdDigits = 32;
// Where the layouts have the id. Source: shared protocol dossier §4; the layout changed with the
// firmware, nobody knows with which.
constexpr size_t kFirstAt = 0;
constexpr size_t kSecondAt = 128;

bool IsHexDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::optional<std::string> IdAt(std::string_view bytes, size_t at) {
  const std::string_view id = bytes.substr(std::min(at, bytes.size()), kIdDigits);
  return id.size() == kIdDigits && std::ranges::all_of(id, IsHexDigit)
             ? std::optional<std::string>(id)
             : std::nullopt;
}

std::string Place(size_t at) {
  return "bytes " + std::to_string(at) + " to " + std::to_string(at + kIdDigits - 1);
}

}  // namespace

Result<ConnectInfo> ReadConnectInfo(std::string_view bytes) {
  const auto first = IdAt(bytes, kFirstAt);
  const auto second = IdAt(bytes, kSecondAt);
  if (!first && !second) {
    return Error{Errc::kInvalid,
                 "no printer id in it: neither " + Place(kFirstAt) + " nor " + Place(kSecondAt) +
                     " of its " + std::to_string(bytes.size()) +
                     " bytes are 32 hex digits; take the printer's /user/ac_mqtt_connect_info"};
  }
  return ConnectInfo{first ? *first : *second, first && second && *first != *second};
}

}  // namespace printfleet::cli
