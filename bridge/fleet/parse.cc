#include "fleet/parse.h"

#include <algorithm>

#include "base/text.h"
#include "fleet/build.h"
#include "fleet/stop.h"
#include "settings/suggest.h"

namespace printfleet::fleet {
namespace {

constexpr size_t kTextBytesMax = 4096;
constexpr size_t kResponseTopicBytesMax = 1024;
constexpr int64_t kMaxInFlightMax = 10000;
constexpr int64_t kIntervalMaxMs = 3'600'000;
constexpr int64_t kHeatingMax = 10000;
constexpr int64_t kTimeoutMaxS = int64_t{7} * 24 * 3600;

using Rejected = std::optional<Rejection>;

Rejected WrongType(const std::string& path, std::string_view expected, json::Value value) {
  return Rejection{
      "wrong_type",
      path + ": expected " + std::string(expected) + ", got " + std::string(value.TypeName()),
      path};
}

// Refuses members of `object` that are not among `known`.
Rejected CheckMembers(json::Value object, std::string_view prefix,
                      const std::vector<std::string>& known) {
  for (size_t i = 0; i < object.size(); ++i) {
    const std::string name(object.member_name(i));
    if (std::ranges::find(known, name) == known.end()) {
      const std::string path = std::string(prefix) + PrintableText(name, 80);
      return Rejection{"unknown_argument", path + ": unknown" + Hint(name, known), path};
    }
  }
  return std::nullopt;
}

Rejected ParseTimes(json::Value options, Options& into) {
  if (const json::Value value = options["timeout_s"]; value.exists()) {
    const auto number = value.Int();
    if (!number) {
      return WrongType("options.timeout_s", "a whole number of seconds", value);
    }
    if (*number < 1 || *number > kTimeoutMaxS) {
      return Rejection{"out_of_range",
                       "options.timeout_s: " + std::to_string(*number) + " is not within 1 and " +
                           std::to_string(kTimeoutMaxS),
                       "options.timeout_s"};
    }
    into.timeout = seconds(*number);
  }
  if (const json::Value value = options["expires_at"]; value.exists() && !value.IsNull()) {
    const auto text = value.String();
    into.expires_at = text ? ParseIso8601(*text) : std::nullopt;
    if (!into.expires_at) {
      return Rejection{"wrong_type",
                       "options.expires_at: expected a time like 2026-01-01T00:00:00Z",
                       "options.expires_at"};
    }
  }
  return std::nullopt;
}

Rejected ParseWords(json::Value options, Options& into, ReplyTo& reply_to) {
  if (const json::Value value = options["on_offline"]; value.exists()) {
    const auto word = value.String().value_or("");
    if (word != "skip" && word != "wait") {
      return Rejection{"out_of_range", "options.on_offline: expected skip or wait",
                       "options.on_offline"};
    }
    into.wait_when_offline = word == "wait";
  }
  if (const json::Value value = options["reply"]; value.exists()) {
    const auto word = value.String().value_or("");
    if (word != "stream" && word != "final") {
      return Rejection{"out_of_range", "options.reply: expected stream or final", "options.reply"};
    }
    reply_to.stream = word == "stream";
  }
  if (const json::Value value = options["if_matched"]; value.exists() && !value.IsNull()) {
    const auto text = value.String();
    if (!text || !IsPlainText(*text)) {
      return WrongType("options.if_matched", "a target_hash", value);
    }
    into.if_matched = *text;
  }
  return std::nullopt;
}

// A whole number of `options`, when it is there; in the unit that its name says.
Rejected ParseWhole(json::Value options, const char* name, int64_t min, int64_t max,
                    std::optional<int64_t>& into) {
  const json::Value value = options[name];
  if (!value.exists()) {
    return std::nullopt;
  }
  const std::string path = std::string("options.") + name;
  into = value.Int();
  if (!into) {
    return WrongType(path, "a whole number", value);
  }
  if (*into < min || *into > max) {
    return Rejection{"out_of_range",
                     path + ": " + std::to_string(*into) + " is not within " + std::to_string(min) +
                         " and " + std::to_string(max),
                     path};
  }
  return std::nullopt;
}

// How many at once, and how fast one after the other.
Rejected ParseFlow(json::Value options, Options& into) {
  std::optional<int64_t> in_flight;
  std::optional<int64_t> interval_ms;
  std::optional<int64_t> heating;
  for (const Rejected& rejected :
       {ParseWhole(options, "max_in_flight", 1, kMaxInFlightMax, in_flight),
        ParseWhole(options, "interval_ms", 0, kIntervalMaxMs, interval_ms),
        ParseWhole(options, "heating_limit", 1, kHeatingMax, heating)}) {
    if (rejected) {
      return rejected;
    }
  }
  into.max_in_flight = static_cast<int>(in_flight.value_or(into.max_in_flight));
  into.interval = milliseconds(interval_ms.value_or(0));
  into.heating = heating;
  return std::nullopt;
}

Rejected ParseOptions(json::Value options, Options& into, ReplyTo& reply_to) {
  if (!options.exists() || options.IsNull()) {
    return std::nullopt;
  }
  if (!options.IsObject()) {
    return WrongType("options", "an object", options);
  }
  if (auto rejected =
          CheckMembers(options, "options.",
                       {"dry_run", "timeout_s", "expires_at", "max_in_flight", "interval_ms",
                        "heating_limit", "on_offline", "if_matched", "reply"})) {
    return rejected;
  }
  if (const json::Value value = options["dry_run"]; value.exists()) {
    if (!value.IsBool()) {
      return WrongType("options.dry_run", "true or false", value);
    }
    into.dry_run = *value.Bool();
  }
  if (auto rejected = ParseFlow(options, into)) {
    return rejected;
  }
  if (auto rejected = ParseTimes(options, into)) {
    return rejected;
  }
  return ParseWords(options, into, reply_to);
}

bool NeedsId(const CommandSpec& spec, const Options& options) {
  return spec.kind != CommandKind::kQuestion && !options.dry_run;
}

Rejected ParseCommand(json::Value document, Parsed& parsed) {
  const json::Value command = document["command"];
  if (!command.exists()) {
    return Rejection{"malformed", "command: missing", "command"};
  }
  if (!command.IsString()) {
    return WrongType("command", "a text", command);
  }
  parsed.command = CleanText(*command.String(), 100);
  parsed.request.spec = FindCommand(*command.String());
  if (parsed.request.spec == nullptr) {
    std::vector<std::string> names;
    for (const CommandSpec& spec : Catalog()) {
      names.emplace_back(spec.name);
    }
    const std::string word = PrintableText(*command.String(), 80);
    return Rejection{"unknown_command", "command: no command \"" + word + "\"" + Hint(word, names),
                     "command"};
  }
  parsed.request.args_json = MaskedArguments(*parsed.request.spec, document["args"]);
  return std::nullopt;
}

Rejected ParseBody(json::Value document, Parsed& parsed) {
  if (auto rejected = CheckMembers(document, "", {"id", "command", "target", "args", "options"})) {
    return rejected;
  }
  Request& request = parsed.request;
  if (auto rejected = ParseOptions(document["options"], request.options, request.reply_to)) {
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

// The id first: it names the topic of every answer.
Rejected ParseId(json::Value document, Parsed& parsed) {
  const json::Value id = document["id"];
  if (!id.exists() || id.IsNull()) {
    return std::nullopt;
  }
  if (!id.IsString()) {
    return WrongType("id", "a UUID as text", id);
  }
  if (!IsUuid(*id.String())) {
    return Rejection{"malformed", "id: no UUID like 9b2d6f0c-3c1e-4f5a-8d7b-0a1b2c3d4e5f", "id"};
  }
  parsed.request.id = *id.String();
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
    bad_body = ParseId(*document, parsed);
  }
  const Rejected bad_reply = ParseReplyTo(rules, delivery, request);
  const Rejected bad_delivery = JudgeDelivery(delivery);
  if (!bad_body) {
    bad_body = ParseCommand(*document, parsed);
  }
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
