#include "fleet/parse.h"

#include <algorithm>

#include "base/text.h"
#include "fleet/build.h"
#include "fleet/check_schema.h"
#include "fleet/stop.h"
#include "settings/suggest.h"

namespace printfleet::fleet {
namespace {

constexpr size_t kTextBytesMax = 4096;
constexpr size_t kResponseTopicBytesMax = 1024;

using Rejected = std::optional<Rejection>;

// The schema has been asked before: what is there is of its type and within its range.
Rejected ReadOptions(json::Value options, Options& into, ReplyTo& reply_to) {
  into.dry_run = options["dry_run"].Bool().value_or(into.dry_run);
  into.max_in_flight =
      static_cast<int>(options["max_in_flight"].Int().value_or(into.max_in_flight));
  into.interval = milliseconds(options["interval_ms"].Int().value_or(0));
  into.heating = options["heating_limit"].Int();
  into.wait_when_offline = options["on_offline"].String() == "wait";
  if (const auto timeout_s = options["timeout_s"].Int()) {
    into.timeout = seconds(*timeout_s);
  }
  if (const auto reply = options["reply"].String()) {
    reply_to.stream = *reply == "stream";
  }
  into.first = options["first"].Int();
  into.if_matched = options["if_matched"].String().value_or("");
  if (const auto expires_at = options["expires_at"].String()) {
    into.expires_at = ParseIso8601(*expires_at);
    if (!into.expires_at) {  // no format is known to the validator
      return Rejection{"wrong_type",
                       "options.expires_at: expected a time like 2026-01-01T00:00:00Z",
                       "options.expires_at"};
    }
  }
  return std::nullopt;
}

bool NeedsId(const CommandSpec& spec, const Options& options) {
  return spec.kind != CommandKind::kQuestion && !options.dry_run;
}

// Which command is meant, as far as that can be told; what it should be instead is said later.
void ReadCommand(json::Value document, Parsed& parsed) {
  const auto command = document["command"].String();
  parsed.command = CleanText(command.value_or(""), 100);
  parsed.request.spec = command ? FindCommand(*command) : nullptr;
  if (parsed.request.spec != nullptr) {
    parsed.request.args_json = MaskedArguments(*parsed.request.spec, document["args"]);
  }
}

Rejection UnknownCommand(std::string_view command) {
  std::vector<std::string> names;
  for (const CommandSpec& spec : Catalog()) {
    names.emplace_back(spec.name);
  }
  const std::string word = PrintableText(command, 80);
  return {"unknown_command", "command: no command \"" + word + "\"" + Hint(word, names), "command"};
}

Rejected ParseBody(json::Value document, Parsed& parsed) {
  if (auto rejected = CheckEnvelope(document)) {
    return rejected;
  }
  Request& request = parsed.request;
  if (request.spec == nullptr) {
    return UnknownCommand(parsed.command);
  }
  if (auto rejected = ReadOptions(document["options"], request.options, request.reply_to)) {
    return rejected;
  }
  if (request.spec->later) {
    return Rejection{"unsupported",
                     std::string(request.spec->name) + ": comes with a later version", "command"};
  }
  if (auto rejected = ParseTarget(document["target"], request.target)) {
    return rejected;
  }
  if (auto rejected = ParseArguments(*request.spec, document["args"], request.args)) {
    return rejected;
  }
  if (request.id.empty() && NeedsId(*request.spec, request.options)) {
    return Rejection{"malformed", "id: missing; give each request that acts a UUID of its own",
                     "id"};
  }
  return std::nullopt;
}

Rejected ParseReplyTo(const Rules& rules, const Delivery& delivery, Request& request) {
  ReplyTo& reply_to = request.reply_to;
  reply_to.author = delivery.author;
  reply_to.topic = ResponseTopic(rules, delivery.author, request.id);
  reply_to.correlation_data = delivery.correlation_data;
  if (delivery.response_topic.empty()) {
    return std::nullopt;
  }
  const std::string prefix = rules.settings.fleet.topic_root + "/response/" + delivery.author + "/";
  const std::string& topic = delivery.response_topic;
  if (topic.size() <= prefix.size() || topic.size() > kResponseTopicBytesMax ||
      !topic.starts_with(prefix) || topic.find_first_of("+#$") != std::string::npos ||
      !IsPlainText(topic)) {
    return Rejection{"bad_response_topic",
                     "the Response Topic must lie under " + prefix + " and have no + # or $", ""};
  }
  reply_to.topic = topic;
  reply_to.stream = false;
  return std::nullopt;
}

// What the delivery itself forbids, whatever the request says.
Rejected JudgeDelivery(const Delivery& delivery) {
  if (delivery.retained) {
    return Rejection{"retained",
                     "a retained request is refused: publish it again without the retain flag", ""};
  }
  if (!delivery.author_known) {
    return Rejection{"forbidden", "author " + PrintableText(delivery.author, 80) + " is not known",
                     ""};
  }
  return std::nullopt;
}

Rejected JudgeRole(const Delivery& delivery, const Request& request) {
  // A firmware that is offered may be installed.
  const CommandSpec& spec = IsFirmwareOffer(request) ? *FindCommand("ota.update") : *request.spec;
  if (delivery.role >= spec.role) {
    return std::nullopt;
  }
  return Rejection{"forbidden",
                   std::string(spec.name) + " needs the role " +
                       std::string(settings::Name(spec.role)) + "; you are " +
                       std::string(settings::Name(delivery.role)),
                   "command"};
}

Rejected JudgeAge(const Rules& rules, const Delivery& delivery, const Request& request,
                  const Instant& now) {
  if (request.options.expires_at && *request.options.expires_at <= now.wall) {
    return Rejection{
        "expired",
        "it expired at " + FormatIso8601(*request.options.expires_at) + "; nothing was sent",
        "options.expires_at"};
  }
  if (!delivery.backlog || request.options.expires_at) {
    return std::nullopt;
  }
  if (IsStop(request) && delivery.deaf_for < rules.settings.commands.stop_stale) {
    return std::nullopt;
  }
  return Rejection{"stale",
                   "it waited while the bridge was away and has no options.expires_at; send it "
                   "again if it still holds",
                   ""};
}

}  // namespace

std::string Hint(std::string_view word, const std::vector<std::string>& words) {
  const std::string_view nearest = settings::Nearest(word, words);
  return nearest.empty() ? "" : "; did you mean " + std::string(nearest) + "?";
}

std::string NumberText(double number) {
  json::Writer writer;
  writer.BeginArray().Number(number, 3).EndArray();
  const std::string text = writer.Take();
  return text.ends_with(".0]") ? text.substr(1, text.size() - 4) : text.substr(1, text.size() - 2);
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) {
    return false;
  }
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) {
      return false;
    }
  }
  return true;
}

bool IsPlainText(std::string_view text) {
  return text.size() <= kTextBytesMax && IsCleanUtf8(text) &&
         std::ranges::none_of(
             text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

std::string ResponseTopic(const Rules& rules, std::string_view author, std::string_view id) {
  return rules.settings.fleet.topic_root + "/response/" + std::string(author) + "/" +
         (id.empty() ? "-" : std::string(id));
}

Parsed ParseRequest(const Rules& rules, const Delivery& delivery, std::string_view payload,
                    const Instant& now) {
  Parsed parsed;
  Request& request = parsed.request;
  request.args_json = "{}";
  request.target_json = "{}";
  const settings::Commands& limits = rules.settings.commands;
  json::Parser parser;
  const auto document =
      parser.Parse(payload, {static_cast<size_t>(limits.request_bytes_max), limits.depth_max});
  Rejected bad_body;
  if (!document.ok()) {
    const bool large = payload.size() > static_cast<size_t>(limits.request_bytes_max);
    bad_body = Rejection{large ? "too_large" : "malformed",
                         "the request is " + document.error().message, ""};
  } else if (!document->IsObject()) {
    bad_body = Rejection{"malformed", "the request is no JSON object", ""};
  } else {
    // The id names the topic of every answer, the command the role that it takes.
    const std::string_view id = (*document)["id"].String().value_or("");
    request.id = IsUuid(id) ? id : "";
    ReadCommand(*document, parsed);
  }
  const Rejected bad_reply = ParseReplyTo(rules, delivery, request);
  const Rejected bad_delivery = JudgeDelivery(delivery);
  if (!bad_body) {
    request.body = MessageDigest("request", document->CanonicalText());
    if (const json::Value target = (*document)["target"]; target.IsObject()) {
      request.target_json = CleanText(target.CanonicalText(), SIZE_MAX);
    }
    bad_body = ParseBody(*document, parsed);
  }
  if (delivery.message_expiry_s) {
    const WallTime expires = now.wall + seconds(*delivery.message_expiry_s);
    request.options.expires_at = std::min(request.options.expires_at.value_or(expires), expires);
  }
  for (const Rejected& rejected : {bad_delivery, bad_reply}) {
    if (rejected) {
      parsed.rejection = rejected;
      return parsed;
    }
  }
  if (request.spec != nullptr) {
    parsed.rejection = JudgeRole(delivery, request);
  }
  if (!parsed.rejection) {
    parsed.rejection = bad_body;
  }
  if (!parsed.rejection) {
    parsed.rejection = JudgeAge(rules, delivery, request, now);
  }
  return parsed;
}

}  // namespace printfleet::fleet
