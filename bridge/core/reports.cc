// A message of the reports session: from bytes to the printer's state and the rows of it.
#include "base/text.h"
#include "core/core.h"
#include "core/telemetry.h"
#include "protocol/envelope.h"

namespace printfleet::core {
namespace {

constexpr size_t kWordBytesMax = 200;
constexpr size_t kTopicBytesMax = 1000;
constexpr size_t kDeadLetterPrintersMax = 20000;

SmallText CleanWord(std::string_view word) {
  return word.size() <= kWordBytesMax && IsCleanUtf8(word)
             ? SmallText(word)
             : SmallText(CleanText(word, kWordBytesMax));
}

// May the same bytes on the same topic be called a repetition? Clients reuse a will's bytes, and a
// report without msgid and time may well be said twice. A greeting is no will: in the backlog,
// where the broker delivers again, it counts by its name.
bool NamesItself(const protocol::Report& report, bool backlog) {
  const auto* will = std::get_if<protocol::LastWillReport>(&report.body);
  if (will != nullptr && !(will->online && backlog)) {
    return false;
  }
  return !report.envelope.msgid.empty() || protocol::ReportedAt(report.envelope).has_value();
}

}  // namespace

void Core::OnReport(const Message& message, const Instant& now) {
  auto decoded = decoder_.Decode(message.topic, message.payload);
  if (const auto* failure = std::get_if<protocol::DecodeFailure>(&decoded)) {
    const bool seen = duplicates_.Seen(message.digest, message.backlog) && message.backlog;
    duplicates_.Add(message.digest);
    if (!seen) {
      DeadLetter(message, protocol::Name(failure->reason), failure->message);
    }
    return;
  }
  const auto& report = std::get<protocol::Report>(decoded);
  if (!AdmitPrinter(report, message, now)) {
    return;
  }
  const bool named = NamesItself(report, message.backlog);
  const bool duplicate = named && duplicates_.Seen(message.digest, message.backlog);
  const bool live = world_.live && !message.backlog;
  if (live) {
    duplicates_.OnCaughtUp();
  }
  if (duplicate) {
    ++batch_counters_.duplicates;
    ++batch_counters_.inbound_messages["duplicate"];
    if (live && !message.retained) {
      world_.printers.Mutable(report.printer_id).last_sign_of_life = now.mono;
    }
    return;
  }
  if (named) {
    duplicates_.Add(message.digest);
  }
  ++batch_counters_.inbound_messages["report"];
  for (const protocol::FieldError& error : report.field_errors) {
    batch_counters_.AddFieldErrors(report.type, protocol::PathWithoutIndices(error.field), 1);
  }
  printer::Printer& printer = world_.printers.Mutable(report.printer_id);
  printer::Context context = ContextAt(now, message.retained, live);
  context.read_until = message.read_until;
  const printer::Change change = printer::ApplyReport(printer, report, context);
  printer.dirty |= change.readings_changed || change.state_changed;
  LogReport(report, message, printer.telemetry, now);
  LogTelemetry(printer, change.state_changed, now);
  LogFiles(report, live && !message.retained, now);
  Absorb(printer.registration.id, change, now);
  fleet::Output output;
  fleet::HandleReport(world_, rules(), report, change, live && !message.retained, now, output);
  Absorb(std::move(output), now);
}

// Is there a printer to apply the report to? Adds one that is heard of for the first time.
bool Core::AdmitPrinter(const protocol::Report& report, const Message& message,
                        const Instant& now) {
  const printer::Printer* printer = world_.printers.Find(report.printer_id);
  if (printer == nullptr) {
    if (world_.printers.size() >= static_cast<size_t>(settings_.fleet.printers_max)) {
      DeadLetter(message, "printers_max", "fleet.printers_max is reached");
      return false;
    }
    AddPrinter(report, now);
    return true;
  }
  const printer::Registration& registration = printer->registration;
  if (registration.enrolment == printer::Enrolment::kRetired) {
    ++batch_counters_.inbound_messages["muted"];
    return false;
  }
  if (registration.model_id == report.model_id) {
    return true;
  }
  if (registration.enrolment == printer::Enrolment::kEnrolled) {
    DeadLetter(message, "model_mismatch",
               "enrolled as model " + registration.model_id + "; retire it first");
    return false;
  }
  printer::Registration& changed = world_.printers.Mutable(report.printer_id).registration;
  changed.model_id = report.model_id;
  changed.model = models_.NameOf(report.model_id);
  return true;
}

void Core::AddPrinter(const protocol::Report& report, const Instant& now) {
  const PrinterId id(report.printer_id);
  printer::Printer printer =
      printer::NewPrinter(id, report.model_id, models_.NameOf(report.model_id), now.wall);
  const bool enrolled = settings_.EffectiveEnrolment() == settings::Enrolment::kAuto;
  if (enrolled) {
    printer.registration.enrolment = printer::Enrolment::kEnrolled;
  }
  const Sessions::Client* client = sessions_.Find(id);
  if (client != nullptr && !client->attempts.empty()) {
    const Sessions::Attempt& last = client->attempts.back();
    printer.address = last.address;
    printer.session = last.ended_at ? printer::SessionState::kEnded : printer::SessionState::kAlive;
  }
  world_.printers.Put(id, std::move(printer));
  json::Writer body;
  body.BeginObject()
      .Member("model_id", report.model_id)
      .Member("enrolment", enrolled ? "enrolled" : "pending")
      .EndObject();
  AddEvent("printer_added", id, body.Take(), now);
}

void Core::LogReport(const protocol::Report& report, const Message& message,
                     const printer::Readings& stored, const Instant& now) {
  const protocol::Envelope& envelope = report.envelope;
  ReportRow& row = effects_.rows.reports.emplace_back();
  row.seq = world_.ledger.Mutable().next_report_seq++;
  row.printer_id = report.printer_id;
  row.received_at = now.wall;
  row.reported_at = protocol::ReportedAt(envelope);
  row.type = CleanWord(envelope.type);
  row.action = CleanWord(envelope.action);
  row.state = CleanWord(envelope.state);
  row.code = envelope.code;
  row.msgid = CleanWord(envelope.msgid);
  settings::Payloads payloads = settings_.store.payloads;
  if (shed_.payloads && payloads == settings::Payloads::kAll) {
    payloads = settings::Payloads::kUnusual;
  }
  if (KeepPayload(payloads, settings_.store, report, stored)) {
    if (IsCleanUtf8(message.payload)) {
      row.payload = message.payload;
    } else {
      row.payload = CleanText(message.payload, message.payload.size() * 3);
      row.payload_raw = message.payload;
    }
  }
}

void Core::LogTelemetry(printer::Printer& printer, bool state_changed, const Instant& now) {
  if (shed_.telemetry) {
    return;
  }
  TelemetrySample sample{printer.readings, std::nullopt};
  if (printer.job && printer.job->open()) {
    sample.progress_ratio = printer.job->progress_ratio;
  }
  std::optional<milliseconds> since;
  if (printer.telemetry_at) {
    since = now.mono - *printer.telemetry_at;
  }
  if (!TelemetryDue(sample, {printer.telemetry, printer.telemetry_progress_ratio}, state_changed,
                    since, settings_)) {
    return;
  }
  printer.telemetry = sample.readings;
  printer.telemetry_progress_ratio = sample.progress_ratio;
  printer.telemetry_at = now.mono;
  effects_.rows.telemetry.push_back(
      {printer.registration.id, now.wall, sample.readings, sample.progress_ratio});
}

// Limited per printer (or foreign topic) and minute, so that a flood of rubbish fills no disk;
// what is over the limit is counted.
void Core::DeadLetter(const Message& message, std::string_view reason, std::string_view detail) {
  ++batch_counters_.inbound_messages["dead_letter"];
  ++batch_counters_.dead_letters[std::string(reason)];
  const MonoTime at = message.received.mono;
  if (at - dead_letter_minute_ >= std::chrono::minutes(1) ||
      dead_letter_budget_.size() > kDeadLetterPrintersMax) {
    dead_letter_minute_ = at;
    dead_letter_budget_.clear();
  }
  const auto topic = protocol::ParseReportTopic(message.topic);
  const std::string who = topic ? std::string(topic->printer_id) : "";
  if (++dead_letter_budget_[who] > settings_.inbound.dead_letters_per_printer_per_minute) {
    ++batch_counters_.dead_letters["over_limit"];
    return;
  }
  const auto bytes_max = static_cast<size_t>(settings_.inbound.dead_letter_bytes_max);
  effects_.rows.dead_letters.push_back({message.received.wall,
                                        CleanText(message.topic, kTopicBytesMax),
                                        std::string(message.payload.view().substr(0, bytes_max)),
                                        std::string(reason), CleanText(detail, kTopicBytesMax)});
  json::Writer body;
  body.BeginObject().Member("reason", reason).Member("topic", message.topic).EndObject();
  AddEvent("dead_letter", topic ? who : "", body.Take(), message.received);
}

}  // namespace printfleet::core
