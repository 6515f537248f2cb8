#include "broker/version.h"

#include <cctype>
#include <charconv>
#include <fstream>
#include <sstream>

namespace printfleet::broker {

namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// dpkg: "~" sorts before the end, the end before letters, letters before the rest.
int Weight(std::string_view text, size_t at) {
  if (at >= text.size() || IsDigit(text[at])) {
    return 0;
  }
  const char c = text[at];
  if (c == '~') {
    return -1;
  }
  const auto byte = static_cast<unsigned char>(c);
  return std::isalpha(byte) != 0 ? byte : byte + 256;
}

long TakeNumber(std::string_view text, size_t& at) {
  long number = 0;
  while (at < text.size() && IsDigit(text[at]) && number < 100000000) {
    number = number * 10 + (text[at++] - '0');
  }
  return number;
}

int Sign(long difference) {
  return difference < 0 ? -1 : difference > 0 ? 1 : 0;
}

// One of upstream version or revision: alternating non-digits and numbers.
int CompareParts(std::string_view left, std::string_view right) {
  size_t i = 0;
  size_t j = 0;
  while (i < left.size() || j < right.size()) {
    while ((i < left.size() && !IsDigit(left[i])) || (j < right.size() && !IsDigit(right[j]))) {
      const int difference = Weight(left, i) - Weight(right, j);
      if (difference != 0) {
        return Sign(difference);
      }
      ++i;
      ++j;
    }
    const long number_left = TakeNumber(left, i);
    const long number_right = TakeNumber(right, j);
    if (number_left != number_right) {
      return Sign(number_left - number_right);
    }
  }
  return 0;
}

struct Version {
  long epoch = 0;
  std::string_view upstream;
  std::string_view revision;
};

Version Split(std::string_view text) {
  Version version;
  const size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    std::from_chars(text.data(), text.data() + colon, version.epoch);
    text.remove_prefix(colon + 1);
  }
  const size_t dash = text.rfind('-');
  version.upstream = text.substr(0, dash);
  version.revision = dash == std::string_view::npos ? "" : text.substr(dash + 1);
  return version;
}

}  // namespace

int CompareDebianVersions(std::string_view left, std::string_view right) {
  const Version a = Split(left);
  const Version b = Split(right);
  if (a.epoch != b.epoch) {
    return Sign(a.epoch - b.epoch);
  }
  const int upstream = CompareParts(a.upstream, b.upstream);
  return upstream != 0 ? upstream : CompareParts(a.revision, b.revision);
}

std::optional<std::string> InstalledVersion(std::string_view status, std::string_view package) {
  const std::string head = "Package: " + std::string(package) + "\n";
  size_t begin = status.find(head);
  while (begin != std::string_view::npos && begin != 0 && status[begin - 1] != '\n') {
    begin = status.find(head, begin + 1);
  }
  if (begin == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view entry = status.substr(begin, status.find("\n\n", begin) - begin);
  constexpr std::string_view kVersion = "\nVersion: ";
  const size_t at = entry.find(kVersion);
  if (at == std::string_view::npos ||
      entry.find("\nStatus: install ok installed") == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view rest = entry.substr(at + kVersion.size());
  return std::string(rest.substr(0, rest.find('\n')));
}

std::optional<std::string> CheckVersion(const std::string& status_file) {
  std::ifstream file(status_file);
  std::ostringstream text;
  text << file.rdbuf();
  const std::optional<std::string> version = InstalledVersion(text.str(), "mosquitto");
  if (!version.has_value() || CompareDebianVersions(*version, kFixedVersion) >= 0) {
    return std::nullopt;
  }
  return "mosquitto " + *version + " has known security holes; install " +
         std::string(kFixedVersion) + " or later (apt-get install --only-upgrade mosquitto)";
}

}  // namespace printfleet::broker
