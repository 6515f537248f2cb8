// What printer and fleet handed back, turned into rows, messages and questions of the batch.
#include "base/text.h"
#include "core/core.h"

namespace printfleet::core {

void Core::Absorb(const PrinterId& printer, const printer::Change& change, const Instant& now) {
  for (const printer::Job& job : change.jobs) {
    effects_.rows.jobs.push_back(job);
  }
  for (const printer::JobEvent& event : change.job_events) {
    effects_.rows.job_events.push_back(
        {event.job_id, now.wall, std::string(event.kind), CleanText(event.text, 1000)});
  }
  for (const printer::Notice& notice : change.notices) {
    json::Writer body;
    body.BeginObject();
    if (notice.job_id) {
      body.Member("job_id", notice.job_id.value);
    }
    for (const auto& [name, count] : notice.counts) {
      body.Member(name, count);
    }
    body.Member("text", notice.text).EndObject();
    AddEvent(notice.kind, printer, body.Take(), now);
  }
  for (const printer::Job& job : change.settled) {
    const printer::Printer* owner = world_.printers.Find(printer);
    const std::string model = owner != nullptr ? owner->registration.model : "";
    ++batch_counters_.jobs[{model, std::string(printer::Name(job.outcome))}];
    if (job.ended_at) {
      batch_counters_.job_duration.Observe(
          std::chrono::duration<double>(*job.ended_at - job.started_at).count());
    }
  }
  if (change.questions != printer::Questions()) {
    batch_asks_.push_back({Asks::Ask{printer, change.questions}, false});
  }
  FollowOutage(printer, change, now);
  TellNotices(printer, change, now);
}

void Core::Absorb(fleet::Output output, const Instant& now) {
  for (const auto& [printer, change] : output.changes) {
    Absorb(printer, change, now);
  }
  for (const fleet::Outgoing& outgoing : output.outgoing) {
    AddMessages(outgoing, now, effects_.publishes);
  }
  for (const fleet::Response& response : output.responses) {
    effects_.publishes.push_back(ResponsePublish(response));
  }
  for (fleet::Question& question : output.questions) {
    effects_.questions.push_back(std::move(question));
  }
  for (fleet::Diagnosis& diagnosis : output.diagnoses) {
    BeginDiagnosis(std::move(diagnosis), now);
  }
  for (fleet::JobMark& mark : output.job_marks) {
    effects_.rows.job_marks.push_back(std::move(mark));
  }
  for (fleet::Offer& offer : output.offers) {
    effects_.rows.offers.push_back(offer);
    effects_.offers.push_back(std::move(offer));
  }
  for (const fleet::ExecutionKey& key : output.withdrawn) {
    effects_.withdrawn.push_back(key);
  }
  for (fleet::Artifact& artifact : output.artifacts) {
    effects_.library_changed |= artifact.removed_at.has_value();
    effects_.rows.artifacts.push_back(std::move(artifact));
  }
  for (fleet::AuditEntry& entry : output.audit) {
    effects_.rows.audit.push_back(std::move(entry));
  }
  for (fleet::Happening& happening : output.happenings) {
    TellHappening(happening, now);
    AddEvent(happening.kind, happening.printer_id, std::move(happening.body_json), now);
  }
  for (const PrinterId& printer : output.ask_status) {
    printer::Questions status;
    status.status = true;
    batch_asks_.push_back({Asks::Ask{printer, status}, true});
  }
  for (const auto& finished : output.finished) {
    ++batch_counters_
          .commands[{std::string(finished.command), std::string(fleet::Name(finished.state))}];
    batch_counters_.command_duration.Observe(
        std::chrono::duration<double>(finished.duration).count());
  }
}

void Core::AddEvent(std::string_view kind, const PrinterId& printer, std::string body_json,
                    const Instant& now) {
  EventRow row;
  row.event_id = EventId{world_.ledger.Mutable().next_event_id++};
  row.at = now.wall;
  row.kind = kind;
  row.printer_id = printer;
  row.body_json = std::move(body_json);
  json::Writer writer;
  writer.BeginObject()
      .Member("event_id", row.event_id.value)
      .Member("at", FormatIso8601(row.at))
      .Member("kind", row.kind)
      .Key("printer_id");
  if (printer.empty()) {
    writer.Null();
  } else {
    writer.String(printer);
  }
  writer.Key("body").Raw(row.body_json.empty() ? "{}" : row.body_json).EndObject();
  Publish publish;
  publish.topic = Topic("events");
  publish.payload = writer.Take();
  effects_.publishes.push_back(std::move(publish));
  effects_.rows.events.push_back(std::move(row));
}

// One message, or two when nobody knows which topics the printer listens to. The confirmation is
// waited for on the first.
void Core::AddMessages(const fleet::Outgoing& outgoing, const Instant& now,
                       std::vector<Publish>& into) const {
  const protocol::WireName name = protocol::WireNameOf(outgoing.request);
  const std::string payload = protocol::EncodeRequest(outgoing.request, outgoing.msgid, now.wall);
  const auto add = [&](protocol::TopicForm form, fleet::PublishToken token) {
    Publish publish;
    publish.topic = protocol::RequestTopic(outgoing.model_id, outgoing.printer_id, name.type,
                                           name.action, form);
    publish.payload = payload;
    publish.expiry_s = static_cast<uint32_t>(std::max<int64_t>(1, outgoing.expiry.count()));
    publish.lane = Publish::Lane::kPrinter;
    publish.execution = outgoing.execution;
    publish.sets_going = outgoing.sets_going;
    publish.token = token;
    into.push_back(std::move(publish));
  };
  if (outgoing.form != protocol::TopicForm::kBoth) {
    add(outgoing.form, outgoing.token);
    return;
  }
  add(protocol::TopicForm::kShort, outgoing.token);
  add(protocol::TopicForm::kLong, 0);
}

Publish Core::ResponsePublish(const fleet::Response& response) const {
  Publish publish;
  publish.topic = response.to.topic;
  publish.payload = response.json;
  publish.correlation_data = response.to.correlation_data;
  return publish;
}

}  // namespace printfleet::core
