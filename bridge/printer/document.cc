#include "printer/document.h"

namespace printfleet::printer {
namespace {

std::optional<std::string> Said(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

std::optional<std::string> TimeText(const std::optional<WallTime>& time) {
  return time ? std::optional<std::string>(FormatIso8601(*time)) : std::nullopt;
}

// Unknown is null: neither online nor offline was ever shown.
std::optional<bool> Online(Presence presence) {
  return presence == Presence::kUnknown ? std::nullopt
                                        : std::optional<bool>(presence != Presence::kOffline);
}

void WriteIdentity(const Registration& registration, json::Writer& writer) {
  writer.Member("printer_id", registration.id)
      .Member("model_id", registration.model_id)
      .Member("model", registration.model)
      .Member("name", registration.name);
  writer.Key("groups").BeginArray();
  for (const std::string& group : registration.groups) {
    writer.String(group);
  }
  writer.EndArray().Key("labels").BeginObject();
  for (const auto& [name, value] : registration.labels) {
    writer.Member(name, value);
  }
  writer.EndObject().Member("enrolment", Name(registration.enrolment));
  // The operator's, and seldom: there only when they are set.
  if (registration.topic_form) {
    writer.Member("topic_form", protocol::Name(*registration.topic_form));
  }
  if (!registration.note.empty()) {
    writer.Member("note", registration.note);
  }
}

void WriteState(const Printer& printer, json::Writer& writer) {
  const bool offline = printer.presence == Presence::kOffline;
  const bool never = printer.state_since == WallTime();
  const Registration& registration = printer.registration;
  writer.Member("online", Online(printer.presence))
      .Member("offline_reason",
              offline ? Said(std::string(Name(printer.offline_reason))) : std::nullopt)
      .Member("flapping", printer.flapping.on())
      .Member("address", Said(printer.address))
      .Member("state", Name(EffectiveState(printer)))
      .Member("state_since", never ? std::nullopt : TimeText(printer.state_since))
      .Member("bed", Name(registration.bed))
      .Member("maintenance", registration.maintenance)
      .Member("firmware", Said(registration.firmware))
      .Member("machine_version", Said(registration.machine_version));
}

void WriteReadings(const Readings& readings, json::Writer& writer) {
  writer.Member("nozzle_temp_c", readings.nozzle_temp_c)
      .Member("nozzle_target_c", readings.nozzle_target_c)
      .Member("bed_temp_c", readings.bed_temp_c)
      .Member("bed_target_c", readings.bed_target_c)
      .Member("fan_ratio", readings.fan_ratio);
  if (readings.speed_mode) {
    writer.Member("print_speed_mode", protocol::Name(*readings.speed_mode));
  } else {
    writer.Key("print_speed_mode").Null();
  }
  writer.Member("z_offset_mm", readings.z_offset_mm);
}

void WriteJob(const std::optional<Job>& job, json::Writer& writer) {
  writer.Key("job");
  if (!job || !job->open()) {
    writer.Null();
    return;
  }
  writer.BeginObject()
      .Member("job_id", job->id.value)
      .Member("task_id", Said(job->task_id))
      .Member("filename", Said(job->filename))
      .Member("progress_ratio", job->progress_ratio)
      .Member("layer", job->layer)
      .Member("layers", job->layers)
      .Member("elapsed_s", job->elapsed_s)
      .Member("remaining_s", job->remaining_s)
      .Member("material_used_mm", job->material_used_mm)
      .EndObject();
}

// Code, text and time as they were noted; what to do about it as the codes say now.
void WriteLastError(const std::optional<LastError>& error, const settings::ErrorCodes& error_codes,
                    json::Writer& writer) {
  writer.Key("last_error");
  if (!error) {
    writer.Null();
    return;
  }
  using Text = std::optional<std::string_view>;
  const settings::ErrorCode* code = error_codes.Find(error->code);
  writer.BeginObject()
      .Member("code", error->code)
      .Member("text", error->text)
      .Member("at", FormatIso8601(error->at))
      .Member("advice", code != nullptr ? Text(code->advice) : std::nullopt)
      .Member("retry", code != nullptr ? Text(Name(code->retry)) : std::nullopt)
      .EndObject();
}

}  // namespace

void WriteDocument(const Printer& printer, const settings::ErrorCodes& error_codes,
                   json::Writer& writer) {
  writer.BeginObject().Member("v", 1);
  WriteIdentity(printer.registration, writer);
  WriteState(printer, writer);
  WriteReadings(printer.readings, writer);
  WriteJob(printer.job, writer);
  WriteLastError(printer.last_error, error_codes, writer);
  writer.Member("reported_at", TimeText(printer.reported_at))
      .Member("received_at", TimeText(printer.received_at))
      .EndObject();
}

std::string Document(const Printer& printer, const settings::ErrorCodes& error_codes) {
  json::Writer writer;
  WriteDocument(printer, error_codes, writer);
  return writer.Take();
}

}  // namespace printfleet::printer
