// Bytes of the command topic -> Request, or why not. Pure; no printer is looked at.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "fleet/handle.h"
#include "fleet/request.h"

namespace printfleet::fleet {

struct Parsed {
  // As far as it could be read: reply_to is always usable; spec may be nullptr when rejected.
  Request request;
  std::string command;  // as written, "" where it was no text
  std::optional<Rejection> rejection;
};

// Also judges what came with it: author, role, retained, stale, expired, Response Topic.
Parsed ParseRequest(const Rules& rules, const Delivery& delivery, std::string_view payload,
                    const Instant& now);

// Default topic for a response: <root>/response/<author>/<id or ->.
std::string ResponseTopic(const Rules& rules, std::string_view author, std::string_view id);

bool IsUuid(std::string_view text);

// Text that may become a row: clean UTF-8, no control characters, not too long.
bool IsPlainText(std::string_view text);

// "; did you mean X?" or "".
std::string Hint(std::string_view word, const std::vector<std::string>& words);

// 130, 100.5: for messages.
std::string NumberText(double number);

std::optional<Rejection> ParseTarget(json::Value target, Target& into);

// Fills `into`. Types, ranges that hold for every model, and what goes together with what.
std::optional<Rejection> ParseArguments(const CommandSpec& spec, json::Value args, Arguments& into);

// What goes together, and ranges that hold for every model: by command. Called by ParseArguments.
std::optional<Rejection> CheckArguments(const CommandSpec& spec, const Arguments& args);

// `args` as canonical JSON with secret and unknown arguments as "***"; "{}" for none.
std::string MaskedArguments(const CommandSpec& spec, json::Value args);

}  // namespace printfleet::fleet
