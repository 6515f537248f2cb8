#include "capture/explain.h"

#include <algorithm>
#include <set>

#include "capture/topic_levels.h"
#include "settings/models.h"

namespace printfleet::capture {
namespace {

constexpr json::Limits kMessageLimits{64 << 20, 64};
constexpr size_t kKindsMax = 1000;  // of what the summary counts
constexpr size_t kJobsMax = 1000;
// Nobody answers questions in a recording, so silence means nothing.
constexpr milliseconds kNeverSilent{int64_t{1} << 52};

constexpr double kEpochMsMin = 1.4e12;
constexpr double kRecordSecondsMax = 1e11;

// Source: shared protocol dossier §7.
bool IsKobra2(std::string_view model_id) {
  return model_id == "20021" || model_id == "20022" || model_id == "20023";
}

void Count(std::map<std::string, int64_t>& counts, const std::string& what) {
  if (counts.size() < kKindsMax || counts.contains(what)) {
    ++counts[what];
  }
}

// "data.records[3].size: …" of every record is one.
std::string WithoutPlaces(std::string_view text) {
  std::string out;
  bool inside = false;
  for (const char c : text) {
    inside = inside && c != ']';
    if (!inside) {
      out += c;
    }
    inside = inside || c == '[';
  }
  return out;
}

std::string Quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::string JobText(const printer::Job& job) {
  const std::string name = job.filename.empty() ? "a job without a name" : job.filename;
  const std::string end = job.open() ? std::string("still ") + std::string(Name(job.state))
                                     : std::string(Name(job.outcome));
  return job.printer_id.substr(0, 8) + ": " + name + ": " + end +
         (job.error_text.empty() ? "" : " (" + job.error_text + ")");
}

// What a topic says; views of it.
struct TopicParts {
  std::string_view origin;  // of a request: "server"
  std::string_view model_id;
  std::string_view printer_id;
  std::string_view type;
  bool long_form = false;  // a level behind the type
  bool legacy = false;     // without "v1"
  bool app = false;        // …/printer/app/…
};

TopicParts PartsOf(std::string_view topic) {
  const std::vector<std::string_view> levels = LevelsOf(topic);
  const size_t id = IdLevel(levels);
  TopicParts parts;
  if (id < 3 || id >= levels.size()) {
    return parts;
  }
  parts.app = levels[id - 2] == "app";
  parts.origin = levels[id - 3];
  parts.model_id = levels[id - 1];
  parts.printer_id = levels[id];
  parts.type = id + 1 < levels.size() ? levels[id + 1] : std::string_view();
  parts.long_form = id + 2 < levels.size();
  parts.legacy = std::ranges::find(levels, "v1") == levels.end();
  return parts;
}

std::string Text(json::Value value) {
  return std::string(value.String().value_or(""));
}

}  // namespace

std::string KindOf(const Explanation& explanation) {
  return explanation.type + (explanation.action.empty() ? "" : "/" + explanation.action);
}

Explainer::Explainer(const settings::ErrorCodes& error_codes)
    : error_codes_(error_codes), decoder_(kMessageLimits) {
  policy_.silent_after = kNeverSilent;
}

Explanation Explainer::Explain(int64_t line, const Message& message) {
  Tell(message);
  const TopicParts parts = PartsOf(message.topic);
  Explanation explanation;
  explanation.line = line;
  explanation.at = message.at;
  explanation.direction = DirectionOf(message.topic);
  explanation.model_id = parts.model_id;
  explanation.printer_id = parts.printer_id;
  explanation.type = parts.type;
  if (const auto* withheld = std::get_if<Withheld>(&message.payload)) {
    explanation.surprises.push_back("withheld: " + std::to_string(withheld->bytes) +
                                    " bytes that are no JSON");
  } else if (explanation.direction == Direction::kFromPrinter) {
    ExplainReport(message, explanation);
  } else {
    ExplainRequest(message, explanation);
  }
  Count(explanation);
  return explanation;
}

// The recording's time, never backwards; a millisecond a line where it has none.
void Explainer::Tell(const Message& message) {
  const WallTime wall = message.at.value_or(now_.wall + milliseconds(1));
  const milliseconds passed = std::max(milliseconds(0), wall - now_.wall);
  const bool first = EpochMs(now_.wall) == 0;
  now_.mono = message.offset_ms ? std::max(now_.mono, MonoTime(milliseconds(*message.offset_ms)))
                                : now_.mono + (first ? milliseconds(0) : passed);
  now_.wall = std::max(now_.wall, wall);
}

Spoken Explainer::SpokenOf(const Message& message, const Explanation& explanation,
                           json::Value json) const {
  Spoken spoken;
  spoken.printer_id = explanation.printer_id;
  spoken.type = PartsOf(message.topic).type;
  spoken.message = json;
  spoken.at = now_.mono;
  spoken.qos = message.qos;
  spoken.retained = message.retained;
  return spoken;
}

void Explainer::ExplainReport(const Message& message, Explanation& explanation) {
  const std::string& bytes = std::get<std::string>(message.payload);
  protocol::Trace trace;
  const auto decoded = decoder_.DecodeTraced(message.topic, bytes, trace);
  const TopicParts parts = PartsOf(message.topic);
  if (parts.app) {
    explanation.surprises.emplace_back("published under …/printer/app/");
  }
  if (parts.legacy) {
    explanation.surprises.emplace_back("published on a topic without \"v1\"");
  }
  if (const auto* failure = std::get_if<protocol::DecodeFailure>(&decoded)) {
    explanation.surprises.push_back("not understood: " + std::string(Name(failure->reason)) + ": " +
                                    failure->message);
    return;
  }
  const auto& report = std::get<protocol::Report>(decoded);
  explanation.type = report.envelope.type;
  explanation.action = report.envelope.action;
  explanation.state = report.envelope.state;
  explanation.code = report.envelope.code;
  explanation.fields = FieldsOf(report.body);
  explanation.ignored = trace.ignored;
  for (const std::string& word : trace.unknown_words) {
    explanation.surprises.push_back("unknown " + word);
  }
  for (const protocol::FieldError& error : report.field_errors) {
    explanation.surprises.push_back(error.field + ": " + error.message);
  }
  if (explanation.code && protocol::IsErrorCode(*explanation.code)) {
    const settings::ErrorCode* code = error_codes_.Find(*explanation.code);
    if (code != nullptr) {
      explanation.meaning = code->text;
    } else {
      explanation.surprises.push_back("code " + std::to_string(*explanation.code) +
                                      " is not in the code table");
    }
  }
  const auto json = parser_.Parse(bytes, kMessageLimits);
  if (json.ok()) {
    if ((*json)["data"].IsNull()) {
      std::erase(explanation.ignored, "data");  // nothing in it to ignore
    }
    CheckEnvelope(*json, explanation);
    points_[explanation.model_id].TakeReport(SpokenOf(message, explanation, *json));
  }
  Apply(report, message.retained, explanation);
}

void Explainer::CheckEnvelope(json::Value message, Explanation& explanation) const {
  std::vector<std::string>& surprises = explanation.surprises;
  const json::Value data = message["data"];
  if (explanation.type == "response" && IsKobra2(explanation.model_id)) {
    surprises.emplace_back("an acknowledgement: not known of a Kobra 2");
  }
  if (const auto time = message["timestamp"].Number(); time && *time < kEpochMsMin) {
    surprises.emplace_back("timestamp is no epoch time in ms");
  }
  if (const json::Value task = data["taskid"]; task.exists() && !task.IsString()) {
    surprises.push_back("data.taskid is a " + std::string(task.TypeName()));
  }
  const auto record_time = data["records"].at(0)["timestamp"].Number();
  if (record_time && *record_time < kRecordSecondsMax) {
    surprises.emplace_back("data.records[].timestamp is in seconds");
  }
  if (explanation.type == "lastWill" && explanation.state == "online" &&
      Text(message["msg"]).find("offline") != std::string::npos) {
    surprises.emplace_back("state is online, but msg says offline");
  }
}

void Explainer::ExplainRequest(const Message& message, Explanation& explanation) {
  const TopicParts parts = PartsOf(message.topic);
  if (parts.model_id.empty()) {
    explanation.surprises.emplace_back("no topic of a printer");
    return;
  }
  const auto json = parser_.Parse(std::get<std::string>(message.payload), kMessageLimits);
  if (!json.ok() || !json->IsObject()) {
    explanation.surprises.push_back("not understood: " +
                                    (json.ok() ? "no JSON object" : json.error().message));
    return;
  }
  const std::string type = Text((*json)["type"]);
  explanation.action = Text((*json)["action"]);
  explanation.meaning = MeaningOf(type.empty() ? explanation.type : type, explanation.action);
  explanation.fields = FieldsOfRequest((*json)["data"]);
  std::vector<std::string>& surprises = explanation.surprises;
  if (!type.empty() && type != parts.type) {
    surprises.push_back("type " + Quoted(type) + " on a topic of " + Quoted(parts.type));
  }
  if (explanation.meaning.empty()) {
    surprises.push_back("unknown request " + Quoted(type + "/" + explanation.action));
  }
  if (parts.origin != "server" && parts.origin != "v1") {
    surprises.push_back("origin " + Quoted(parts.origin));
  }
  const auto& firmware = PrinterOf(parts.model_id, parts.printer_id).registration.firmware;
  const auto form = protocol::TopicFormFor(firmware, settings::Model().short_topics_from);
  const bool listens =
      form == protocol::TopicForm::kBoth || (form == protocol::TopicForm::kLong) == parts.long_form;
  if (!listens) {
    surprises.push_back(std::string("a ") + (parts.long_form ? "long" : "short") +
                        " topic; firmware " + firmware + " listens to the " +
                        std::string(Name(form)) + " form");
  }
  points_[explanation.model_id].TakeRequest(SpokenOf(message, explanation, *json), parts.long_form);
}

// As a link that is live sees it.
printer::Context Explainer::ContextOf(bool retained) const {
  return {now_, policy_, error_codes_, retained, true, next_job_};
}

printer::Printer& Explainer::PrinterOf(std::string_view model_id, std::string_view printer_id) {
  const auto [found, added] = printers_.try_emplace(std::string(printer_id));
  printer::Registration& registration = found->second.registration;
  registration.model_id = model_id;
  if (added) {
    registration.id = printer_id;
    registration.enrolment = printer::Enrolment::kEnrolled;
    found->second.state_since = now_.wall;
  }
  return found->second;
}

void Explainer::Apply(const protocol::Report& report, bool retained, Explanation& explanation) {
  printer::Printer& printer = PrinterOf(report.model_id, report.printer_id);
  const printer::Context context = ContextOf(retained);
  const printer::State before = printer::EffectiveState(printer);
  Note(printer::ApplyTime(printer, context), explanation);
  Note(printer::ApplyReport(printer, report, context), explanation);
  const printer::State after = printer::EffectiveState(printer);
  if (before != after) {
    explanation.changes.insert(explanation.changes.begin(), "state " + std::string(Name(before)) +
                                                                " -> " + std::string(Name(after)));
  }
}

void Explainer::Note(const printer::Change& change, Explanation& explanation) {
  for (const printer::JobEvent& event : change.job_events) {
    explanation.changes.push_back("job " + std::to_string(event.job_id.value) + ": " +
                                  std::string(event.kind) +
                                  (event.text.empty() ? "" : ": " + event.text));
  }
  for (const printer::Notice& notice : change.notices) {
    if (!notice.job_id) {
      explanation.changes.push_back(std::string(notice.kind) +
                                    (notice.text.empty() ? "" : ": " + notice.text));
    }
  }
  for (const printer::Job& job : change.jobs) {
    const auto known = std::ranges::find(jobs_, job.id, &printer::Job::id);
    if (known != jobs_.end()) {
      *known = job;
    } else if (jobs_.size() < kJobsMax) {
      jobs_.push_back(job);
    }
  }
}

void Explainer::Count(const Explanation& explanation) {
  const bool from = explanation.direction == Direction::kFromPrinter;
  ++(from ? summary_.from_printers : summary_.to_printers);
  capture::Count(summary_.kinds, (from ? "" : "-> ") + KindOf(explanation) +
                                     (explanation.state.empty() ? "" : " " + explanation.state));
  for (const std::string& surprise : explanation.surprises) {
    capture::Count(summary_.surprises, WithoutPlaces(surprise));
  }
  for (const std::string& member : explanation.ignored) {
    capture::Count(summary_.ignored, explanation.type + ": " + member);
  }
}

Summary Explainer::Finish() {
  now_.mono += policy_.job_settle + milliseconds(1);
  for (auto& [id, printer] : printers_) {
    Explanation last;
    Note(printer::ApplyTime(printer, ContextOf(false)), last);
    const printer::Registration& registration = printer.registration;
    ModelSummary& model = summary_.models[registration.model_id];
    ++model.printers;
    if (!registration.firmware.empty() &&
        std::ranges::find(model.firmware, registration.firmware) == model.firmware.end()) {
      model.firmware.push_back(registration.firmware);
    }
  }
  for (const auto& [model_id, points] : points_) {
    summary_.models[model_id].answers = points.Answers();
  }
  for (const printer::Job& job : jobs_) {
    summary_.jobs.push_back(JobText(job));
  }
  return std::move(summary_);
}

}  // namespace printfleet::capture
