// Stand-ins for what names a printer, a network or a file: the same value gets the same stand-in
// all through a capture, another one in the next capture, and its shape stays (32 hex digits are 32
// hex digits), so that what depends on the shape can still be learned. Pure.
#pragma once

#include <string>
#include <string_view>

namespace printfleet::capture {

class Pseudonyms {
 public:
  // `salt` is random and never written down: without it nobody can try values until one fits.
  explicit Pseudonyms(std::string salt) : salt_(std::move(salt)) {}

  // Hex digits for hex digits, else digits for digits and letters for letters, in the same case;
  // what is neither stays. Upper and lower case of one id get the same stand-in.
  [[nodiscard]] std::string SameShape(std::string_view value) const;

  // An address that is nobody's: of 198.18.0.0/15, 2001:db8::/32, a local MAC, host-….invalid. Of
  // a vendor's host name its domain stays: firmware compares it. [§4]
  [[nodiscard]] std::string Ipv4(std::string_view value) const;
  [[nodiscard]] std::string Ipv6(std::string_view value) const;
  [[nodiscard]] std::string Mac(std::string_view value) const;
  [[nodiscard]] std::string Host(std::string_view value) const;

  // "file-1a2b3c4d.gcode"; "" , "." and ".." stay.
  [[nodiscard]] std::string FileName(std::string_view value) const;

  // 64 hex digits that only say whether two values are the same.
  [[nodiscard]] std::string Fingerprint(std::string_view value) const;

 private:
  [[nodiscard]] std::string Hex(std::string_view kind, std::string_view value) const;

  std::string salt_;
};

}  // namespace printfleet::capture
