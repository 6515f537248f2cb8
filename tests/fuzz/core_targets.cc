// Core under any order of events. A script of the target Core is lines of a verb and its text:
//
//   0 print {…}   printer 0 (to 3) reports a message of that type; "0! print {…}" retained
//   m TOPIC {…}   a message of the reports session with its topic
//   c {…}         a request of `local`; "v {…}" of a viewer, "u USER {…}" of USER
//   q {…}         a request that is planned as a stop and sent ahead of its batch
//   t MS          time passes (the batch is committed before)
//   k N           the oldest unconfirmed message to a printer has result N
//   a {…}         the store answers the oldest question with this row; "e" with an error
//   s {…}, f {…}  a record of the spool: a stop, a refusal
//   z {…}         a poisoned request
//   b, d          the batch is committed, dropped
//   n             the oldest open command was committed after its author was told `unknown`
//   l, l down     the links and the outbound connection come up, are lost
//   x             the process starts again from what the store has
#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <memory>
#include <string>

#include "base/json.h"
#include "tests/fuzz/targets.h"
#include "tests/unit/core/rig.h"

namespace printfleet::fuzz {
namespace {

using core::Message;
using core::Publish;
using core::Session;

constexpr size_t kLinesMax = 60;
constexpr int64_t kPassMsMax = 60'000;
constexpr milliseconds kAfter{20'000};  // lets commands and jobs come to their ends
constexpr std::string_view kCommandTopic = "fleet/v1/command";
constexpr std::array<std::string_view, 4> kModelIds{"20021", "20022", "20023", "m7"};
constexpr std::array<std::string_view, 4> kPrinterIds{"9347a110c5423fe412ce45533bfc10e6",
                                                      "printer-b", "printer-c", "d"};

std::string_view TakeWord(std::string_view& rest) {
  const size_t end = rest.find(' ');
  const std::string_view word = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return word;
}

class Script {
 public:
  explicit Script(core::testing::Rig& rig) : rig_(rig) {}

  void Line(std::string_view line);
  void Pass(milliseconds time);

 private:
  struct Verb {
    char name;
    void (Script::*run)(std::string_view text);
  };

  static const std::array<Verb, 17> kVerbs;

  void Report(size_t printer, bool retained, std::string_view text);
  void Say(std::string topic, std::string_view payload);

  void ReportOnTopic(std::string_view text);

  void SayLocal(std::string_view text) { Say(std::string(kCommandTopic), text); }

  void SayViewer(std::string_view text) { Say(std::string(kCommandTopic) + "/vic", text); }

  void SayUser(std::string_view text);
  void SendStop(std::string_view text);
  void Wait(std::string_view text);
  void Confirm(std::string_view text);
  void Answer(std::string_view text);
  void AnswerError(std::string_view text);

  void StopRecord(std::string_view text) { rig_.Step(core::StopRecord{std::string(text)}); }

  void Refusal(std::string_view text) { rig_.Step(core::RefusedRecord{std::string(text)}); }

  void Poison(std::string_view text);

  void Commit(std::string_view /*text*/) { Keep(rig_.Commit()); }

  void Drop(std::string_view /*text*/) { rig_.Drop(); }

  void TellUnknown(std::string_view text);
  void Links(std::string_view text);
  void Restart(std::string_view text);

  void Keep(core::Effects effects);

  core::testing::Rig& rig_;
  std::deque<Publish> unconfirmed_;
  std::deque<fleet::Question> questions_;
};

const std::array<Script::Verb, 17> Script::kVerbs{{
    {'m', &Script::ReportOnTopic},
    {'c', &Script::SayLocal},
    {'v', &Script::SayViewer},
    {'u', &Script::SayUser},
    {'q', &Script::SendStop},
    {'t', &Script::Wait},
    {'k', &Script::Confirm},
    {'a', &Script::Answer},
    {'e', &Script::AnswerError},
    {'s', &Script::StopRecord},
    {'f', &Script::Refusal},
    {'z', &Script::Poison},
    {'b', &Script::Commit},
    {'d', &Script::Drop},
    {'n', &Script::TellUnknown},
    {'l', &Script::Links},
    {'x', &Script::Restart},
}};

// A line that no verb begins is nothing.
void Script::Line(std::string_view line) {
  const std::string_view word = TakeWord(line);
  if (word.empty()) {
    return;
  }
  if (word.front() >= '0' && word.front() < '0' + static_cast<char>(kPrinterIds.size())) {
    return Report(static_cast<size_t>(word.front() - '0'), word.ends_with('!'), line);
  }
  for (const Verb& verb : kVerbs) {
    if (verb.name == word.front()) {
      return (this->*verb.run)(line);
    }
  }
}

void Script::Keep(core::Effects effects) {
  for (Publish& publish : effects.publishes) {
    if (publish.token != 0) {
      unconfirmed_.push_back(std::move(publish));
    }
  }
  for (fleet::Question& question : effects.questions) {
    questions_.push_back(std::move(question));
  }
}

void Script::Pass(milliseconds time) {
  Keep(rig_.Commit());
  core::Effects effects;
  rig_.Pass(time, effects.publishes);
  Keep(std::move(effects));
}

void Script::Report(size_t printer, bool retained, std::string_view text) {
  const std::string_view type = TakeWord(text);
  Message message = rig_.Report(kModelIds[printer], kPrinterIds[printer], type, std::string(text));
  message.retained = retained;
  rig_.Step(message);
}

void Script::ReportOnTopic(std::string_view text) {
  std::string topic(TakeWord(text));
  rig_.Step(rig_.Said(Session::kReports, std::move(topic), std::string(text)));
}

void Script::Say(std::string topic, std::string_view payload) {
  rig_.Step(rig_.Said(Session::kCommands, std::move(topic), std::string(payload)));
}

void Script::SayUser(std::string_view text) {
  const std::string_view user = TakeWord(text);
  Say(std::string(kCommandTopic) + "/" + std::string(user), text);
}

void Script::SendStop(std::string_view text) {
  Message message = rig_.Said(Session::kCommands, std::string(kCommandTopic), std::string(text));
  Keep(rig_.Commit());  // it is planned against what is committed
  if (auto plan = rig_.core().PlanStop(message, rig_.now())) {
    (void)rig_.core().StopPublishes(*plan, rig_.now());
    message.stop_sent = std::make_shared<const fleet::StopPlan>(*std::move(plan));
  }
  rig_.Step(message);
}

void Script::Wait(std::string_view text) {
  int64_t time_ms = 0;
  std::from_chars(text.data(), text.data() + text.size(), time_ms);
  Pass(milliseconds(std::clamp<int64_t>(time_ms, 0, kPassMsMax)));
}

void Script::Confirm(std::string_view text) {
  constexpr unsigned kResults = 4;
  if (unconfirmed_.empty()) {
    return;
  }
  unsigned result = 0;
  std::from_chars(text.data(), text.data() + text.size(), result);
  core::Published published;
  published.execution = unconfirmed_.front().execution;
  published.token = unconfirmed_.front().token;
  published.result = static_cast<core::Published::Result>(result % kResults);
  published.ok = published.result == core::Published::Result::kTaken ||
                 published.result == core::Published::Result::kNoSubscriber;
  unconfirmed_.pop_front();
  rig_.Step(published);
}

void Script::Answer(std::string_view text) {
  if (questions_.empty()) {
    return;
  }
  core::Answer answer{std::move(questions_.front()), true, {}, ""};
  questions_.pop_front();
  // The store makes JSON objects.
  json::Parser parser;
  const auto parsed = parser.Parse(text, json::Limits{});
  if (parsed.ok() && parsed->IsObject()) {
    answer.rows.push_back(parsed->CanonicalText());
  }
  rig_.Step(answer);
}

void Script::AnswerError(std::string_view text) {
  if (!questions_.empty()) {
    rig_.Step(core::Answer{std::move(questions_.front()), false, {}, std::string(text)});
    questions_.pop_front();
  }
}

void Script::Poison(std::string_view text) {
  rig_.Step(core::PoisonMessage{
      rig_.Said(Session::kCommands, std::string(kCommandTopic), std::string(text)),
      "store_refused"});
}

void Script::TellUnknown(std::string_view /*text*/) {
  core::CancelUnsent cancel;
  rig_.core().world().commands.ForEach([&cancel](const CommandId& id, const fleet::Command&) {
    if (cancel.commands.empty()) {
      cancel.commands.push_back(id);
    }
  });
  rig_.Step(cancel);
}

void Script::Links(std::string_view text) {
  if (text == "down") {
    rig_.LoseLinks();
    rig_.Step(core::OutboundDown{});
  } else {
    rig_.BecomeLive();
    rig_.Step(core::OutboundUp{});
  }
}

void Script::Restart(std::string_view /*text*/) {
  rig_.Drop();
  rig_.Restart();
  unconfirmed_.clear();
  questions_.clear();
}

// A farm of which printer 0 prints, and 1 and 2 are idle.
constexpr std::array<std::string_view, 5> kFarm{
    R"(0 ota {"action":"reportVersion","state":"done","data":{"firmware_version":"3.1.2"}})",
    R"(0 print {"action":"start","state":"printing","data":{"taskid":"7","filename":"a.gcode"}})",
    R"(2 status {"type":"status","action":"workReport","state":"free","msgid":"1"})",
    R"(t 1000)",
    R"(1 status {"type":"status","action":"workReport","state":"free","msgid":"2"})",
};

void MakeFarm(core::testing::Rig& rig, Script& script) {
  rig.BecomeLive();
  for (const std::string_view line : kFarm) {
    script.Line(line);
  }
  script.Pass(milliseconds(0));
}

}  // namespace

void Core(std::string_view bytes) {
  core::testing::Rig rig;
  Script script(rig);
  rig.BecomeLive();
  for (size_t lines = 0; !bytes.empty() && lines < kLinesMax; ++lines) {
    script.Line(TakeLine(bytes));
  }
  script.Pass(kAfter);
}

void Request(std::string_view bytes) {
  if (bytes.empty()) {
    return;
  }
  core::testing::Rig rig;
  Script script(rig);
  MakeFarm(rig, script);
  const std::string_view verb = bytes.substr(0, 1);
  script.Line(std::string(verb.find_first_of("cvq") == 0 ? verb : "c") + " " +
              std::string(bytes.substr(1)));
  script.Pass(kAfter);
}

void Stops(std::string_view bytes) {
  core::testing::Rig rig;
  Script script(rig);
  MakeFarm(rig, script);
  while (!bytes.empty()) {
    const std::string_view line = TakeLine(bytes);
    rig.Step(core::StopRecord{std::string(line)});
    rig.Step(core::RefusedRecord{std::string(line)});
  }
  script.Line("x");
  script.Pass(kAfter);
}

}  // namespace printfleet::fuzz
