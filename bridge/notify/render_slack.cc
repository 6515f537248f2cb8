// Slack: a header and sections of plain text, so that no name is formatted or mentions anybody.
// Source: api.slack.com "Incoming webhooks", "Formatting text for app surfaces", "Block Kit:
// header, section" (limits).
#include "base/json.h"
#include "notify/render.h"

namespace printfleet::notify {
namespace {

constexpr size_t kHeaderBytesMax = 150;
constexpr size_t kSectionBytesMax = 3000;
constexpr size_t kSectionsMax = 4;  // of 50 blocks: more nobody reads
constexpr size_t kTextBytesMax = 4000;

// The three characters that Slack gives a meaning.
std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

void WriteBlock(json::Writer& writer, const char* type, const std::string& text) {
  writer.BeginObject()
      .Member("type", type)
      .Key("text")
      .BeginObject()
      .Member("type", "plain_text")
      .Member("text", text)
      .Member("emoji", false)
      .EndObject()
      .EndObject();
}

}  // namespace

Rendered RenderSlack(const core::Notification& message) {
  const std::string title = core::TitleOf(message);
  json::Writer writer;
  writer.BeginObject()
      .Member("text", Escaped(Shortened(title, kTextBytesMax / 5)))
      .Member("mrkdwn", false)
      .Key("blocks")
      .BeginArray();
  // Escaped it may be longer, but never cut within an entity.
  std::string header = Escaped(title);
  for (size_t cut = kHeaderBytesMax; header.size() > kHeaderBytesMax; cut -= 5) {
    header = Escaped(Shortened(title, cut));
  }
  WriteBlock(writer, "header", header);
  std::string section;
  // A line may not fit into what is left of its section: the last one stays in reserve for that.
  for (const std::string& line :
       FitLines(message, kSectionBytesMax * (kSectionsMax - 1), Escaped)) {
    if (!section.empty() && section.size() + 1 + line.size() > kSectionBytesMax) {
      WriteBlock(writer, "section", section);
      section.clear();
    }
    section += (section.empty() ? "" : "\n") + line;
  }
  if (!section.empty()) {
    WriteBlock(writer, "section", section);
  }
  writer.EndArray().EndObject();
  return {writer.Take(), {"Content-Type: application/json"}};
}

}  // namespace printfleet::notify
