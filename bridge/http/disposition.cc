#include "http/disposition.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "http/route.h"

namespace printfleet::http {
namespace {

constexpr size_t kBoundaryBytesMax = 70;  // RFC 2046

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

// The byte that "%c3" is; nullopt where `text` begins with no such triple.
std::optional<char> Percent(std::string_view text) {
  unsigned int byte = 0;
  if (text.size() < 3 || text[0] != '%') {
    return std::nullopt;
  }
  const auto read = std::from_chars(text.data() + 1, text.data() + 3, byte, 16);
  return read.ec == std::errc() && read.ptr == text.data() + 3
             ? std::optional(static_cast<char>(byte))
             : std::nullopt;
}

// Takes "…" off the front. A backslash escapes a quote and itself only: paths of Windows come as
// they are. Browsers write quotes and line ends as %22, %0D, %0A.
std::optional<std::string> TakeQuoted(std::string_view& rest) {
  std::string value;
  rest.remove_prefix(1);
  while (!rest.empty() && rest.front() != '"') {
    if (rest[0] == '\\' && rest.size() > 1 && (rest[1] == '"' || rest[1] == '\\')) {
      rest.remove_prefix(1);
    } else if (const auto byte = Percent(rest);
               byte && (*byte == '"' || *byte == '\r' || *byte == '\n')) {
      value += *byte;
      rest.remove_prefix(3);
      continue;
    }
    value += rest.front();
    rest.remove_prefix(1);
  }
  if (rest.empty()) {
    return std::nullopt;
  }
  rest.remove_prefix(1);
  return value;
}

}  // namespace

std::optional<HeaderValue> ParseHeaderValue(std::string_view text) {
  HeaderValue parsed;
  const size_t end = std::min(text.find(';'), text.size());
  parsed.first = Lower(Trimmed(text.substr(0, end)));
  std::string_view rest = text.substr(end);
  while (!rest.empty()) {
    rest = Trimmed(rest.substr(1));  // behind the ";"
    if (rest.empty()) {
      break;
    }
    const size_t equals = rest.find('=');
    if (equals == std::string_view::npos || rest.find(';') < equals) {
      return std::nullopt;
    }
    const std::string name = Lower(Trimmed(rest.substr(0, equals)));
    rest = Trimmed(rest.substr(equals + 1));
    std::string value;
    if (rest.starts_with('"')) {
      auto quoted = TakeQuoted(rest);
      if (!quoted) {
        return std::nullopt;
      }
      value = std::move(*quoted);
      rest = Trimmed(rest);
      if (!rest.empty() && rest.front() != ';') {
        return std::nullopt;
      }
    } else {
      const size_t stop = std::min(rest.find(';'), rest.size());
      value = Trimmed(rest.substr(0, stop));
      rest.remove_prefix(stop);
    }
    parsed.parameters.emplace(name, std::move(value));  // the first one of a name counts
  }
  return parsed;
}

std::optional<std::string> DecodeExtended(std::string_view text) {
  const size_t first = text.find('\'');
  const size_t second = first == std::string_view::npos ? first : text.find('\'', first + 1);
  if (second == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view charset = text.substr(0, first);
  const bool latin = EqualsInAnyCase(charset, "iso-8859-1");
  if (!latin && !EqualsInAnyCase(charset, "utf-8")) {
    return std::nullopt;
  }
  std::string decoded;
  for (std::string_view rest = text.substr(second + 1); !rest.empty();) {
    const auto percent = Percent(rest);
    const char byte = percent.value_or(rest.front());
    rest.remove_prefix(percent ? 3 : 1);
    const auto code = static_cast<unsigned char>(byte);
    if (latin && code >= 0x80) {
      decoded += static_cast<char>(0xc0U | code >> 6U);
      decoded += static_cast<char>(0x80U | (code & 0x3fU));
    } else {
      decoded += byte;
    }
  }
  return decoded;
}

Result<Part> ParsePart(std::string_view head) {
  std::optional<Part> part;
  while (!head.empty()) {
    const size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      return Error{Errc::kMalformed, "a part's head has a line without a colon"};
    }
    const std::string_view name = Trimmed(line.substr(0, colon));
    const std::string_view text = Trimmed(line.substr(colon + 1));
    if (EqualsInAnyCase(name, "Content-Transfer-Encoding") && !EqualsInAnyCase(text, "binary") &&
        !EqualsInAnyCase(text, "8bit") && !EqualsInAnyCase(text, "7bit")) {
      return Error{Errc::kUnsupported, "a part is encoded; only binary ones are read"};
    }
    if (!EqualsInAnyCase(name, "Content-Disposition")) {
      continue;
    }
    const auto value = ParseHeaderValue(text);
    if (!value || value->first != "form-data" || !value->parameters.contains("name")) {
      return Error{Errc::kMalformed, "a part's Content-Disposition is not form-data with a name"};
    }
    part = Part{value->parameters.at("name"), std::nullopt};
    if (const auto plain = value->parameters.find("filename"); plain != value->parameters.end()) {
      part->filename = plain->second;
    }
    const auto extended = value->parameters.find("filename*");
    if (extended != value->parameters.end()) {
      if (auto decoded = DecodeExtended(extended->second)) {
        part->filename = std::move(decoded);
      } else if (!part->filename) {
        return Error{Errc::kUnsupported, "a part's filename* is neither UTF-8 nor ISO-8859-1"};
      }
    }
  }
  if (!part) {
    return Error{Errc::kMalformed, "a part has no Content-Disposition"};
  }
  return std::move(*part);
}

Result<std::string> BoundaryOf(std::string_view content_type) {
  const auto value = ParseHeaderValue(content_type);
  if (!value || value->first != "multipart/form-data") {
    return Error{Errc::kUnsupported, "wanted Content-Type: multipart/form-data"};
  }
  const auto boundary = value->parameters.find("boundary");
  if (boundary == value->parameters.end() || boundary->second.empty() ||
      boundary->second.size() > kBoundaryBytesMax) {
    return Error{Errc::kMalformed, "multipart/form-data without a boundary of 1 to 70 characters"};
  }
  return boundary->second;
}

}  // namespace printfleet::http
