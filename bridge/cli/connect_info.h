// A copy of the printer's own file /user/ac_mqtt_connect_info: its id, out of either layout. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace printfleet::cli {

struct ConnectInfo {
  std::string printer_id;  // 32 hex digits as they stand there, for topics tell cases apart
  // Both places look like an id, and not like the same one: the first was taken.
  bool ambiguous = false;
};

// kInvalid says what was looked for and where. Nothing else of the file, which holds keys too, gets
// into result or error.
Result<ConnectInfo> ReadConnectInfo(std::string_view bytes);

}  // namespace printfleet::cli
