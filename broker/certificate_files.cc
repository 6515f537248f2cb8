#include "broker/certificate_files.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "broker/certificates.h"

namespace printfleet::broker {

namespace {

constexpr std::streamsize kFileBytesMax = 1 << 20;

CertificateFile Look(const std::string& listener, const std::string& what,
                     const std::string& file) {
  CertificateFile found{listener, what, file, std::nullopt, ""};
  std::ifstream in(file, std::ios::binary);
  std::string text(static_cast<size_t>(kFileBytesMax), '\0');
  in.read(text.data(), kFileBytesMax);
  if (in.gcount() == 0) {
    found.trouble = "cannot be read, or is empty";
    return found;
  }
  text.resize(static_cast<size_t>(in.gcount()));
  const auto certificates = ReadCertificates(text);
  if (!certificates.ok()) {
    found.trouble = certificates.error().message;
    return found;
  }
  const auto first = std::min_element(
      certificates->begin(), certificates->end(),
      [](const auto& left, const auto& right) { return left.not_after < right.not_after; });
  found.not_after = first->not_after;
  return found;
}

}  // namespace

std::vector<CertificateFile> CertificateFiles(const settings::Broker& broker) {
  std::vector<CertificateFile> files;
  if (broker.mode == settings::Mode::kExternal) {
    if (!broker.ca_file.empty()) {
      files.push_back(Look(broker.url, "ca", broker.ca_file));
    }
    return files;
  }
  for (const settings::BrokerListener& listener : broker.listeners) {
    if (!listener.tls) {
      continue;
    }
    const std::string name = listener.address + ":" + std::to_string(listener.port);
    files.push_back(Look(name, "server", listener.tls->cert_file));
    if (!listener.tls->ca_file.empty()) {
      files.push_back(Look(name, "ca", listener.tls->ca_file));
    }
  }
  return files;
}

std::optional<std::string> CertificateWarning(const CertificateFile& file, WallTime now) {
  if (!file.not_after) {
    return "its expiry is not known: " + file.trouble;
  }
  if (*file.not_after <= now) {
    return "ran out on " + FormatIso8601(*file.not_after).substr(0, 10) +
           ": clients that look at it do not connect";
  }
  if (*file.not_after - now < kRunsOutSoon) {
    const auto left = std::chrono::floor<std::chrono::days>(*file.not_after - now).count();
    return "runs out in " + std::to_string(left) + " days, on " +
           FormatIso8601(*file.not_after).substr(0, 10);
  }
  return std::nullopt;
}

}  // namespace printfleet::broker
