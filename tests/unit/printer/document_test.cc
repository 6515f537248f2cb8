// The state document, to the byte: dashboards and scripts read it.
#include "printer/document.h"

#include <gtest/gtest.h>

namespace printfleet::printer {
namespace {

settings::ErrorCodes Codes() {
  settings::ErrorCodes codes;
  codes.Add({10122, settings::ErrorKind::kFailure, "nozzle heating failed", "Check the heater.",
             settings::Retry::kAfterFix, "published"});
  return codes;
}

Printer PrintingPrinter() {
  Printer printer;
  Registration& registration = printer.registration;
  registration.id = "9347a110c5423fe412ce45533bfc10e6";
  registration.model_id = "20021";
  registration.model = "K2Pro";
  registration.name = "a-03";
  registration.groups = {"rack-a"};
  registration.labels = {{"room", "2"}};
  registration.enrolment = Enrolment::kEnrolled;
  registration.firmware = "3.1.0";
  registration.machine_version = "1.1.0";
  registration.bed = Bed::kOccupied;
  printer.presence = Presence::kOnline;
  printer.address = "192.0.2.17";
  printer.work_state = State::kPrinting;
  printer.state_since = FromEpochMs(1'767'225'600'000);
  printer.readings = {210.0, 210.0, 60.5, 60.0, 1.0, protocol::SpeedMode::kStandard, 0.05};
  printer.reported_at = FromEpochMs(1'767'225'601'250);
  printer.received_at = FromEpochMs(1'767'225'601'300);
  Job job;
  job.id = JobId{17};
  job.task_id = "482913";
  job.filename = "clip.gcode";
  job.state = JobState::kPrinting;
  job.progress_ratio = 0.45;
  job.layer = 100;
  job.layers = 300;
  job.elapsed_s = 1200;
  job.remaining_s = 3600;
  job.material_used_mm = 123;
  printer.job = job;
  return printer;
}

// The numbers are the writer's: compare them through it.
std::string Number(double number) {
  return json::Writer().Number(number).Take();
}

TEST(Document, OfAPrintingPrinter) {
  const std::string expected =
      R"({"v":1,"printer_id":"9347a110c5423fe412ce45533bfc10e6","model_id":"20021",)"
      R"("model":"K2Pro","name":"a-03","groups":["rack-a"],"labels":{"room":"2"},)"
      R"("enrolment":"enrolled","online":true,"offline_reason":null,"flapping":false,"address":"192.0.2.17",)"
      R"("state":"printing","state_since":"2026-01-01T00:00:00.000Z","bed":"occupied",)"
      R"("maintenance":null,"firmware":"3.1.0","machine_version":"1.1.0","nozzle_temp_c":)" +
      Number(210) + R"(,"nozzle_target_c":)" + Number(210) + R"(,"bed_temp_c":)" + Number(60.5) +
      R"(,"bed_target_c":)" + Number(60) + R"(,"fan_ratio":)" + Number(1) +
      R"(,"print_speed_mode":"standard","z_offset_mm":)" + Number(0.05) +
      R"(,"job":{"job_id":17,"task_id":"482913","filename":"clip.gcode","progress_ratio":)" +
      Number(0.45) + R"(,"layer":100,"layers":300,"elapsed_s":)" + Number(1200) +
      R"(,"remaining_s":)" + Number(3600) + R"(,"material_used_mm":)" + Number(123) +
      R"(},"last_error":null,"reported_at":"2026-01-01T00:00:01.250Z",)"
      R"("received_at":"2026-01-01T00:00:01.300Z"})";
  EXPECT_EQ(Document(PrintingPrinter(), Codes()), expected);
}

TEST(Document, WhatTheOperatorSetIsThereWhenItIsSet) {
  Printer printer = PrintingPrinter();
  EXPECT_EQ(Document(printer, Codes()).find("note"), std::string::npos);
  printer.registration.note = "bought used";
  printer.registration.topic_form = protocol::TopicForm::kLong;
  EXPECT_NE(Document(printer, Codes())
                .find(R"("enrolment":"enrolled","topic_form":"long","note":"bought used",)"),
            std::string::npos);
}

TEST(Document, WhatWasNeverSaidIsNull) {
  Printer printer;
  printer.registration.id = "p";
  printer.registration.model_id = printer.registration.model = "20021";
  printer.registration.name = "20021-p";
  EXPECT_EQ(
      Document(printer, Codes()),
      R"({"v":1,"printer_id":"p","model_id":"20021","model":"20021","name":"20021-p",)"
      R"("groups":[],"labels":{},"enrolment":"pending","online":null,"offline_reason":null,"flapping":false,)"
      R"("address":null,"state":"unknown","state_since":null,"bed":"unknown",)"
      R"("maintenance":null,"firmware":null,"machine_version":null,"nozzle_temp_c":null,)"
      R"("nozzle_target_c":null,"bed_temp_c":null,"bed_target_c":null,"fan_ratio":null,)"
      R"("print_speed_mode":null,"z_offset_mm":null,"job":null,"last_error":null,)"
      R"("reported_at":null,"received_at":null})");
}

TEST(Document, OfAnOfflinePrinterWithAnErrorAndAnEndedJob) {
  Printer printer = PrintingPrinter();
  printer.presence = Presence::kOffline;
  printer.offline_reason = OfflineReason::kWill;
  printer.job->state = JobState::kEnded;
  printer.job->outcome = Outcome::kFailed;
  printer.last_error = LastError{10122, "nozzle heating failed", FromEpochMs(1'767'225'600'000)};
  const std::string document = Document(printer, Codes());
  EXPECT_NE(document.find(R"("online":false,"offline_reason":"will",)"), std::string::npos);
  EXPECT_NE(document.find(R"("state":"offline",)"), std::string::npos);
  EXPECT_NE(document.find(R"("job":null,"last_error":{"code":10122,)"
                          R"("text":"nozzle heating failed","at":"2026-01-01T00:00:00.000Z",)"
                          R"("advice":"Check the heater.","retry":"after_fix"},)"),
            std::string::npos);
  printer.last_error->code = 77777;  // nobody has written it down
  EXPECT_NE(Document(printer, Codes()).find(R"("advice":null,"retry":null},)"), std::string::npos);
}

TEST(Document, IsValidJsonWhateverTheFileIsCalled) {
  Printer printer = PrintingPrinter();
  printer.job->filename = "\xC4\xE3\xBA\xC3 (1).gcode";  // GBK, from a stick
  json::Parser parser;
  const std::string document = Document(printer, Codes());
  const auto value = parser.Parse(document, json::Limits());
  ASSERT_TRUE(value.ok());
  EXPECT_TRUE((*value)["job"]["filename"].IsString());
}

}  // namespace
}  // namespace printfleet::printer
