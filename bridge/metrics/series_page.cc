#include "metrics/series_page.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "metrics/families.h"

namespace printfleet::metrics {
namespace {

constexpr std::string_view kPrefix = "printfleet_";

void AppendNumber(std::string& text, double value) {
  if (std::isnan(value)) {
    text += "NaN";
    return;
  }
  if (std::isinf(value)) {
    text += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  std::array<char, 32> digits{};  // the shortest text of a double has 24 at most
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text.append(digits.data(), end);
}

}  // namespace

std::string LabelText(std::string_view name, std::string_view value) {
  std::string text(name);
  text += "=\"";
  for (const char character : CleanText(value, kLabelBytesMax)) {
    switch (character) {
      case '\\':
        text += "\\\\";
        break;
      case '"':
        text += "\\\"";
        break;
      case '\n':
        text += "\\n";
        break;
      default:
        text += character;
    }
  }
  text += '"';
  return text;
}

void SeriesPage::Begin(std::string_view name, std::string_view help) {
  DropEmpty();
  header_at_ = text_.size();
  empty_ = true;
  name_ = std::string(kPrefix).append(name);
  text_.append("# HELP ").append(name_).append(" ").append(help);
  text_.append("\n# TYPE ").append(name_).append(" gauge\n");
}

void SeriesPage::Add(double value, std::initializer_list<std::string_view> labels) {
  empty_ = false;
  text_ += name_;
  char separator = '{';
  for (const std::string_view label : labels) {
    text_ += separator;
    text_ += label;
    separator = ',';
  }
  text_ += "} ";
  AppendNumber(text_, value);
  text_ += '\n';
}

std::string SeriesPage::Take() && {
  DropEmpty();
  return std::move(text_);
}

void SeriesPage::DropEmpty() {
  if (empty_) {
    text_.resize(header_at_);
    empty_ = false;
  }
}

}  // namespace printfleet::metrics
