// Discord: the title is the message, its lines are an embed. Nobody is mentioned, whatever a
// printer is called. Source: discord.com/developers/docs/resources/webhook "Execute Webhook", and
// "Embed Limits".
#include "base/json.h"
#include "notify/render.h"

namespace printfleet::notify {
namespace {

constexpr size_t kContentBytesMax = 2000;
constexpr size_t kDescriptionBytesMax = 3900;  // of 4096; all embeds together have 6000
constexpr int64_t kRed = 0xD32F2F;
constexpr int64_t kGreen = 0x388E3C;
constexpr int64_t kGrey = 0x757575;

// Names like a_b_c are no markdown.
std::string Escaped(std::string_view text) {
  constexpr std::string_view kSyntax = "\\*_~`|>#[]<@";
  std::string escaped;
  for (const char c : text) {
    if (kSyntax.find(c) != std::string_view::npos) {
      escaped += '\\';
    }
    escaped += c;
  }
  return escaped;
}

}  // namespace

Rendered RenderDiscord(const core::Notification& message) {
  std::string description;
  for (const std::string& line : FitLines(message, kDescriptionBytesMax, Escaped)) {
    description += (description.empty() ? "" : "\n") + line;
  }
  json::Writer writer;
  writer.BeginObject()
      .Member("content", Shortened(Escaped(core::TitleOf(message)), kContentBytesMax))
      .Key("allowed_mentions")
      .BeginObject()
      .Key("parse")
      .BeginArray()
      .EndArray()
      .EndObject();
  if (!description.empty()) {
    const int64_t color = IsGoodNews(message) ? kGreen : IsUrgent(message) ? kRed : kGrey;
    writer.Key("embeds")
        .BeginArray()
        .BeginObject()
        .Member("description", description)
        .Member("color", color)
        .Member("timestamp", FormatIso8601(message.created_at))
        .EndObject()
        .EndArray();
  }
  writer.EndObject();
  return {writer.Take(), {"Content-Type: application/json"}};
}

}  // namespace printfleet::notify
