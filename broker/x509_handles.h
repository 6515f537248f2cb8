// OpenSSL's objects with an owner, and how PEM texts become them. Inside broker/certificates.cc
// only.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace printfleet::broker {

template <auto Free>
struct Freer {
  template <typename Type>
  void operator()(Type* object) const {
    Free(object);
  }
};

using Bio = std::unique_ptr<BIO, Freer<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

// `what`, and OpenSSL's own words for what went wrong last; its queue is empty afterwards.
Error Failed(Errc code, const std::string& what);

std::string TextOf(const Bio& bio);

// kMalformed for an encrypted key too: nobody is asked for a passphrase.
Result<Key> ReadKey(std::string_view pem);

// Every certificate of the text, at least one and at most 200; else kMalformed.
Result<std::vector<Certificate>> ReadAll(std::string_view pem);

}  // namespace printfleet::broker
