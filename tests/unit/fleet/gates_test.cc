#include "fleet/gates.h"

#include <gtest/gtest.h>

#include "farm.h"
#include "fleet/parse.h"
#include "fleet/select.h"
#include "fleet/stop.h"

namespace printfleet::fleet {
namespace {

const std::string kStart = R"({"file":{"storage":"local","filename":"a.gcode"}})";
const std::string kOta =
    R"({"url":"http://h/u","md5":"0123456789abcdef0123456789abcdef","size_bytes":5,"version":"3.1.4","name":"u","confirm":true})";

std::string StartFor(const std::string& model) {
  return kStart.substr(0, kStart.size() - 1) + R"(,"for_model":")" + model + "\"}";
}

struct Case {
  const char* what;
  std::function<void(Farm&, printer::Printer&)> arrange;
  std::string command;
  std::string args;
  SkipReason reason;
};

Request Parse(Farm& farm, const std::string& command, const std::string& args) {
  Parsed parsed = ParseRequest(farm.rules(), farm.operator_,
                               Farm::Make(1, command, R"({"all":true})", args), farm.now);
  EXPECT_FALSE(parsed.rejection) << command << " " << parsed.rejection->message;
  return parsed.request;
}

void Nothing(Farm&, printer::Printer&) {}

void Pending(Farm&, printer::Printer& printer) {
  printer.registration.enrolment = printer::Enrolment::kPending;
}

void Rejected(Farm&, printer::Printer& printer) {
  printer.registration.enrolment = printer::Enrolment::kRejected;
}

void Offline(Farm&, printer::Printer& printer) {
  printer.presence = printer::Presence::kOffline;
}

void Unknown(Farm&, printer::Printer& printer) {
  printer.presence = printer::Presence::kUnknown;
}

void Maintenance(Farm&, printer::Printer& printer) {
  printer.registration.maintenance = "belt";
}

void Hold(Farm& farm, printer::Printer&) {
  farm.world.ledger.Mutable().hold = "smoke";
}

void UnknownModel(Farm&, printer::Printer& printer) {
  printer.registration.model_id = "20099";
}

void NoFirmware(Farm&, printer::Printer& printer) {
  printer.registration.firmware.clear();
}

void BedUnknown(Farm&, printer::Printer& printer) {
  printer.registration.bed = printer::Bed::kUnknown;
}

void BedOccupied(Farm&, printer::Printer& printer) {
  printer.registration.bed = printer::Bed::kOccupied;
}

void Busy(Farm&, printer::Printer& printer) {
  printer.work_state = printer::State::kBusy;
}

void Fault(Farm&, printer::Printer& printer) {
  printer.work_state = printer::State::kFault;
}

void Printing(Farm&, printer::Printer& printer) {
  printer.work_state = printer::State::kPrinting;
  printer.job = printer::Job{};
  printer.job->id = JobId{7};
  printer.job->task_id = "5";
  printer.job->state = printer::JobState::kPrinting;
}

TEST(Gates, SayWhyNot) {
  const std::string heat = R"({"bed_target_c":60})";
  const std::string attended = R"({"bed_target_c":60,"unattended_ok":true})";
  const std::vector<Case> cases = {
      {"idle", Nothing, "print.start", kStart, SkipReason::kNone},
      {"its model", Nothing, "print.start", StartFor("K2Pro"), SkipReason::kNone},
      {"its model id", Nothing, "print.start", StartFor("20021"), SkipReason::kNone},
      {"another model", Nothing, "print.start", StartFor("K2Max"), SkipReason::kWrongModel},
      {"pending", Pending, "print.start", kStart, SkipReason::kPending},
      {"pending", Pending, "status.query", "{}", SkipReason::kPending},
      {"rejected", Rejected, "status.query", "{}", SkipReason::kPending},
      {"offline", Offline, "print.start", kStart, SkipReason::kOffline},
      {"offline", Offline, "status.query", "{}", SkipReason::kOffline},
      {"not heard", Unknown, "print.start", kStart, SkipReason::kOffline},
      {"not heard", Unknown, "status.query", "{}", SkipReason::kNone},
      {"maintenance", Maintenance, "print.start", kStart, SkipReason::kMaintenance},
      {"maintenance", Maintenance, "ota.update", kOta, SkipReason::kMaintenance},
      {"maintenance", Maintenance, "print.update", attended, SkipReason::kMaintenance},
      {"maintenance", Maintenance, "file.list_local", "{}", SkipReason::kNone},
      {"hold", Hold, "print.start", kStart, SkipReason::kHold},
      {"hold", Hold, "ota.update", kOta, SkipReason::kHold},
      {"hold", Hold, "print.update", attended, SkipReason::kHold},
      {"hold", Hold, "print.update", R"({"fan_ratio":1})", SkipReason::kNone},
      {"hold", Hold, "printer.raw", R"({"type":"tempature","action":"set"})", SkipReason::kHold},
      {"hold", Hold, "printer.raw", R"({"type":"axis","action":"query"})", SkipReason::kNone},
      {"hold", Hold, "printer.raw", R"({"type":"ota","action":"reportVersion"})",
       SkipReason::kNone},
      {"hold", Hold, "printer.raw", R"({"type":"ota","action":"reportVersion","data":{}})",
       SkipReason::kHold},
      {"unknown model", UnknownModel, "print.start", kStart, SkipReason::kUnsupported},
      {"unknown model", UnknownModel, "status.query", "{}", SkipReason::kNone},
      {"no firmware", NoFirmware, "print.start", kStart, SkipReason::kFirmwareUnknown},
      {"no firmware", NoFirmware, "fan.set", R"({"fan_ratio":1})", SkipReason::kFirmwareUnknown},
      {"no firmware", NoFirmware, "print.query", "{}", SkipReason::kNone},
      {"bed unknown", BedUnknown, "print.start", kStart, SkipReason::kBedNotClear},
      {"bed unknown", BedUnknown, "print.start",
       R"({"file":{"storage":"local","filename":"a"},"bed_unknown_ok":true})", SkipReason::kNone},
      {"bed occupied", BedOccupied, "print.start",
       R"({"file":{"storage":"local","filename":"a"},"bed_unknown_ok":true})",
       SkipReason::kBedNotClear},
      {"bed occupied", BedOccupied, "ota.update", kOta, SkipReason::kNone},
      {"busy", Busy, "print.start", kStart, SkipReason::kBusy},
      {"fault", Fault, "print.start", kStart, SkipReason::kWrongState},
      {"printing", Printing, "print.start", kStart, SkipReason::kBusy},
      {"printing", Printing, "ota.update", kOta, SkipReason::kBusy},
      {"idle", Nothing, "print.update", heat, SkipReason::kNoJob},
      {"idle", Nothing, "print.update", attended, SkipReason::kNone},
      {"printing", Printing, "print.update", heat, SkipReason::kNone},
      {"idle", Nothing, "print.resume", "{}", SkipReason::kNoJob},
      {"idle", Nothing, "print.cancel", "{}", SkipReason::kNoJob},
      {"idle", Nothing, "print.resume", R"({"task_id":"9"})", SkipReason::kNone},
      {"printing", Printing, "print.resume", R"({"if_job":7})", SkipReason::kNone},
      {"printing", Printing, "print.resume", R"({"if_job":8})", SkipReason::kNoJob},
  };
  for (const Case& c : cases) {
    Farm farm;
    farm.Add("a");
    c.arrange(farm, farm.At("a"));
    const Request request = Parse(farm, c.command, c.args);
    const Gate gate = CheckGates(farm.world, farm.rules(), {request, farm.At("a"), {}, false});
    EXPECT_EQ(Name(gate.reason), Name(c.reason)) << c.what << " " << c.command << " " << c.args;
  }
}

TEST(Gates, AreAllOpenForStops) {
  for (const auto& arrange :
       {Nothing, Pending, Rejected, Offline, Unknown, Maintenance, Hold, UnknownModel, NoFirmware,
        BedUnknown, BedOccupied, Busy, Fault, Printing}) {
    for (const auto& [command, args] : std::vector<std::pair<std::string, std::string>>{
             {"print.stop", "{}"},
             {"print.pause", "{}"},
             {"print.update", R"({"nozzle_target_c":0,"bed_target_c":0})"}}) {
      Farm farm;
      farm.Add("a");
      arrange(farm, farm.At("a"));
      const Request request = Parse(farm, command, args);
      EXPECT_TRUE(IsStop(request)) << command;
      EXPECT_TRUE(CheckGates(farm.world, farm.rules(), {request, farm.At("a"), {}, false}).open());
    }
  }
}

TEST(Gates, IfJobHoldsBackAStopToo) {
  Farm farm;
  farm.Add("a");
  Printing(farm, farm.At("a"));
  const Request other = Parse(farm, "print.stop", R"({"if_job":8})");
  EXPECT_EQ(CheckGates(farm.world, farm.rules(), {other, farm.At("a"), {}, false}).reason,
            SkipReason::kNoJob);
  const Request same = Parse(farm, "print.stop", R"({"if_job":7})");
  EXPECT_TRUE(CheckGates(farm.world, farm.rules(), {same, farm.At("a"), {}, false}).open());
}

TEST(Gates, AnUpdateIsAStopOnlyWithHeatersAtZeroAlone) {
  Farm farm;
  EXPECT_TRUE(IsStop(Parse(farm, "print.update", R"({"bed_target_c":0})")));
  EXPECT_FALSE(IsStop(Parse(farm, "print.update", R"({"bed_target_c":1})")));
  EXPECT_FALSE(IsStop(Parse(farm, "print.update", R"({"bed_target_c":0,"fan_ratio":0})")));
  EXPECT_FALSE(IsStop(Parse(farm, "print.update", R"({"fan_ratio":0})")));
  EXPECT_FALSE(IsStop(Parse(farm, "print.resume", "{}")));
}

std::string Selected(Farm& farm, const std::string& target) {
  farm.world.Merge();
  Target parsed;
  json::Parser parser;
  const auto document = parser.Parse(target, {});
  const auto rejected = ParseTarget(*document, parsed);
  EXPECT_FALSE(rejected) << target;
  const auto selected = Select(farm.world, farm.rules(), parsed);
  const auto* selection = std::get_if<Selection>(&selected);
  if (selection == nullptr) {
    return "rejected: " + std::get<Rejection>(selected).path;
  }
  std::string text;
  for (const PrinterId& id : selection->printers) {
    text.append(text.empty() ? "" : " ").append(id.substr(0, id.size() - 3));
  }
  return text;
}

TEST(Select, JoinsEverySelectorByAnd) {
  Farm farm;
  farm.Add("c", "20021").registration.groups = {"rack-a"};
  farm.Add("b", "20022").registration.groups = {"rack-a", "rack-b"};
  farm.Add("a", "20021").registration.labels = {{"row", "3"}};
  farm.Add("d", "20023").registration.firmware = "3.0.10";
  farm.Add("e", "20023").registration.firmware.clear();
  farm.At("c").work_state = printer::State::kPrinting;
  farm.At("b").registration.enrolment = printer::Enrolment::kPending;
  farm.Add("f").registration.enrolment = printer::Enrolment::kRetired;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"all":true})", "a b c d e"},
      {R"({"models":["K2Pro"]})", "a c"},
      {R"({"models":["20021","K2Plus"]})", "a b c"},
      {R"({"printers":["c","a-id"]})", "a c"},
      {R"({"groups":["rack-a"]})", "b c"},
      {R"({"groups":["rack-a"],"models":["K2Pro"]})", "c"},
      {R"({"groups":["nobody"]})", ""},
      {R"({"labels":{"row":"3"}})", "a"},
      {R"({"states":["printing","offline"]})", "c"},
      {R"({"enrolment":["pending"]})", "b"},
      {R"({"enrolment":["retired"]})", "f"},
      {R"({"printers":["f-id"]})", ""},
      {R"({"printers":["f"]})", "rejected: target.printers[0]"},
      {R"({"bed":["clear"],"exclude":["a"]})", "b c d e"},
      {R"({"firmware":"<3.1"})", "d"},
      {R"({"firmware":">=3.1.2"})", "a b c"},
      {R"({"firmware":"!=3.1.2"})", "d"},
      {R"({"firmware":"3.0.10"})", "d"},
      {R"({"all":true,"limit":2})", "a b"},
      {R"({"all":true,"percent":30})", "a b"},
      {R"({"all":true,"percent":100,"limit":1})", "a"},
  };
  for (const auto& [target, wanted] : cases) {
    EXPECT_EQ(Selected(farm, target), wanted) << target;
  }
}

TEST(Select, HashIsOfTheSetOfPrinters) {
  EXPECT_EQ(TargetHash({"b", "a"}), TargetHash({"a", "b"}));
  EXPECT_NE(TargetHash({"ab"}), TargetHash({"a", "b"}));
}

TEST(Gates, RefuseAFileForAModelThatNobodyKnows) {
  Farm farm;
  farm.Add("a");
  farm.Send(Farm::Make(1, "print.start", R"({"all":true})", StartFor("K2Por")));
  EXPECT_EQ(At(farm.Last("rejected"), "path"), "\"args.for_model\"");
  EXPECT_NE(farm.Last("rejected").find("K2Pro"), std::string::npos);
}

}  // namespace
}  // namespace printfleet::fleet
