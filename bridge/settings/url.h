// The few URLs of the configuration and the command line: mqtt(s)://, postgresql://, http(s)://.
// Values only; never throws.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace printfleet::settings {

struct Url {
  std::string scheme;
  std::string user;       // empty: none
  bool password = false;  // one was written in it, which no URL here may have
  std::string host;       // without the brackets of an IPv6 address; may be empty
  uint16_t port = 0;      // 0: none was written
  std::string rest;       // "/path?query", or empty
};

// kInvalid: not of the form scheme://[user@]host[:port][/rest].
Result<Url> ParseUrl(std::string_view text);

// May a notification be sent there? kInvalid with what is wrong: not http(s)://, no host, or a user
// in it. The message does not repeat the URL, which may be a secret.
Status CheckNotifyUrl(const std::string& text);

}  // namespace printfleet::settings
