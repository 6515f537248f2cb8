#include "settings/url.h"

#include <algorithm>
#include <charconv>

namespace printfleet::settings {
namespace {

Error Wrong(std::string_view what) {
  return Error{Errc::kInvalid, "not a URL like scheme://[user@]host[:port]: " + std::string(what)};
}

bool ParsePort(std::string_view text, uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

}  // namespace

Result<Url> ParseUrl(std::string_view text) {
  Url url;
  const size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos || scheme_end == 0) {
    return Wrong("no scheme");
  }
  if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c == '\x7f'; })) {
    return Wrong("a blank or control character in it");
  }
  url.scheme = text.substr(0, scheme_end);
  text.remove_prefix(scheme_end + 3);
  const size_t authority_end = std::min(text.find_first_of("/?"), text.size());
  url.rest = text.substr(authority_end);
  std::string_view authority = text.substr(0, authority_end);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view login = authority.substr(0, at);
    const size_t colon = login.find(':');
    url.user = login.substr(0, colon);
    url.password = colon != std::string_view::npos;
    authority.remove_prefix(at + 1);
  }
  size_t host_end = authority.rfind(':');
  if (authority.starts_with('[')) {
    const size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) {
      return Wrong("no \"]\" behind the address");
    }
    url.host = authority.substr(1, bracket - 1);
    host_end = bracket + 1 < authority.size() ? bracket + 1 : std::string_view::npos;
    if (host_end != std::string_view::npos && authority[host_end] != ':') {
      return Wrong("text behind the address");
    }
  } else {
    url.host = authority.substr(0, host_end);
  }
  if (host_end != std::string_view::npos && !ParsePort(authority.substr(host_end + 1), url.port)) {
    return Wrong("the port is not within 1 to 65535");
  }
  return url;
}

Status CheckNotifyUrl(const std::string& text) {
  const auto url = ParseUrl(text);
  if (!url.ok()) {
    return url.error();
  }
  if (url->scheme != "http" && url->scheme != "https") {
    return Error{Errc::kInvalid, "begins with " + url->scheme + "://, wanted https:// or http://"};
  }
  if (url->host.empty()) {
    return Error{Errc::kInvalid, "names no host"};
  }
  if (url->password || !url->user.empty()) {
    return Error{
        Errc::kInvalid,
        "holds a user: put \"Authorization: …\" into a file and name that as headers_file"};
  }
  return Ok{};
}

}  // namespace printfleet::settings
