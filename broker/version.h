// Is the installed Mosquitto one with known holes? Pure but for CheckVersion, which reads dpkg's
// status file. Best effort: no answer is no warning.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace printfleet::broker {

// The first Debian version of 2.0.11 with all fixes that concern us (CVE-2024-8376, CVE-2024-10525,
// CVE-2023-28366 and older ones).
inline constexpr std::string_view kFixedVersion = "2.0.11-1.2+deb12u2";

// dpkg's order: -1, 0 or 1.
int CompareDebianVersions(std::string_view left, std::string_view right);

// The version of an installed package in the text of a dpkg status file.
std::optional<std::string> InstalledVersion(std::string_view status, std::string_view package);

// A sentence for the log when the installed mosquitto is older than kFixedVersion.
std::optional<std::string> CheckVersion(const std::string& status_file = "/var/lib/dpkg/status");

}  // namespace printfleet::broker
