#include "core/snapshot.h"

#include "base/json.h"

namespace printfleet::core {
namespace {

void ReadTexts(json::Value array, std::vector<std::string>& into) {
  for (size_t i = 0; i < array.size(); ++i) {
    if (const auto text = array.at(i).String()) {
      into.emplace_back(*text);
    }
  }
}

bool ReadLine(json::Value line, printer::Registration& registration) {
  const auto text = [&line](std::string_view name) {
    return std::string(line[name].String().value_or(""));
  };
  registration.id = text("printer_id");
  registration.model_id = text("model_id");
  registration.model = text("model");
  registration.name = text("name");
  registration.firmware = text("firmware");
  registration.last_task_id = text("last_task_id");
  registration.enrolment =
      printer::ParseEnrolment(text("enrolment")).value_or(printer::Enrolment::kPending);
  registration.topic_form = protocol::ParseTopicForm(text("topic_form"));
  ReadTexts(line["groups"], registration.groups);
  const json::Value labels = line["labels"];
  for (size_t i = 0; labels.IsObject() && i < labels.size(); ++i) {
    registration.labels.emplace(labels.member_name(i),
                                labels.member_value(i).String().value_or(""));
  }
  return !registration.id.empty() && !registration.model_id.empty();
}

}  // namespace

std::string SnapshotLine(const printer::Registration& registration) {
  json::Writer writer;
  writer.BeginObject()
      .Member("printer_id", registration.id)
      .Member("model_id", registration.model_id)
      .Member("model", registration.model)
      .Member("name", registration.name)
      .Member("firmware", registration.firmware)
      .Member("last_task_id", registration.last_task_id)
      .Member("enrolment", printer::Name(registration.enrolment));
  if (registration.topic_form) {
    writer.Member("topic_form", protocol::Name(*registration.topic_form));
  }
  writer.Key("groups").BeginArray();
  for (const std::string& group : registration.groups) {
    writer.String(group);
  }
  writer.EndArray().Key("labels").BeginObject();
  for (const auto& [name, value] : registration.labels) {
    writer.Member(name, value);
  }
  writer.EndObject().EndObject();
  return writer.Take() + "\n";
}

std::vector<printer::Registration> ReadSnapshot(std::string_view text) {
  std::vector<printer::Registration> registrations;
  json::Parser parser;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const auto line = parser.Parse(text.substr(at, end - at), json::Limits{});
    printer::Registration registration;
    if (line.ok() && ReadLine(line.value(), registration)) {
      registrations.push_back(std::move(registration));
    }
    at = end + 1;
  }
  return registrations;
}

}  // namespace printfleet::core
