#include "broker/certificates.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <memory>
#include <optional>

#include "broker/x509_handles.h"

namespace printfleet::broker {

namespace {

constexpr unsigned kKeyBits = 2048;
constexpr int kSerialBytes = 16;
constexpr size_t kNameBytesMax = 64;   // of a CN, by X.520
constexpr size_t kHostBytesMax = 253;  // of a DNS name

using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;
using Number = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using Trust = std::unique_ptr<X509_STORE, Freer<X509_STORE_free>>;
using TrustContext = std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;

bool IsAddress(const std::string& name) {
  in6_addr address{};
  return inet_pton(AF_INET, name.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, name.c_str(), &address) == 1;
}

bool IsHostName(const std::string& name) {
  return !name.empty() && name.size() <= kHostBytesMax &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
         });
}

// From the beginning of time: a printer without a network clock thinks it is 1970.
bool SetValidity(X509* certificate, WallTime now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  std::chrono::year_month_day end(day);
  end += std::chrono::years(kValidYears);
  const auto end_day = end.ok()
                           ? std::chrono::sys_days(end)
                           : std::chrono::sys_days(end.year() / end.month() / std::chrono::last);
  const std::time_t not_after =
      std::chrono::duration_cast<seconds>(end_day.time_since_epoch()).count();
  return ASN1_TIME_set(X509_getm_notBefore(certificate), 0) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), not_after) != nullptr;
}

bool SetSerial(X509* certificate) {
  std::array<unsigned char, kSerialBytes> bytes{};
  if (RAND_bytes(bytes.data(), kSerialBytes) != 1) {
    return false;
  }
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7fU) | 0x40U);  // positive, of full length
  const Number number(BN_bin2bn(bytes.data(), kSerialBytes, nullptr));
  return number != nullptr &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

struct ExtensionText {
  int nid;
  std::string value;  // as in openssl's configuration
};

bool AddExtensions(X509* certificate, X509* issuer, const std::vector<ExtensionText>& texts) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  return std::all_of(texts.begin(), texts.end(), [&](const ExtensionText& text) {
    const Extension extension(
        X509V3_EXT_nconf_nid(nullptr, &context, text.nid, text.value.c_str()));
    return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
  });
}

struct Wanted {
  std::string common_name;
  std::vector<ExtensionText> extensions;
};

// Signed by the issuer, or by itself where there is none.
Result<Credentials> Issue(const Wanted& wanted, X509* issuer, EVP_PKEY* issuer_key, WallTime now) {
  const Key key(EVP_RSA_gen(kKeyBits));
  const Certificate certificate(X509_new());
  if (!key || !certificate) {
    return Failed(Errc::kInternal, "a key cannot be made");
  }
  X509* subject = certificate.get();
  const auto* name = reinterpret_cast<const unsigned char*>(wanted.common_name.data());
  const bool filled =
      X509_set_version(subject, X509_VERSION_3) == 1 && SetSerial(subject) &&
      SetValidity(subject, now) && X509_set_pubkey(subject, key.get()) == 1 &&
      X509_NAME_add_entry_by_txt(X509_get_subject_name(subject), "CN", MBSTRING_UTF8, name,
                                 static_cast<int>(wanted.common_name.size()), -1, 0) == 1 &&
      X509_set_issuer_name(subject, X509_get_subject_name(issuer ? issuer : subject)) == 1 &&
      AddExtensions(subject, issuer ? issuer : subject, wanted.extensions) &&
      X509_sign(subject, issuer_key ? issuer_key : key.get(), EVP_sha256()) > 0;
  const Bio certificate_pem(BIO_new(BIO_s_mem()));
  const Bio key_pem(BIO_new(BIO_s_mem()));
  if (!filled || PEM_write_bio_X509(certificate_pem.get(), subject) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1) {
    return Failed(Errc::kInternal, "a certificate cannot be made");
  }
  return Credentials{TextOf(certificate_pem), TextOf(key_pem)};
}

Result<Credentials> IssueBy(const Credentials& authority, const Wanted& wanted, WallTime now) {
  if (Status pair = CheckPair(authority); !pair.ok()) {
    return pair.error().Within("authority");
  }
  const auto issuer = ReadAll(authority.certificate);
  const auto key = ReadKey(authority.key);
  if (X509_check_ca(issuer->front().get()) == 0) {
    return Error{Errc::kInvalid, "authority: its certificate is not one of an authority"};
  }
  return Issue(wanted, issuer->front().get(), key->get(), now);
}

// What each kind says besides: whose key it is, and whose key signed it.
std::vector<ExtensionText> Extensions(std::vector<ExtensionText> own) {
  own.push_back({NID_subject_key_identifier, "hash"});
  own.push_back({NID_authority_key_identifier, "keyid"});
  return own;
}

std::string NameText(const X509_NAME* name) {
  const Bio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  return TextOf(bio);
}

std::string CommonName(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  unsigned char* utf8 = nullptr;
  const int size =
      at < 0 ? -1
             : ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) {
    return "";
  }
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<size_t>(size));
  OPENSSL_free(utf8);
  return text;
}

std::string AddressText(const ASN1_OCTET_STRING* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int size = ASN1_STRING_length(bytes);
  if ((size != 4 && size != 16) ||
      inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(bytes), text.data(),
                text.size()) == nullptr) {
    return "";
  }
  return text.data();
}

std::vector<std::string> AlternativeNames(const X509* certificate) {
  const Names all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> names;
  for (int i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type == GEN_IPADD) {
      names.push_back(AddressText(name->d.iPAddress));
    } else if (name->type == GEN_DNS) {
      names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                         static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
    }
  }
  return names;
}

std::optional<WallTime> TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    return std::nullopt;
  }
  return WallTime(seconds(timegm(&parts)));
}

}  // namespace

Result<Credentials> MakeAuthority(const std::string& name, WallTime now) {
  if (name.empty() || name.size() > kNameBytesMax) {
    return Error{Errc::kInvalid, "an authority's name has 1 to 64 bytes"};
  }
  const Wanted wanted{name, Extensions({{NID_basic_constraints, "critical,CA:TRUE"},
                                        {NID_key_usage, "critical,keyCertSign,cRLSign"}})};
  return Issue(wanted, nullptr, nullptr, now);
}

Result<Credentials> IssueServer(const Credentials& authority, const std::vector<std::string>& names,
                                WallTime now) {
  std::string alternatives;
  for (const std::string& name : names) {
    const bool address = IsAddress(name);
    if (!address && !IsHostName(name)) {
      return Error{Errc::kInvalid, "\"" + name + "\" is neither an IP address nor a host name"};
    }
    alternatives +=
        (alternatives.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") + name;
  }
  if (names.empty()) {
    return Error{Errc::kInvalid, "a server's certificate needs a name or an address"};
  }
  return IssueBy(authority,
                 {names.front().substr(0, kNameBytesMax),
                  Extensions({{NID_basic_constraints, "critical,CA:FALSE"},
                              {NID_key_usage, "critical,digitalSignature,keyEncipherment"},
                              {NID_ext_key_usage, "serverAuth"},
                              {NID_subject_alt_name, alternatives}})},
                 now);
}

Result<Credentials> IssueClient(const Credentials& authority, const std::string& printer_id,
                                WallTime now) {
  if (printer_id.empty() || printer_id.size() > kNameBytesMax) {
    return Error{Errc::kInvalid, "a printer's id has 1 to 64 bytes, to be a certificate's CN"};
  }
  return IssueBy(authority,
                 {printer_id, Extensions({{NID_basic_constraints, "critical,CA:FALSE"},
                                          {NID_key_usage, "critical,digitalSignature"},
                                          {NID_ext_key_usage, "clientAuth"}})},
                 now);
}

Result<std::vector<CertificateInfo>> ReadCertificates(std::string_view pem) {
  const auto all = ReadAll(pem);
  if (!all.ok()) {
    return all.error();
  }
  std::vector<CertificateInfo> infos;
  for (const Certificate& certificate : *all) {
    const X509_NAME* subject = X509_get_subject_name(certificate.get());
    const auto not_after = TimeOf(X509_get0_notAfter(certificate.get()));
    if (!not_after) {
      return Error{Errc::kMalformed, "a certificate whose end is no time"};
    }
    infos.push_back({NameText(subject), CommonName(subject), *not_after,
                     X509_NAME_cmp(subject, X509_get_issuer_name(certificate.get())) == 0,
                     AlternativeNames(certificate.get())});
  }
  return infos;
}

Status CheckPair(const Credentials& credentials) {
  const auto all = ReadAll(credentials.certificate);
  if (!all.ok()) {
    return all.error();
  }
  const auto key = ReadKey(credentials.key);
  if (!key.ok()) {
    return key.error();
  }
  if (X509_check_private_key(all->front().get(), key->get()) != 1) {
    ERR_clear_error();
    return Error{Errc::kInvalid, "the key is not the certificate's"};
  }
  return Ok{};
}

Status CheckIssued(std::string_view authority, std::string_view certificate, Purpose purpose,
                   WallTime now) {
  const auto trusted = ReadAll(authority);
  const auto chain = ReadAll(certificate);
  if (!trusted.ok() || !chain.ok()) {
    return trusted.ok() ? chain.error() : trusted.error().Within("authority");
  }
  const Trust store(X509_STORE_new());
  const TrustContext context(X509_STORE_CTX_new());
  for (const Certificate& each : *trusted) {
    X509_STORE_add_cert(store.get(), each.get());
  }
  if (X509_STORE_CTX_init(context.get(), store.get(), chain->front().get(), nullptr) != 1) {
    return Failed(Errc::kInternal, "a certificate cannot be checked");
  }
  X509_STORE_CTX_set_purpose(context.get(), purpose == Purpose::kServer ? X509_PURPOSE_SSL_SERVER
                                                                        : X509_PURPOSE_SSL_CLIENT);
  X509_STORE_CTX_set_time(context.get(), 0,
                          std::chrono::floor<seconds>(now).time_since_epoch().count());
  if (X509_verify_cert(context.get()) == 1) {
    return Ok{};
  }
  ERR_clear_error();
  return Error{Errc::kInvalid,
               X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()))};
}

}  // namespace printfleet::broker
