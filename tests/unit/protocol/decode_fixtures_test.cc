// Every report among the fixtures, decoded, against what a person read in the file.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <ostream>

#include "protocol/decode.h"
#include "tests/unit/protocol/describe.h"
#include "tests/unit/protocol/fixtures.h"

namespace printfleet::protocol {
namespace {

struct Expected {
  std::string_view file;
  std::string_view envelope;
  std::string_view body;
};

void PrintTo(const Expected& expected, std::ostream* out) {
  *out << expected.file;
}

// clang-format off
constexpr std::array<Expected, 23> kExpected{{
    {"MolgoVulgo_anycubic-cloud-manager-v3__report-lastWill-onlineReport-online__1",
     "lastWill/onlineReport/online", "online"},
    {"MolgoVulgo_anycubic-cloud-manager-v3__report-print-getSliceParam-done__1",
     "print/getSliceParam/done code=200", "print slice/done"},
    {"MolgoVulgo_anycubic-cloud-manager-v3__report-print-pause-paused__1",
     "print/pause/paused code=200", "print pause/paused task=task-id"},
    {"MolgoVulgo_anycubic-cloud-manager-v3__report-print-resume-resuming__1",
     "print/resume/resuming code=501", "print resume/resuming task=task-id"},
    {"MolgoVulgo_anycubic-cloud-manager-v3__report-print-start-finished__1",
     "print/start/finished code=200",
     "print start/finished task=task-id file=butterfly.pwsz progress=1 layer=1928 layers=1928"},
    {"MolgoVulgo_anycubic-cloud-manager-v3__report-print-start-printing__1",
     "print/start/printing code=200",
     "print start/printing task=task-id file=butterfly.pwsz progress=0.42 layer=814 layers=1928"},
    {"MolgoVulgo_anycubic-cloud-manager-v3__report-print-stop-stoped__1",
     "print/stop/stoped code=601", "print stop/stopped task=task-id"},
    {"MolgoVulgo_anycubic-cloud-manager-v3__report-print-update-downloading__1",
     "print/update/downloading code=200",
     "print update/downloading task=task-id file=butterfly.pwsz progress=0.37"},
    {"MolgoVulgo_anycubic-cloud-manager-v3__report-status-workReport-busy__1",
     "status/workReport/busy", "status busy"},
    {"WaresWichall_hass-anycubic_cloud__response-ack__1",
     "response//", "ack"},
    {"anjomro_kobra-unleashed__report-tempature-auto-done__1",
     "tempature/auto/done code=200 at=2024-01-14T15:15:40.137Z",
     "temperature nozzle=20 nozzle_target=0 bed=20 bed_target=0"},
    {"arcane-D7_Anycubic-Bridge-Pluggin__report-axis-query-done__1",
     "axis/query/done code=200 at=2026-09-10T21:54:31.994Z",
     "axis query x=47 y=276 z=4.03420762"},
    {"arcane-D7_Anycubic-Bridge-Pluggin__report-fan-query-done__1",
     "fan/query/done code=200 at=2026-09-10T21:54:32.034Z", "fan fan=0 aux=0 box=0"},
    {"arcane-D7_Anycubic-Bridge-Pluggin__report-file-listLocal-done__1",
     "file/listLocal/done code=200 at=2026-09-10T21:54:32.128Z",
     "file list_local done\n"
     "0910-2020-OpenSCAD Model_plate(01)_PLA_0.2_2h32m25s.gcode.3mf size=3263836 at=2026-09-10T19:21:34.481Z\n"
     "0829-2148-\u76d2\u4f53(01)_PLA_0.2_1h27m22s.gcode.3mf size=1745528 at=2026-08-29T20:48:59.581Z\n"
     "0829-1957-[Small] 180L x 42W x 20H in mm(01)_PLA_0.16_4h32m9s.gcode.3mf size=5108687 at=2026-08-29T18:58:14.914Z\n"
     "anymcp-plate-final.gcode size=331610 at=2026-08-27T21:12:17.987Z\n"
     "rice+rinser+3mf_plate_1(2).gcode.3mf size=7126594 at=2026-08-25T18:25:52.511Z\n"
     "CS1_WB4_plate_1.gcode size=118272503 at=2026-08-02T16:08:45.884Z\n"
     "Arcane_D7_slot_fit_test_10_2mm_plate_1.gcode size=825287 at=2026-07-23T16:32:20.817Z"},
    {"arcane-D7_Anycubic-Bridge-Pluggin__report-info-report-done__1",
     "info/report/done code=200 at=2026-09-10T21:54:32.011Z",
     "info free nozzle=41 nozzle_target=0 bed=41 bed_target=0 fan=0 speed=standard aux=0 box=0"},
    {"arcane-D7_Anycubic-Bridge-Pluggin__report-peripherie-query-done__1",
     "peripherie/query/done code=200 at=2026-09-10T21:54:32.042Z",
     "peripherals camera=yes box=yes usb=yes"},
    {"jbatonnet_Rinkhals.apps__report-lastWill-online__1",
     "lastWill/onlineReport/online code=200 at=2024-01-14T15:15:40.137Z", "online"},
    {"jbatonnet_Rinkhals.apps__report-lastWill-online__2",
     "lastWill/onlineReport/online code=200 at=2024-01-14T15:15:40.137Z", "online"},
    {"jbatonnet_Rinkhals.apps__report-ota-reportVersion__1",
     "ota/reportVersion/done code=200 at=2024-01-14T15:15:40.137Z",
     "ota version firmware=3.1.4 machine=1.1.0 peripheral= model=20021"},
    {"jbatonnet_Rinkhals.apps__report-ota-reportVersion__2",
     "ota/reportVersion/done code=200 at=2024-01-14T15:15:40.137Z",
     "ota version firmware=2.3.5.3 machine=1.1.0 peripheral= model=20024"},
    {"jbatonnet_Rinkhals.apps__report-status-free__1",
     "status/workReport/free code=200 at=2024-01-14T15:15:40.137Z", "status free"},
    {"jbatonnet_Rinkhals.apps__report-status-free__2",
     "status/workReport/free code=200 at=2024-01-14T15:15:40.137Z", "status free"},
    {"systemik_Kobra3-Firmware__report-print-start-printing__1",
     "print/start/printing code=200",
     "print start/printing task=-1 file=XXX - Base_PLA_0.2_2h15m.gcode progress=0.03 layer=3 layers=45"
     " elapsed=1980 remaining=6120 used=4903"},
}};

// clang-format on

TEST(DecodeFixtures, EveryReportIsInTheTable) {
  for (const Fixture& fixture : Fixtures()) {
    if (IsReport(fixture)) {
      EXPECT_NE(std::ranges::find(kExpected, fixture.file, &Expected::file), kExpected.end())
          << fixture.file;
    }
  }
}

class DecodeFixture : public testing::TestWithParam<Expected> {};

TEST_P(DecodeFixture, SaysWhatTheFileSays) {
  const Fixture& fixture = FixtureNamed(GetParam().file);
  const std::string topic = PublicTopic(fixture);
  Decoder decoder{json::Limits()};

  const auto decoded = decoder.Decode(topic, fixture.payload);

  ASSERT_TRUE(std::holds_alternative<Report>(decoded)) << std::get<DecodeFailure>(decoded).message;
  const auto& report = std::get<Report>(decoded);
  const auto parts = ParseReportTopic(topic);
  EXPECT_EQ(report.model_id, parts->model_id);
  EXPECT_EQ(report.printer_id, parts->printer_id);
  EXPECT_EQ(DescribeEnvelope(report.envelope), GetParam().envelope);
  EXPECT_EQ(DescribeBody(report.body), GetParam().body);
  EXPECT_TRUE(report.field_errors.empty()) << report.field_errors.front().field;
}

INSTANTIATE_TEST_SUITE_P(All, DecodeFixture, testing::ValuesIn(kExpected),
                         [](const auto& row) { return "row" + std::to_string(row.index); });

}  // namespace
}  // namespace printfleet::protocol
