#include "core/diagnose.h"

#include "base/text.h"
#include "core/core.h"
#include "core/findings.h"
#include "fleet/respond.h"

namespace printfleet::core {
namespace {

constexpr size_t kDiagnosesMax = 16;
constexpr size_t kRefusalsShownMax = 10;

std::optional<std::string> TimeText(const std::optional<WallTime>& at) {
  return at ? std::optional(FormatIso8601(*at)) : std::nullopt;
}

std::optional<std::string> Said(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(std::string(text));
}

// Those from its address, and those of which nobody knows whose they are.
std::vector<Sessions::Refusal> RefusalsOf(const DiagnosisInput& input, const PrinterId& id,
                                          const std::string& address) {
  std::vector<Sessions::Refusal> found;
  for (const Sessions::Refusal& refusal : input.sessions.refusals()) {
    const std::string sole = input.sessions.SoleClientAt(refusal.address);
    if (sole.empty() || sole == id || refusal.address == address) {
      found.push_back(refusal);
    }
  }
  if (found.size() > kRefusalsShownMax) {
    found.erase(found.begin(), found.end() - kRefusalsShownMax);
  }
  return found;
}

Facts FactsOf(const DiagnosisInput& input, const PrinterId& id) {
  const auto since = [&input](const std::optional<MonoTime>& at) {
    return at && *at >= input.began.mono;
  };
  Facts facts;
  facts.printer = input.world.printers.Find(id);
  facts.client = input.sessions.Find(id);
  facts.log = input.log;
  facts.live = input.world.live;
  std::string address;
  if (facts.printer != nullptr) {
    facts.status_answered = since(facts.printer->status_answered_at);
    facts.version_answered = since(facts.printer->version_reported_at);
    address = facts.printer->address;
  }
  facts.refusals = RefusalsOf(input, id, address);
  return facts;
}

void WritePrinter(const printer::Printer* printer, json::Writer& writer) {
  if (printer == nullptr) {
    writer.Member("presence", "never_heard");
    return;
  }
  writer.Member("name", printer->registration.name)
      .Member("enrolment", printer::Name(printer->registration.enrolment))
      .Member("presence", printer::Name(printer->presence))
      .Member("offline_reason", Said(printer::Name(printer->offline_reason)))
      .Member("suspected_of", Said(printer::Name(printer->suspected_of)))
      .Member("session", printer::Name(printer->session))
      .Member("address", Said(printer->address))
      .Member("flapping", printer->flapping.on())
      .Member("last_report_at", TimeText(printer->received_at))
      .Member("last_report_type", Said(printer->last_report_type))
      .Member("last_will_at", TimeText(printer->last_will_at));
}

void WriteAttempt(const Sessions::Attempt& attempt, json::Writer& writer) {
  writer.BeginObject()
      .Member("at", FormatIso8601(attempt.at))
      .Member("address", attempt.address)
      .Member("user", Said(CleanText(attempt.user, 256)))
      .Member("protocol", attempt.protocol)
      .Member("keep_alive_s", attempt.keep_alive_s)
      .Member("outcome", attempt.ended_at ? printer::Name(attempt.ended) : "connected")
      .Member("ended_at", TimeText(attempt.ended_at))
      .EndObject();
}

void WriteClient(const Sessions::Client& client, json::Writer& writer) {
  writer.Key("connections").BeginArray();
  for (const Sessions::Attempt& attempt : client.attempts) {
    WriteAttempt(attempt, writer);
  }
  writer.EndArray().Member("replaced", client.replaced).Key("denied_topics").BeginArray();
  for (const auto& [topic, count] : client.denied) {
    writer.BeginObject().Member("topic", topic).Member("count", count).EndObject();
  }
  writer.EndArray();
}

void WriteRefusals(const std::vector<Sessions::Refusal>& refusals, json::Writer& writer) {
  writer.Key("refused_connections").BeginArray();
  for (const Sessions::Refusal& refusal : refusals) {
    writer.BeginObject()
        .Member("at", FormatIso8601(refusal.at))
        .Member("address", Said(refusal.address))
        .Member("reason", printer::Name(refusal.reason))
        .Member("detail", Said(refusal.detail))
        .EndObject();
  }
  writer.EndArray();
}

}  // namespace

LogView LogViewOf(const settings::Broker& broker) {
  if (broker.mode == settings::Mode::kExternal) {
    return LogView::kNone;
  }
  return broker.lifetime == settings::Lifetime::kOwn ? LogView::kWithoutTopics : LogView::kAll;
}

std::string_view Name(LogView view) {
  switch (view) {
    case LogView::kNone:
      return "none";
    case LogView::kWithoutTopics:
      return "without_topics";
    case LogView::kAll:
      return "all";
  }
  return "";
}

std::string DiagnosisJson(const DiagnosisInput& input, const PrinterId& id) {
  const Facts facts = FactsOf(input, id);
  json::Writer writer;
  writer.BeginObject().Member("printer_id", id);
  WritePrinter(facts.printer, writer);
  writer.Key("answered")
      .BeginObject()
      .Member("status", facts.status_answered)
      .Member("version", facts.version_answered)
      .EndObject();
  WriteClient(facts.client != nullptr ? *facts.client : Sessions::Client{}, writer);
  WriteRefusals(facts.refusals, writer);
  writer.Key("findings").BeginArray();
  for (const std::string& finding : Findings(facts)) {
    writer.String(finding);
  }
  writer.EndArray().EndObject();
  return writer.Take();
}

void Core::BeginDiagnosis(fleet::Diagnosis diagnosis, const Instant& now) {
  if (diagnoses_.size() + batch_diagnoses_.size() >= kDiagnosesMax) {
    fleet::Output output;
    fleet::RespondRejected(diagnosis.reply_to, diagnosis.request_id,
                           {"too_many", "other diagnoses are under way; try again soon", ""}, now,
                           output);
    Absorb(std::move(output), now);
    return;
  }
  for (const PrinterId& id : diagnosis.printers) {
    if (world_.printers.Find(id) != nullptr) {
      printer::Questions questions;
      questions.version = true;
      questions.status = true;
      batch_asks_.push_back({Asks::Ask{id, questions}, true});
    }
  }
  fleet::Output output;
  fleet::RespondListening(diagnosis.reply_to, diagnosis.request_id, diagnosis.listen, now, output);
  batch_diagnoses_.push_back({std::move(diagnosis), now});
  Absorb(std::move(output), now);
}

std::optional<MonoTime> Core::NextDiagnosis() const {
  std::optional<MonoTime> next;
  for (const Listening& each : diagnoses_) {
    const MonoTime due = each.began.mono + each.diagnosis.listen;
    if (!each.answered && (!next || due < *next)) {
      next = due;
    }
  }
  return next;
}

void Core::AnswerDiagnoses(const Instant& now) {
  fleet::Output output;
  for (Listening& each : diagnoses_) {
    if (each.answered || now.mono < each.began.mono + each.diagnosis.listen) {
      continue;
    }
    each.answered = true;
    const DiagnosisInput input{world_, sessions_, LogViewOf(settings_.broker), each.began,
                               each.diagnosis.listen};
    std::vector<std::string> rows;
    for (const PrinterId& id : each.diagnosis.printers) {
      rows.push_back(DiagnosisJson(input, id));
    }
    std::string list;
    fleet::ListJson("printers", rows, list);
    json::Writer writer;
    writer.BeginObject()
        .Member("listened_s", static_cast<int64_t>(each.diagnosis.listen.count()))
        .Member("broker_log", Name(input.log))
        .Member("live", world_.live)
        .Key("printers")
        .Raw("[" + list + "]")
        .EndObject();
    fleet::RespondResult(each.diagnosis.reply_to, each.diagnosis.request_id, writer.Take(), now,
                         output);
  }
  Absorb(std::move(output), now);
}

}  // namespace printfleet::core
