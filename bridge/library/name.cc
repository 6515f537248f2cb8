#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"
#include "library/library.h"

namespace printfleet::library {
namespace {

constexpr std::string_view kUnwanted = R"(/\:*?"<>|)";
constexpr std::string_view kDefaultName = "unnamed.gcode";
constexpr size_t kExtensionBytesMax = 16;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

// From the last dot on; empty where there is none that ends a name.
std::string_view ExtensionOf(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || name.size() - dot > kExtensionBytesMax) {
    return {};
  }
  return name.substr(dot);
}

bool IsControl(unsigned char c) {
  constexpr unsigned char kDelete = 0x7f;
  return c < ' ' || c == kDelete;
}

}  // namespace

std::string SafeName(std::string_view name) {
  name.remove_prefix(name.find_last_of("/\\") + 1);
  std::string clean = CleanText(name, name.size() * 3);  // U+FFFD has three bytes
  for (char& c : clean) {
    if (IsControl(static_cast<unsigned char>(c)) || kUnwanted.find(c) != std::string_view::npos) {
      c = '_';
    }
  }
  clean.erase(0, clean.find_first_not_of(". "));
  clean.erase(clean.find_last_not_of(". ") + 1);
  if (clean.size() > kNameBytesMax) {
    const std::string extension(ExtensionOf(clean));
    clean = CleanText(std::string_view(clean).substr(0, clean.size() - extension.size()),
                      kNameBytesMax - extension.size()) +
            extension;
  }
  // "..gcode" is nothing but an extension by now.
  if (IsGcodeName("." + clean) && clean.find('.') == std::string::npos) {
    clean = "unnamed." + clean;
  }
  return clean.empty() ? std::string(kDefaultName) : clean;
}

bool IsGcodeName(std::string_view name) {
  constexpr std::array<std::string_view, 3> kExtensions = {".gcode", ".gco", ".g"};
  const std::string extension = Lower(ExtensionOf(name));
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

}  // namespace printfleet::library
