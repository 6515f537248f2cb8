#include "rows.h"

namespace printfleet::store {

WallTime Noon() {
  return *ParseIso8601("2026-03-01T12:00:00.123Z");
}

core::ReportRow MakeReport(int64_t seq, WallTime received_at) {
  core::ReportRow row;
  row.seq = seq;
  row.printer_id = "p1";
  row.received_at = received_at;
  row.reported_at = received_at - milliseconds(250);
  row.type = "print";
  row.action = "start";
  row.state = "printing";
  row.code = 200;
  row.msgid = "0f6a0e1c-0000-4000-8000-000000000001";
  row.payload = "{\"type\":\"print\",\t\"text\":\"a\\\\b \\n\xC3\xA4\"}\n";
  return row;
}

core::RegistrationRow MakeRegistration(const PrinterId& id) {
  core::RegistrationRow row;
  row.registration.id = id;
  row.registration.model_id = "20021";
  row.registration.model = "K2Pro";
  row.registration.name = "name of " + id;
  row.registration.groups = {"rack-a", "with \"quotes\", {and} \\ comma", ""};
  row.registration.labels = {{"site", "north"}, {"odd", "\"\\{}"}};
  row.registration.enrolment = printer::Enrolment::kEnrolled;
  row.registration.firmware = "3.1.0";
  row.registration.machine_version = "1.1.0";
  row.registration.peripheral_version = "0.9";
  row.registration.maintenance = "nozzle";
  row.registration.bed = printer::Bed::kOccupied;
  row.registration.topic_form = protocol::TopicForm::kShort;
  row.registration.note = "a note";
  row.registration.first_seen_at = Noon() - seconds(3600);
  row.registration.last_task_id = "482913";
  row.last_seen_at = Noon();
  return row;
}

core::StatusRow MakeStatus(const PrinterId& id) {
  core::StatusRow row;
  row.printer_id = id;
  row.online = true;
  row.address = "192.0.2.17";
  row.state = "printing";
  row.state_since = Noon() - seconds(60);
  row.readings.nozzle_temp_c = 210.25;
  row.readings.nozzle_target_c = 210;
  row.readings.bed_temp_c = 59.1;
  row.readings.fan_ratio = 0.1 + 0.2;
  row.readings.speed_mode = protocol::SpeedMode::kSport;
  row.readings.z_offset_mm = -0.05;
  row.progress_ratio = 0.45;
  row.job_id = JobId{17};
  row.last_error = printer::LastError{10101, "a text", Noon() - seconds(5)};
  row.reported_at = Noon() - seconds(1);
  row.received_at = Noon();
  return row;
}

printer::Job MakeJob(int64_t id, const PrinterId& printer_id) {
  printer::Job job;
  job.id = JobId{id};
  job.printer_id = printer_id;
  job.task_id = "482913";
  job.local_task = "7";
  job.filename = "clip \xFF.gcode";
  job.source = printer::JobSource::kCommand;
  job.command_id = CommandId{5};
  job.state = printer::JobState::kPrinting;
  job.started_at = Noon() - seconds(100);
  job.progress_ratio = 0.45;
  job.layer = 100;
  job.layers = 300;
  job.elapsed_s = 1200;
  job.remaining_s = 3600.5;
  job.material_used_mm = 123;
  job.error_code = 10401;
  job.error_text = "paused";
  job.slice_params = "{\"a\": \"\\u0000\",\"b\":[1, 2]}";
  return job;
}

core::CommandRow MakeCommand(int64_t id) {
  core::CommandRow row;
  row.id = CommandId{id};
  row.author = "anna";
  row.request_id = "request-" + std::to_string(id);
  row.command = "print.pause";
  row.target_json = R"({"all":true})";
  row.args_json = R"({"b":1.10,"a":"***"})";
  row.options_json = R"({"timeout_s":60})";
  row.state = "accepted";
  row.target_hash = "abc";
  row.body_digest = DigestHex(MessageDigest("body", row.request_id));
  row.reply_topic = "fleet/v1/response/anna/x";
  row.correlation_data = std::string("\x00\xFF\x01", 3);
  row.reply_stream = false;
  row.created_at = Noon();
  row.deadline_at = Noon() + seconds(60);
  return row;
}

fleet::Execution MakeExecution(int64_t command_id, const PrinterId& printer_id) {
  fleet::Execution execution;
  execution.key = {CommandId{command_id}, printer_id};
  execution.printer_name = "name of " + printer_id;
  execution.state = fleet::ExecutionState::kSent;
  execution.task_id = "482913";
  execution.job_id = JobId{17};
  execution.code = 200;
  execution.message = "said";
  execution.result = R"({"files":[]})";
  execution.attempts = 2;
  execution.msgid = "m-1";
  execution.sent_at = Noon() + seconds(1);
  return execution;
}

core::NotificationRow MakeNotification(int64_t id) {
  core::NotificationRow row;
  row.message.id = core::NotificationId{id};
  row.message.target = "shift";
  row.message.created_at = Noon();
  row.message.utc_offset = seconds(3600);
  row.message.digest = true;
  row.message.more = 2;
  row.message.outage = core::NotifyOutage{Noon(), 37, 60};
  core::NotifyItem item;
  item.kind = settings::NotifyKind::kPrinterOfflineMidPrint;
  item.at = Noon();
  item.printer_id = "p1";
  item.printer = "name \"of\" p1";
  item.job_id = JobId{17};
  item.filename = "clip.gcode";
  item.layer = 100;
  item.layers = 300;
  item.progress_ratio = 0.45;
  item.text = "connection_lost";
  row.message.items.push_back(item);
  row.state = core::NotificationState::kQueued;
  row.closed_at = Noon();
  row.due_at = Noon() + seconds(5);
  row.attempts = 3;
  row.last_error = "HTTP 503";
  return row;
}

Batch MakeFullBatch(int64_t seq) {
  Batch batch;
  batch.seq = seq;
  batch.committed_at = Noon();
  batch.digests[0] = {MessageDigest("t", "1"), MessageDigest("t", "2")};
  batch.digests[1] = {MessageDigest("t", "3")};
  core::Rows& rows = batch.rows;
  rows.reports.push_back(MakeReport(1));
  core::ReportRow raw = MakeReport(2);
  raw.payload.reset();
  raw.payload_raw = std::string("\x00{\xFF", 3);
  raw.msgid = "";
  rows.reports.push_back(raw);
  core::TelemetryRow telemetry;
  telemetry.printer_id = "p1";
  telemetry.at = Noon();
  telemetry.readings = MakeStatus("p1").readings;
  telemetry.progress_ratio = 0.5;
  rows.telemetry.push_back(telemetry);
  rows.registrations.push_back(MakeRegistration("p1"));
  rows.statuses.push_back(MakeStatus("p1"));
  rows.jobs.push_back(MakeJob(17, "p1"));
  rows.job_events.push_back({JobId{17}, Noon(), "printing", "a text"});
  rows.events.push_back({EventId{1}, Noon(), "job_started", "p1", R"({"job_id":17})"});
  rows.dead_letters.push_back(
      {Noon(), "some/topic", std::string("\x00\xFF", 2), "undecodable", "offset 0"});
  core::FileListRow list;
  list.printer_id = "p1";
  list.storage = "usb";
  list.path = "/";
  list.listed_at = Noon();
  list.files = {{"a.gcode", 1234, Noon(), false}, {"dir\xFE", std::nullopt, std::nullopt, true}};
  rows.file_lists.push_back(list);
  rows.commands.push_back(MakeCommand(5));
  rows.executions.push_back(MakeExecution(5, "p1"));
  rows.audit.push_back(
      {Noon(), "anna", "request-5", "print.pause", R"({"all":true})", "{}", "accepted"});
  rows.notifications.push_back(MakeNotification(4));
  rows.ledger = fleet::Ledger{.next_job_id = 18,
                              .next_command_id = 6,
                              .next_event_id = 2,
                              .next_task_id = 3,
                              .next_report_seq = 3,
                              .next_notification_id = 5,
                              .hold = "spring cleaning"};
  return batch;
}

Batch MakeAuditBatch(int64_t seq, const std::string& author) {
  Batch batch;
  batch.seq = seq;
  batch.committed_at = Noon();
  batch.rows.audit.push_back({Noon(), author, "", "printer.set", "", "", "done"});
  return batch;
}

}  // namespace printfleet::store
