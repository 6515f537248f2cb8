#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <memory>

#include "base/check.h"
#include "base/text.h"

namespace printfleet {
namespace {

using Sha256Bytes = std::array<unsigned char, 32>;

// One context a thread: making one costs more than hashing a report.
EVP_MD_CTX* ThreadContext() {
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  CHECK(context != nullptr);
  return context.get();
}

// The algorithm, fetched once: EVP_sha256() alone makes OpenSSL 3 look it up at every use.
const EVP_MD* Sha256Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

}  // namespace

Digest MessageDigest(std::string_view topic, std::string_view payload) {
  const uint64_t topic_bytes = topic.size();
  Sha256Bytes hash{};
  EVP_MD_CTX* context = ThreadContext();
  CHECK(EVP_DigestInit_ex2(context, Sha256Algorithm(), nullptr) == 1);
  CHECK(EVP_DigestUpdate(context, &topic_bytes, sizeof topic_bytes) == 1);
  CHECK(EVP_DigestUpdate(context, topic.data(), topic.size()) == 1);
  CHECK(EVP_DigestUpdate(context, payload.data(), payload.size()) == 1);
  CHECK(EVP_DigestFinal_ex(context, hash.data(), nullptr) == 1);
  Digest digest;
  std::memcpy(digest.words.data(), hash.data(), sizeof digest.words);
  return digest;
}

std::string DigestHex(const Digest& digest) {
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016" PRIx64 "%016" PRIx64, digest.words[0],
                digest.words[1]);
  return text.data();
}

std::optional<Digest> DigestFromHex(std::string_view hex) {
  Digest digest;
  for (size_t i = 0; i < 2; ++i) {
    const std::string_view word = hex.substr(std::min(hex.size(), i * 16), 16);
    const auto read = std::from_chars(word.data(), word.data() + word.size(), digest.words[i], 16);
    if (word.size() != 16 || read.ec != std::errc() || read.ptr != word.data() + word.size()) {
      return std::nullopt;
    }
  }
  return hex.size() == 32 ? std::optional(digest) : std::nullopt;
}

std::string Sha256Hex(std::string_view bytes) {
  Sha256Bytes hash{};
  EVP_MD_CTX* context = ThreadContext();
  CHECK(EVP_DigestInit_ex2(context, Sha256Algorithm(), nullptr) == 1);
  CHECK(EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1);
  CHECK(EVP_DigestFinal_ex(context, hash.data(), nullptr) == 1);
  const std::string raw(hash.begin(), hash.end());
  return HexText(raw);
}

std::string HmacSha256Hex(std::string_view key, std::string_view bytes) {
  Sha256Bytes mac{};
  unsigned int size = mac.size();
  CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), mac.data(),
             &size) != nullptr);
  return HexText(std::string(mac.begin(), mac.end()));
}

std::string RandomSecret() {
  std::array<unsigned char, 16> bytes{};
  CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  return HexText(std::string(bytes.begin(), bytes.end()));
}

bool SameSecret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace printfleet
