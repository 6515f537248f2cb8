// What a member's name says of its value: is it a secret, an address, a name of the printer? The
// one place to add a name that captures must not give away. Pure.
#pragma once

#include <string_view>

namespace printfleet::capture {

enum class Sensitivity {
  kNone,
  kSecret,   // a credential, or what a person is called: the value goes
  kAddress,  // of a network: a stand-in
  kId,       // of the printer or its owner: a stand-in of the same shape
  kFile,     // a file's or folder's name: stays unless it is asked to go
  kDigest,   // of a file: 32 hex digits that are no printer's id
  kVersion,  // dotted numbers that are no address
};

// By the member's name, whatever its case, "_" and "-".
Sensitivity SensitivityOf(std::string_view member);

// What is redacted, a class a line: for --help and a capture's header.
inline constexpr std::string_view kRedactedByDefault[] = {
    "secrets: the four members of a video request, tokens, passwords, keys, sessions, signatures, "
    "also inside texts",
    "persons: user names, accounts, mail addresses",
    "addresses: IPv4, IPv6 and MAC addresses, SSIDs, host names (a vendor's domain stays)",
    "URLs: login, host, query, long opaque parts of the path",
    "ids of printers and owners: stand-ins of the same shape, others in every capture",
    "bytes that are no JSON: their length and a fingerprint stand for them",
};

}  // namespace printfleet::capture
