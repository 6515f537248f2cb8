// The certificates that the broker's listeners use, as files: when they run out. Reads files.
// Loop thread: at start and on reload.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "settings/settings.h"

namespace printfleet::broker {

struct CertificateFile {
  std::string listener;  // "192.0.2.10:8883", as configured
  std::string what;      // "server" or "ca"
  std::string file;
  // Of the one in the file that runs out first; nullopt where it cannot be read, `trouble` says
  // why.
  std::optional<WallTime> not_after;
  std::string trouble;
};

// Every certificate file of every listener of a managed broker; the one of an external broker's
// authority has its address as `listener`.
std::vector<CertificateFile> CertificateFiles(const settings::Broker& broker);

// Below this, one is worth a warning: time for a visit to each printer.
inline constexpr seconds kRunsOutSoon{60 * 24 * 3600};

// A sentence for the log about a file that is unreadable, has run out or will soon.
std::optional<std::string> CertificateWarning(const CertificateFile& file, WallTime now);

}  // namespace printfleet::broker
