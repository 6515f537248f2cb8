#include "base/text.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace printfleet {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

uint8_t Byte(std::string_view bytes, size_t at) {
  return static_cast<uint8_t>(bytes[at]);
}

// Length of the well-formed character at `at`, or 0 when there is none.
size_t CharacterLength(std::string_view bytes, size_t at) {
  const uint8_t first = Byte(bytes, at);
  if (first < 0x80) {
    return first == 0 ? 0 : 1;
  }
  size_t length = 0;
  uint8_t low = 0x80;
  uint8_t high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    low = first == 0xE0 ? 0xA0 : low;
    high = first == 0xED ? 0x9F : high;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    low = first == 0xF0 ? 0x90 : low;
    high = first == 0xF4 ? 0x8F : high;
  } else {
    return 0;
  }
  if (at + length > bytes.size() || Byte(bytes, at + 1) < low || Byte(bytes, at + 1) > high) {
    return 0;
  }
  for (size_t i = 2; i < length; ++i) {
    if ((Byte(bytes, at + i) & 0xC0) != 0x80) {
      return 0;
    }
  }
  return length;
}

// How many bytes from `at` on are plain: ASCII without NUL. Eight at a time.
size_t PlainLength(std::string_view bytes, size_t at) {
  const size_t begin = at;
  constexpr uint64_t kHigh = 0x8080808080808080;
  constexpr uint64_t kOnes = 0x0101010101010101;
  for (uint64_t word = 0; at + sizeof word <= bytes.size(); at += sizeof word) {
    std::memcpy(&word, bytes.data() + at, sizeof word);
    // A byte that is 0 borrows from the bit above it; one above 0x7F has that bit itself.
    if ((word & kHigh) != 0 || ((word - kOnes) & ~word & kHigh) != 0) {
      break;
    }
  }
  while (at < bytes.size() && Byte(bytes, at) != 0 && Byte(bytes, at) < 0x80) {
    ++at;
  }
  return at - begin;
}

std::string Clean(std::string_view bytes, size_t bytes_max, bool printable) {
  std::string text;
  text.reserve(bytes.size() < bytes_max ? bytes.size() : bytes_max);
  for (size_t at = 0; at < bytes.size();) {
    const size_t length = CharacterLength(bytes, at);
    std::string_view piece = length == 0 ? kReplacement : bytes.substr(at, length);
    if (printable && length == 1 && (Byte(bytes, at) < 0x20 || Byte(bytes, at) == 0x7F)) {
      piece = "?";
    }
    if (text.size() + piece.size() > bytes_max) {
      break;
    }
    text += piece;
    at += length == 0 ? 1 : length;
  }
  return text;
}

}  // namespace

bool IsCleanUtf8(std::string_view bytes) {
  for (size_t at = PlainLength(bytes, 0); at < bytes.size(); at += PlainLength(bytes, at)) {
    const size_t length = CharacterLength(bytes, at);
    if (length == 0) {
      return false;
    }
    at += length;
  }
  return true;
}

std::string CleanText(std::string_view bytes, size_t bytes_max) {
  if (bytes.size() <= bytes_max && IsCleanUtf8(bytes)) {
    return std::string(bytes);
  }
  return Clean(bytes, bytes_max, false);
}

std::string PrintableText(std::string_view bytes, size_t bytes_max) {
  return Clean(bytes, bytes_max, true);
}

std::string HexText(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (size_t i = 0; i < bytes.size(); ++i) {
    text += kDigits[Byte(bytes, i) >> 4];
    text += kDigits[Byte(bytes, i) & 15];
  }
  return text;
}

std::string Base64Text(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t rest = bytes.size() - at;
    const uint32_t group = static_cast<uint32_t>(Byte(bytes, at)) << 16 |
                           (rest > 1 ? static_cast<uint32_t>(Byte(bytes, at + 1)) << 8 : 0U) |
                           (rest > 2 ? static_cast<uint32_t>(Byte(bytes, at + 2)) : 0U);
    text += kBase64Digits[group >> 18 & 63];
    text += kBase64Digits[group >> 12 & 63];
    text += rest > 1 ? kBase64Digits[group >> 6 & 63] : '=';
    text += rest > 2 ? kBase64Digits[group & 63] : '=';
  }
  return text;
}

bool DecodeBase64(std::string_view text, std::string& bytes) {
  bytes.clear();
  if (text.size() % 4 != 0) {
    return false;
  }
  for (size_t at = 0; at < text.size(); at += 4) {
    uint32_t group = 0;
    size_t padding = 0;
    for (size_t i = at; i < at + 4; ++i) {
      const size_t digit = kBase64Digits.find(text[i]);
      const bool pad = text[i] == '=' && at + 4 == text.size() && i >= at + 2;
      if ((digit == std::string_view::npos && !pad) || (!pad && padding > 0)) {
        return false;
      }
      padding += pad ? 1 : 0;
      group = group << 6 | (pad ? 0U : static_cast<uint32_t>(digit));
    }
    const std::array<char, 3> decoded{static_cast<char>(group >> 16), static_cast<char>(group >> 8),
                                      static_cast<char>(group)};
    bytes.append(decoded.data(), 3 - padding);
  }
  return true;
}

std::string PercentEncoded(std::string_view text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += "%" + HexText(std::string_view(&c, 1));
    }
  }
  return encoded;
}

}  // namespace printfleet
