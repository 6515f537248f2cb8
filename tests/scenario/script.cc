#include "tests/scenario/script.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "tests/scenario/stage.h"
#include "tests/scenario/words.h"

namespace printfleet::scenario {
namespace {

constexpr milliseconds kAfterLine{300};  // what a line leads to at once
constexpr milliseconds kAfterSetup{2000};

// Words of one of a few; nullopt for others.
template <typename T, size_t kSize>
std::optional<T> Of(const std::array<std::pair<std::string_view, T>, kSize>& words,
                    std::string_view word) {
  for (const auto& [name, value] : words) {
    if (name == word) {
      return value;
    }
  }
  return std::nullopt;
}

constexpr std::array<std::pair<std::string_view, sim::Fate>, 6> kFates{
    {{"stored", sim::Fate::kStored},
     {"dies-unstored", sim::Fate::kDiesUnstored},
     {"dies-stored", sim::Fate::kDiesStored},
     {"not-stored", sim::Fate::kAway},
     {"in-doubt-stored", sim::Fate::kDoubtStored},
     {"in-doubt-lost", sim::Fate::kDoubtLost}}};

using Confirmation = std::optional<core::Published::Result>;
constexpr std::array<std::pair<std::string_view, Confirmation>, 4> kConfirmations{
    {{"takes", core::Published::Result::kTaken},
     {"refuses", core::Published::Result::kNotSent},
     {"loses", core::Published::Result::kUnknown},
     {"is-silent", std::nullopt}}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kModels{
    {{"K2Pro", "20021"}, {"K2Plus", "20022"}, {"K2Max", "20023"}}};

int64_t Number(const std::string& text, int64_t fallback) {
  int64_t number = fallback;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string ListJson(const std::string& list) {
  std::string json;
  for (const std::string& part : SplitList(list, ',')) {
    json += (json.empty() ? "\"" : ",\"") + part + "\"";
  }
  return "[" + json + "]";
}

class Script {
 public:
  // Without the "+ " in front.
  void Do(const std::string& text);
  void Settle(milliseconds time = kAfterLine);

  std::vector<std::string> TakeSeen() { return stage_.TakeSeen(); }

 private:
  struct Verb {
    std::string_view name;
    void (Script::*run)(const Line&);
  };

  static const std::array<Verb, 19> kVerbs;

  void Begin();

  void Problem(const std::string& what) { stage_.Show("! " + what); }

  Actor* Known(const std::string& name);

  void Limits(const Line& line);
  void AddPrinter(const Line& line);
  void Setup(const std::string& command, const std::string& printer, const std::string& args);
  void SaySetup(Actor& actor, const std::string& state);

  void Send(const Line& line);
  void Say(const Line& line);
  void Answer(const Line& line);
  void Pass(const Line& line);
  void Gone(const Line& line);
  void Back(const Line& line);
  void Mute(const Line& line);
  void Reboot(const Line& line);
  void Broker(const Line& line);
  void NextBatch(const Line& line);
  void Restart(const Line& line);
  void Target(const Line& line);
  void Webhooks(const Line& line);
  void Store(const Line& line);
  void Links(const Line& line);

  void Rows(const Line& /*line*/) { stage_.ShowRows(); }

  void Audit(const Line& /*line*/) { stage_.ShowAudit(); }

  void Publish(const Line& line, const std::string& payload);
  void ReplaceTexts(std::string& json) const;

  Stage stage_;
  bool begun_ = false;
  int setups_ = 0;
};

const std::array<Script::Verb, 19> Script::kVerbs{{{"limits", &Script::Limits},
                                                   {"printer", &Script::AddPrinter},
                                                   {"send", &Script::Send},
                                                   {"say", &Script::Say},
                                                   {"answer", &Script::Answer},
                                                   {"pass", &Script::Pass},
                                                   {"target", &Script::Target},
                                                   {"webhooks", &Script::Webhooks},
                                                   {"gone", &Script::Gone},
                                                   {"back", &Script::Back},
                                                   {"mute", &Script::Mute},
                                                   {"reboot", &Script::Reboot},
                                                   {"broker", &Script::Broker},
                                                   {"next-batch", &Script::NextBatch},
                                                   {"restart", &Script::Restart},
                                                   {"store", &Script::Store},
                                                   {"links", &Script::Links},
                                                   {"rows", &Script::Rows},
                                                   {"audit", &Script::Audit}}};

void Script::Do(const std::string& text) {
  const Line line = ParseLine(text);
  for (const Verb& verb : kVerbs) {
    if (verb.name == line.word(0)) {
      if (!begun_ && verb.name != "limits" && verb.name != "target") {
        Begin();
      }
      return (this->*verb.run)(line);
    }
  }
  Problem("no such line: " + line.word(0));
}

void Script::Begin() {
  begun_ = true;
  stage_.Begin();
}

void Script::Settle(milliseconds time) {
  if (begun_) {
    stage_.Pass(time);
  }
}

Actor* Script::Known(const std::string& name) {
  Actor* actor = stage_.Find(name);
  if (actor == nullptr) {
    Problem("no printer " + name);
  }
  return actor;
}

// -- The farm --

void Script::Limits(const Line& line) {
  settings::Settings& settings = stage_.settings();
  for (const auto& [name, value] : line.options) {
    const int64_t number = Number(value, -1);
    if (name == "max_in_flight") {
      settings.commands.max_in_flight = static_cast<int>(number);
    } else if (name == "open_max") {
      settings.commands.open_max = static_cast<int>(number);
    } else if (name == "stop_stale_s") {
      settings.commands.stop_stale = seconds(number);
    } else {
      Problem("no such limit: " + name);
    }
  }
}

// The admin who sets the farm up is not shown.
void Script::Setup(const std::string& command, const std::string& printer,
                   const std::string& args) {
  const std::string id = "10000000-0000-4000-8000-" + std::to_string(100'000'000'000 + ++setups_);
  stage_.bridge().Publish({.session = core::Session::kCommands,
                           .topic = "fleet/v1/command/setup",
                           .payload = "{\"id\":\"" + id + "\",\"command\":\"" + command +
                                      "\",\"target\":{\"printers\":[\"" + printer +
                                      "\"]},\"args\":" + args + "}"});
}

void Script::SaySetup(Actor& actor, const std::string& state) {
  if (!actor.firmware.empty()) {
    stage_.Say(actor, {"ota", "reportVersion", "done", "", "200",
                       R"({"firmware_version":")" + actor.firmware + "\"}"});
  }
  if (state == "idle") {
    stage_.Say(actor, {"status", "workReport", "free", "", "", ""});
  } else if (state == "busy") {
    stage_.Say(actor, {"status", "workReport", "busy", "", "", ""});
  } else if (state == "fault") {
    actor.mute = true;
    stage_.Say(actor, {"print", "start", "failed", "", "10104",
                       R"({"taskid":"55","filename":"old.gcode"})"});
  } else if (state == "updating") {
    stage_.Say(actor, {"ota", "update", "updating", "", "", R"({"current_progress":5})"});
  } else if (state != "unknown" && state != "offline") {
    stage_.Say(actor, {"print", "start", state, "", "200",
                       R"({"taskid":"55","filename":"old.gcode","progress":10})"});
  }
}

void Script::AddPrinter(const Line& line) {
  const std::string state = line.option("state", "idle");
  stage_.SetQuiet(true);
  Actor& actor = stage_.Add(line.word(1));
  const std::string model = line.option("model", "K2Pro");
  actor.model_id = Of(kModels, model).value_or(model);
  actor.firmware = line.option("firmware", "3.1.2");
  if (actor.firmware == "none") {
    actor.firmware.clear();
  }
  SaySetup(actor, state);
  if (state == "unknown") {  // known to the store, not heard since the start
    stage_.Say(actor, {"status", "workReport", "free", "", "", ""});
  }
  stage_.Pass(kAfterSetup);
  std::string args = "{\"name\":\"" + actor.name + "\"";
  const auto add = [&](const std::string& name, const std::string& json) {
    args += ",\"" + name + "\":" + json;
  };
  if (line.has("groups")) {
    add("groups", ListJson(line.option("groups")));
  }
  if (line.has("labels")) {
    std::string labels;
    for (const std::string& label : SplitList(line.option("labels"), ',')) {
      const auto parts = SplitList(label, ':');
      labels += (labels.empty() ? "\"" : ",\"") + parts.at(0) + "\":\"" + parts.at(1) + "\"";
    }
    add("labels", "{" + labels + "}");
  }
  if (line.has("maintenance")) {
    add("maintenance", "\"" + line.option("maintenance") + "\"");
  }
  if (line.option("bed", "clear") != "unknown") {
    add("bed", "\"" + line.option("bed", "clear") + "\"");
  }
  const std::string enrolment = line.option("enrolment", "enrolled");
  if (enrolment == "enrolled" || enrolment == "retired") {
    Setup("printer.enroll", actor.id, "{}");
  } else if (enrolment == "rejected") {
    Setup("printer.reject", actor.id, "{}");
  }
  Setup("printer.set", actor.id, args + "}");
  if (enrolment == "retired") {
    Setup("printer.retire", actor.id, "{}");
  }
  stage_.Pass(kAfterSetup);
  if (state == "offline") {
    stage_.Say(actor, {"lastWill", "onlineReport", "offline", "will", "", ""});
    actor.there = false;
    stage_.Pass(seconds(30));
  }
  stage_.Pass(kAfterSetup);
  stage_.SetQuiet(false);
}

// -- Requests --

void Script::Publish(const Line& line, const std::string& payload) {
  sim::Inbound inbound{.session = core::Session::kCommands,
                       .topic = line.option("topic", "fleet/v1/command/" + line.word(1)),
                       .payload = payload};
  inbound.retained = std::ranges::find(line.words, "retained") != line.words.end();
  if (line.has("expiry_s")) {
    inbound.expiry_s = static_cast<uint32_t>(Number(line.option("expiry_s"), 0));
  }
  inbound.response_topic = line.option("response_topic");
  inbound.correlation_data = line.option("correlation");
  stage_.bridge().Publish(std::move(inbound));
}

// "#7" is that request's id, "in 60s" a moment from now, "$hash" the last target_hash.
void Script::ReplaceTexts(std::string& json) const {
  for (size_t at = json.find('"'); at != std::string::npos; at = json.find('"', at + 1)) {
    const size_t end = json.find('"', at + 1);
    if (end == std::string::npos) {
      return;
    }
    std::string text = json.substr(at + 1, end - at - 1);
    if (text.starts_with('#')) {
      text = UuidOf(text);
    } else if (text.starts_with("in ")) {
      text = FormatIso8601(stage_.now().wall + ParseDuration(std::string_view(text).substr(3)));
    } else if (text == "$hash") {
      text = stage_.last_hash();
    }
    json.replace(at + 1, end - at - 1, text);
    at += text.size() + 1;
  }
}

// send AUTHOR #ID COMMAND, or payload=, bytes= or depth= for what is no request.
void Script::Send(const Line& line) {
  if (line.has("payload")) {
    return Publish(line, line.option("payload"));
  }
  if (line.has("bytes")) {
    const auto bytes = static_cast<size_t>(Number(line.option("bytes"), 0));
    return Publish(line, "{\"id\":\"" + UuidOf(line.word(2)) + "\",\"command\":\"" + line.word(3) +
                             "\",\"args\":{\"note\":\"" + std::string(bytes, 'x') + "\"}}");
  }
  if (line.has("depth")) {
    const auto depth = static_cast<size_t>(Number(line.option("depth"), 0));
    return Publish(line, "{\"id\":\"" + UuidOf(line.word(2)) + "\",\"command\":\"" + line.word(3) +
                             "\",\"args\":" + std::string(depth, '[') + std::string(depth, ']') +
                             "}");
  }
  std::string payload = "{";
  if (line.word(2) != "-") {
    payload += "\"id\":\"" + UuidOf(line.word(2)) + "\",";
  }
  payload += "\"command\":\"" + line.word(3) + "\"";
  for (const char* member : {"target", "args", "options"}) {
    std::string json = line.option(member);
    ReplaceTexts(json);
    if (!json.empty()) {
      payload.append(",\"").append(member).append("\":").append(json);
    }
  }
  Publish(line, payload + "}");
}

// -- Printers --

void Script::Say(const Line& line) {
  Actor* actor = Known(line.word(1));
  if (actor == nullptr) {
    return;
  }
  const auto name = SplitList(line.word(2), '/');
  std::string msgid = line.option("msgid");
  if (Actor* other = stage_.Find(msgid); other != nullptr && other->heard) {
    msgid = other->heard->msgid;
  }
  stage_.Say(*actor, {name.at(0), name.size() > 1 ? name[1] : "", line.word(3), msgid,
                      line.option("code"), line.option("data")});
}

// answer PRINTER STATE: a report of the type and action of the last message to it, with its msgid
// and task.
void Script::Answer(const Line& line) {
  Actor* actor = Known(line.word(1));
  if (actor == nullptr) {
    return;
  }
  std::optional<Actor::Heard> heard = actor->heard;
  if (line.has("to")) {
    const auto found = actor->heard_of.find(line.option("to"));
    heard = found == actor->heard_of.end() ? std::nullopt : std::optional(found->second);
  }
  if (!heard) {
    return Problem(actor->name + " has heard nothing");
  }
  std::string data = line.option("data");
  if (data.empty() && !heard->task_id.empty()) {
    data = "{\"taskid\":\"" + heard->task_id + "\"}";
  }
  std::string msgid = heard->msgid;
  if (line.has("msgid")) {
    Actor* other = stage_.Find(line.option("msgid"));
    msgid = other != nullptr && other->heard ? other->heard->msgid : line.option("msgid");
  }
  stage_.Say(*actor,
             {heard->type, heard->action, line.word(2), msgid, line.option("code", "200"), data});
}

void Script::Gone(const Line& line) {
  if (Actor* actor = Known(line.word(1))) {
    if (!line.has("silently")) {
      stage_.Say(*actor, {"lastWill", "onlineReport", "offline", "will", "", ""});
    }
    actor->there = false;
  }
}

void Script::Back(const Line& line) {
  if (Actor* actor = Known(line.word(1))) {
    actor->there = true;
    actor->mute = false;
    stage_.Say(*actor, {"lastWill", "onlineReport", "online", "", "", ""});
    stage_.Say(*actor, {"status", "workReport", actor->busy ? "busy" : "free", "", "", ""});
  }
}

void Script::Mute(const Line& line) {
  if (Actor* actor = Known(line.word(1))) {
    actor->mute = true;
  }
}

// What it did is lost; it says that it is there, and free.
void Script::Reboot(const Line& line) {
  if (Actor* actor = Known(line.word(1))) {
    stage_.Say(*actor, {"lastWill", "onlineReport", "offline", "will", "", ""});
    stage_.Pass(seconds(1));
    actor->busy = false;
    Back(line);
  }
}

// -- Time and trouble --

void Script::Pass(const Line& line) {
  const milliseconds time = ParseDuration(line.word(1));
  if (time < milliseconds(0)) {
    return Problem("no time: " + line.word(1));
  }
  stage_.Pass(time);
}

void Script::Broker(const Line& line) {
  const auto word = Of(kConfirmations, line.word(1));
  if (!word) {
    return Problem("the broker cannot " + line.word(1));
  }
  stage_.SetConfirmation(*word);
}

void Script::NextBatch(const Line& line) {
  const auto fate = Of(kFates, line.word(1));
  if (!fate) {
    return Problem("no batch ends as " + line.word(1));
  }
  stage_.SetFate(*fate);
}

void Script::Restart(const Line& line) {
  stage_.Restart(line.has("after") ? ParseDuration(line.option("after")) : seconds(1));
}

void Script::Target(const Line& line) {
  const auto target = TargetOf(line);
  if (!target) {
    return Problem("no such target");
  }
  stage_.settings().notify.targets.push_back(*target);
}

void Script::Webhooks(const Line& line) {
  stage_.SetWebhooks(line.word(1) == "take");
}

void Script::Store(const Line& line) {
  line.word(1) == "away" ? stage_.bridge().StoreAway() : stage_.bridge().StoreBack();
}

void Script::Links(const Line& line) {
  line.word(1) == "down" ? stage_.bridge().SessionsDown() : stage_.bridge().SessionsUp();
}

}  // namespace

std::string Run(std::string_view scenario) {
  Script script;
  std::string out;
  while (!scenario.empty()) {
    const size_t end = std::min(scenario.find('\n'), scenario.size());
    const std::string_view line = scenario.substr(0, end);
    scenario.remove_prefix(std::min(end + 1, scenario.size()));
    if (line.starts_with("  ")) {
      continue;  // what it led to the last time
    }
    out.append(line).append("\n");
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const bool more = line.starts_with("+ ");
    script.Do(std::string(more ? line.substr(2) : line));
    if (!more) {
      script.Settle();
    }
    for (const std::string& seen : script.TakeSeen()) {
      out.append(seen).append("\n");
    }
  }
  return out;
}

}  // namespace printfleet::scenario
