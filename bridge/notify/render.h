// A message as the request that a service wants: its syntax, its escaping and its limits. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/effect.h"
#include "settings/notify.h"

namespace printfleet::notify {

struct Rendered {
  std::string body;
  std::vector<std::string> headers;  // "Name: value", ASCII, Content-Type among them
};

Rendered Render(settings::NotifyTemplate form, const core::Notification& message);

// One function a template.
Rendered RenderJson(const core::Notification& message);
Rendered RenderNtfy(const core::Notification& message);
Rendered RenderDiscord(const core::Notification& message);
Rendered RenderSlack(const core::Notification& message);

// -- What templates share --

// The message's lines, each escaped by `escape`, together at most `bytes_max` with their newlines:
// in full if they fit, else brief, and what fits even so not is counted in a last line. Bytes,
// because no service counts a character as more than its bytes.
std::vector<std::string> FitLines(const core::Notification& message, size_t bytes_max,
                                  std::string (*escape)(std::string_view));

// At most `bytes_max`, cut at a character's edge, with an ellipsis where something was cut.
std::string Shortened(std::string_view text, size_t bytes_max);

// Is there anything in it that somebody should look at soon?
bool IsUrgent(const core::Notification& message);
// Only good news?
bool IsGoodNews(const core::Notification& message);

}  // namespace printfleet::notify
