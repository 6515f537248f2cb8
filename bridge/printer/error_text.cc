#include "printer/error_text.h"

#include "base/text.h"

namespace printfleet::printer {
namespace {

constexpr size_t kTextBytesMax = 256;

// Messages that say nothing: observed on failures too.
bool Empty(std::string_view message) {
  return message.empty() || message == "done" || message == "failed" || message == "success";
}

}  // namespace

std::string ErrorText(const settings::ErrorCodes& codes, const protocol::Envelope& envelope) {
  const settings::ErrorCode* code = codes.Find(envelope.code.value_or(0));
  std::string text = code != nullptr ? code->text : "";
  if (Empty(envelope.message) || envelope.message == text) {
    return text;
  }
  if (!text.empty()) {
    text += ": ";
  }
  return CleanText(text.append(envelope.message), kTextBytesMax);
}

}  // namespace printfleet::printer
