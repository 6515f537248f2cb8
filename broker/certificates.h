// X.509 for the farm: its own authority, the broker's certificate, a printer's certificate, and
// what a certificate file holds. Pure: text in, text out; the time comes in, only keys are random.
//
// RSA-2048 with SHA-256, because nobody knows what newer kinds an old printer's library reads.
// Called by setup (init, ca) and by certificate_files.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace printfleet::broker {

// How long what we issue is valid. A printer is in use for years and nobody renews what is in it.
inline constexpr int kValidYears = 20;

// PEM texts that belong together.
struct Credentials {
  std::string certificate;
  std::string key;  // PKCS #8, not encrypted: files of it are 0600
};

// A farm's own authority, called `name` (CN, at most 64 bytes).
Result<Credentials> MakeAuthority(const std::string& name, WallTime now);

// For a server that is reached under `names`: IP addresses and host names, at least one; the first
// is the CN, all are subject alternative names. kInvalid for a text that is neither.
Result<Credentials> IssueServer(const Credentials& authority, const std::vector<std::string>& names,
                                WallTime now);

// For the printer `printer_id`, which is its CN: with `login: certificate` its identity.
Result<Credentials> IssueClient(const Credentials& authority, const std::string& printer_id,
                                WallTime now);

// A certificate as far as anybody here wants to know.
struct CertificateInfo {
  std::string subject;      // "C = AU, O = …", as openssl prints it
  std::string common_name;  // "" where there is none
  WallTime not_after;
  bool self_issued = false;        // issuer and subject have the same name
  std::vector<std::string> names;  // subject alternative names: IP addresses and host names
};

// Every certificate of a PEM text, in order. kMalformed when there is none, or one is damaged.
Result<std::vector<CertificateInfo>> ReadCertificates(std::string_view pem);

// The key is that of the (first) certificate. kInvalid when not, kMalformed for damaged texts.
Status CheckPair(const Credentials& credentials);

enum class Purpose { kServer, kClient };

// Whether a strict peer that trusts `authority` accepts the (first) certificate, at that time. The
// error says why not, in OpenSSL's words.
Status CheckIssued(std::string_view authority, std::string_view certificate, Purpose purpose,
                   WallTime now);

}  // namespace printfleet::broker
