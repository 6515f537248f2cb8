#include "capture/pseudonym.h"

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "capture/characters.h"

namespace printfleet::capture {
namespace {

constexpr size_t kShortHex = 8;
constexpr int kTriesMax = 8;  // until a short value's stand-in is another value

// Source: shared protocol dossier §4: the domains that firmware from 3.1.0 on lets files come from.
constexpr std::array<std::string_view, 4> kVendorDomains = {"myqcloud.com", "amazonaws.com",
                                                            "anycubic.com", "anycubicloud.com"};

int HexValue(char c) {
  return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

// Which characters may stand for those of a value.
struct Shape {
  bool hex = false;  // letters and digits may change places
  bool upper = false;
};

Shape ShapeOf(std::string_view value) {
  const auto counts = [](char c) { return IsLetter(c) || IsDigit(c); };
  const bool all_hex =
      std::ranges::all_of(value, [&](char c) { return !counts(c) || IsHexDigit(c); });
  return {all_hex && std::ranges::any_of(value, IsLetter), std::ranges::any_of(value, IsUpper)};
}

char StandIn(char c, int random, Shape shape) {
  constexpr int kDigits = 10;
  constexpr int kLetters = 26;
  if (shape.hex && IsHexDigit(c)) {
    const int digit = random % 16;
    return static_cast<char>(digit < kDigits ? '0' + digit
                                             : (shape.upper ? 'A' : 'a') + digit - kDigits);
  }
  if (IsDigit(c)) {
    return static_cast<char>('0' + random % kDigits);
  }
  if (IsLetter(c)) {
    return static_cast<char>((IsUpper(c) ? 'A' : 'a') + random % kLetters);
  }
  return static_cast<unsigned char>(c) < 0x80 ? c : 'x';
}

}  // namespace

std::string Pseudonyms::Hex(std::string_view kind, std::string_view value) const {
  std::string text = salt_;
  text.append(kind).append(1, '\0').append(value);
  return Sha256Hex(text);
}

std::string Pseudonyms::SameShape(std::string_view value) const {
  const std::string fingerprint = Hex("shape", Lower(value));
  const Shape shape = ShapeOf(value);
  std::string made(value);
  for (int tries = 0; tries < kTriesMax && made == value; ++tries) {
    std::string random;
    for (size_t i = 0; i < value.size(); ++i) {
      const size_t at = i * 2 % 64;  // two hex digits of the digest a character
      if (at == 0) {
        random = Hex(fingerprint, std::to_string(tries) + "," + std::to_string(i));
      }
      made[i] = StandIn(value[i], HexValue(random[at]) * 16 + HexValue(random[at + 1]), shape);
    }
  }
  return made;
}

std::string Pseudonyms::Ipv4(std::string_view value) const {
  const std::string hex = Hex("ipv4", value);
  const auto byte = [&hex](size_t at) {
    return std::to_string(HexValue(hex[at]) * 16 + HexValue(hex[at + 1]));
  };
  return (HexValue(hex[0]) % 2 == 0 ? "198.18." : "198.19.") + byte(2) + "." + byte(4);
}

std::string Pseudonyms::Ipv6(std::string_view value) const {
  const std::string hex = Hex("ipv6", Lower(value));
  return "2001:db8::" + hex.substr(0, 4) + ":" + hex.substr(4, 4);
}

std::string Pseudonyms::Mac(std::string_view value) const {
  const std::string hex = Hex("mac", Lower(value));
  const char separator = value.size() > 2 ? value[2] : ':';
  std::string made = "02";
  for (size_t i = 0; i < 10; i += 2) {
    made += separator + hex.substr(i, 2);
  }
  return made;
}

std::string Pseudonyms::Host(std::string_view value) const {
  const std::string lower = Lower(value);
  std::string made = "host-" + Hex("host", lower).substr(0, kShortHex);
  const auto* vendor = std::ranges::find_if(kVendorDomains, [&lower](std::string_view domain) {
    return lower == domain || lower.ends_with("." + std::string(domain));
  });
  return made + "." + std::string(vendor == kVendorDomains.end() ? "invalid" : *vendor);
}

std::string Pseudonyms::FileName(std::string_view value) const {
  constexpr size_t kExtensionBytesMax = 8;
  if (value.empty() || value == "." || value == "..") {
    return std::string(value);
  }
  std::string made = "file-" + Hex("file", value).substr(0, kShortHex);
  const size_t dot = value.rfind('.');
  if (dot != std::string_view::npos && value.size() - dot <= kExtensionBytesMax &&
      std::ranges::all_of(value.substr(dot + 1), IsLetter)) {
    made += value.substr(dot);
  }
  return made;
}

std::string Pseudonyms::Fingerprint(std::string_view value) const {
  return Hex("bytes", value);
}

}  // namespace printfleet::capture
