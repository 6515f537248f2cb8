// The one sanitizer: what stands between bytes from outside and a row, a log line or a topic.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace printfleet {

// True for well-formed UTF-8 (no surrogates, no overlong forms) without NUL.
bool IsCleanUtf8(std::string_view bytes);

// `bytes` as text that PostgreSQL and MQTT accept: each malformed sequence and each NUL becomes
// U+FFFD; cut (at a character's edge) to `bytes_max`.
std::string CleanText(std::string_view bytes, size_t bytes_max);

// CleanText for terminals and log lines: control characters become "?" too.
std::string PrintableText(std::string_view bytes, size_t bytes_max);

std::string HexText(std::string_view bytes);

std::string Base64Text(std::string_view bytes);

// As a part of a URI's path or query: everything but letters, digits and -._~ as %XX.
std::string PercentEncoded(std::string_view text);

// False when `text` is not base64 (padded form).
bool DecodeBase64(std::string_view text, std::string& bytes);

}  // namespace printfleet
