// Content digests, by OpenSSL's libcrypto.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace printfleet {

// 128 bits of SHA-256: names one inbound message (topic and bytes).
struct Digest {
  std::array<uint64_t, 2> words{};

  auto operator<=>(const Digest&) const = default;
};

// The digest of a message: of its topic's length, topic and payload, so that no two different
// (topic, payload) pairs meet by concatenation.
Digest MessageDigest(std::string_view topic, std::string_view payload);

// 32 hex digits, and back; nullopt for anything else.
std::string DigestHex(const Digest& digest);
std::optional<Digest> DigestFromHex(std::string_view hex);

// SHA-256 in lower-case hex (64 characters).
std::string Sha256Hex(std::string_view bytes);

// HMAC-SHA-256 in lower-case hex: proves that who made it knows `key`.
std::string HmacSha256Hex(std::string_view key, std::string_view bytes);

// 128 random bits in lower-case hex (32 characters).
std::string RandomSecret();

// Are they the same? Takes as long whatever they differ in: for keys and tokens.
bool SameSecret(std::string_view a, std::string_view b);

}  // namespace printfleet

template <>
struct std::hash<printfleet::Digest> {
  size_t operator()(const printfleet::Digest& digest) const noexcept { return digest.words[0]; }
};
