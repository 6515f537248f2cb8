// ntfy: the message's text is the body, all else is in headers.
// Source: docs.ntfy.sh, "Publishing" (limits: "Limitations").
#include "base/text.h"
#include "notify/render.h"

namespace printfleet::notify {
namespace {

constexpr size_t kBodyBytesMax = 4096;  // larger ones become an attachment
constexpr size_t kTitleBytesMax = 200;
constexpr size_t kWordBytesMax = 45;  // of an encoded word: 60 characters of base64

std::string AsIs(std::string_view text) {
  return std::string(text);
}

// A header is ASCII: other text is written in encoded words.
// Source: RFC 2047 §2, §4.1.
std::string HeaderText(std::string_view text) {
  const std::string printable = PrintableText(text, text.size());
  const auto is_ascii = [](unsigned char c) { return c < 0x80; };
  bool ascii = true;
  for (const char c : printable) {
    ascii = ascii && is_ascii(static_cast<unsigned char>(c));
  }
  if (ascii) {
    return printable;
  }
  std::string words;
  for (std::string_view rest = printable; !rest.empty();) {
    const std::string part = CleanText(rest, kWordBytesMax);
    if (part.empty()) {
      break;
    }
    words += (words.empty() ? "=?UTF-8?B?" : " =?UTF-8?B?") + Base64Text(part) + "?=";
    rest.remove_prefix(part.size());
  }
  return words;
}

}  // namespace

Rendered RenderNtfy(const core::Notification& message) {
  const std::string title = core::TitleOf(message);
  std::string body;
  for (const std::string& line : FitLines(message, kBodyBytesMax, AsIs)) {
    body += (body.empty() ? "" : "\n") + line;
  }
  if (body.empty()) {
    body = Shortened(title, kBodyBytesMax);  // an empty one would read "triggered"
  }
  const bool good = IsGoodNews(message);
  const char* tags = good ? "white_check_mark" : message.outage ? "rotating_light" : "warning";
  const char* priority = IsUrgent(message) ? "high" : good ? "low" : "default";
  return {std::move(body),
          {"Content-Type: text/plain; charset=utf-8",
           "Title: " + HeaderText(Shortened(title, kTitleBytesMax)),
           std::string("Priority: ") + priority, std::string("Tags: ") + tags}};
}

}  // namespace printfleet::notify
