#include "broker/x509_handles.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <limits>

namespace printfleet::broker {

namespace {

constexpr size_t kCertificatesMax = 200;

Bio BioOf(std::string_view text) {
  const auto size = std::min(text.size(), size_t{std::numeric_limits<int>::max()});
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(size)));
}

// No terminal is asked for the passphrase of an encrypted key.
int NoPassphrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

Error Failed(Errc code, const std::string& what) {
  const unsigned long last = ERR_peek_last_error();
  const char* reason = last == 0 ? nullptr : ERR_reason_error_string(last);
  ERR_clear_error();
  return Error{code, what + (reason == nullptr ? "" : ": " + std::string(reason))};
}

std::string TextOf(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return size > 0 ? std::string(data, static_cast<size_t>(size)) : std::string();
}

Result<Key> ReadKey(std::string_view pem) {
  Key key(PEM_read_bio_PrivateKey(BioOf(pem).get(), nullptr, NoPassphrase, nullptr));
  if (!key) {
    return Failed(Errc::kMalformed, "no private key that can be read without a passphrase");
  }
  return key;
}

Result<std::vector<Certificate>> ReadAll(std::string_view pem) {
  const Bio bio = BioOf(pem);
  std::vector<Certificate> all;
  for (;;) {
    Certificate next(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
    if (!next) {
      break;
    }
    if (all.size() >= kCertificatesMax) {
      return Error{Errc::kMalformed, "more than 200 certificates"};
    }
    all.push_back(std::move(next));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (all.empty() || !at_end) {
    return Failed(Errc::kMalformed, "no certificate in PEM form, or a damaged one");
  }
  ERR_clear_error();
  return all;
}

}  // namespace printfleet::broker
