// Hasher: a content digest of bytes that come piece by piece, by OpenSSL's libcrypto.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace printfleet {

// Not thread-safe.
class Hasher {
 public:
  enum class Algorithm { kMd5, kSha256 };

  explicit Hasher(Algorithm algorithm);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void Add(std::string_view bytes);

  // In lower-case hex. Requires: called once; nothing is added later.
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace printfleet
