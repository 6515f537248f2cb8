#include "broker/password.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "broker/config.h"

namespace printfleet::broker {

namespace {

constexpr size_t kSaltBytes = 12;  // Mosquitto 2.0 accepts no other length
constexpr size_t kHashBytes = 64;
constexpr size_t kUserNameBytesMax = 64;

struct Parts {
  int iterations = 0;
  std::string salt;
  std::string hash;
};

std::optional<Parts> Parse(std::string_view text) {
  constexpr std::string_view kPrefix = "$7$";
  if (!text.starts_with(kPrefix)) {
    return std::nullopt;
  }
  text.remove_prefix(kPrefix.size());
  const size_t first = text.find('$');
  const size_t second = text.find('$', first == std::string_view::npos ? first : first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) {
    return std::nullopt;
  }
  Parts parts;
  const auto [end, code] = std::from_chars(text.data(), text.data() + first, parts.iterations);
  if (code != std::errc() || end != text.data() + first || parts.iterations <= 0 ||
      parts.iterations > kIterationsMax ||
      !DecodeBase64(text.substr(first + 1, second - first - 1), parts.salt) ||
      !DecodeBase64(text.substr(second + 1), parts.hash) || parts.salt.size() != kSaltBytes ||
      parts.hash.size() != kHashBytes) {
    return std::nullopt;
  }
  return parts;
}

std::optional<std::string> Derive(std::string_view password, std::string_view salt,
                                  int iterations) {
  std::optional<std::string> derived(std::in_place, kHashBytes, '\0');
  std::array<unsigned char, kSaltBytes> salt_bytes{};
  std::copy_n(salt.begin(), std::min(salt.size(), salt_bytes.size()), salt_bytes.begin());
  if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt_bytes.data(),
                        static_cast<int>(salt_bytes.size()), iterations, EVP_sha512(),
                        static_cast<int>(kHashBytes),
                        reinterpret_cast<unsigned char*>(derived->data())) != 1) {
    return std::nullopt;
  }
  return derived;
}

template <size_t kSize>
std::optional<std::string> RandomBytes() {
  std::array<unsigned char, kSize> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return std::nullopt;
  }
  return std::string(bytes.begin(), bytes.end());
}

Error NoCrypto() {
  return Error{Errc::kInternal, "libcrypto gave no random bytes or no hash"};
}

}  // namespace

Result<std::string> HashPassword(std::string_view password, int iterations) {
  const std::optional<std::string> salt = RandomBytes<kSaltBytes>();
  if (!salt.has_value()) {
    return NoCrypto();
  }
  const std::optional<std::string> hash = Derive(password, *salt, iterations);
  if (!hash.has_value()) {
    return NoCrypto();
  }
  return "$7$" + std::to_string(iterations) + "$" + Base64Text(*salt) + "$" + Base64Text(*hash);
}

Result<bool> VerifyPassword(std::string_view password, std::string_view hash) {
  const std::optional<Parts> parts = Parse(hash);
  if (!parts.has_value()) {
    return Error{Errc::kMalformed, "no $7$ password hash; make one with `printfleet user`"};
  }
  const std::optional<std::string> derived = Derive(password, parts->salt, parts->iterations);
  if (!derived.has_value()) {
    return NoCrypto();
  }
  return CRYPTO_memcmp(derived->data(), parts->hash.data(), kHashBytes) == 0;
}

Status CheckUserName(std::string_view name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@";
  if (name.empty() || name.size() > kUserNameBytesMax ||
      name.find_first_not_of(kAllowed) != std::string_view::npos) {
    return Error{Errc::kInvalid, "user name \"" + PrintableText(name, kUserNameBytesMax) +
                                     "\": 1 to 64 letters, digits or . _ - @"};
  }
  if (name == "local" || name == kPrivateUser) {
    return Error{Errc::kInvalid, "user name \"" + std::string(name) +
                                     "\" is taken by the daemon itself; choose another"};
  }
  return Ok{};
}

Result<std::string> PasswordFileText(const settings::Users& users) {
  std::string text;
  for (const auto& [name, user] : users) {
    const Status status = CheckUserName(name);
    if (!status.ok()) {
      return status.error();
    }
    if (!Parse(user.password_hash).has_value()) {
      return Error{Errc::kInvalid, "user " + name +
                                       ": its password hash is not in Mosquitto's $7$ form; set "
                                       "the password again with `printfleet user`"};
    }
    text += name + ":" + user.password_hash + "\n";
  }
  return text;
}

}  // namespace printfleet::broker
