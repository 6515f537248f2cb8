// Every request among the fixtures, built from typed arguments and compared member by member.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <ostream>
#include <set>

#include "protocol/request.h"
#include "tests/unit/protocol/fixtures.h"

namespace printfleet::protocol {
namespace {

using Paths = std::set<std::string>;

struct Sample {
  std::string file;
  Request request;
  Paths retyped;   // the sample has a placeholder where captures show a number or a bool
  Paths added;     // ours only: other authors send it to real printers
  Paths left_out;  // the sample's only
};

void PrintTo(const Sample& sample, std::ostream* out) {
  *out << sample.file;
}

const Firmware kFirmware{.version = "firmware_version",
                         .name = "firmware_name",
                         .url = "firmware_url",
                         .md5 = "firmware_md5",
                         .size_bytes = 115237115,
                         .force_update = true};

const UpdatePrint kUpdate{.task_id = "0",
                          .nozzle_target_c = 60,
                          .bed_target_c = 60,
                          .fan_ratio = 1,
                          .speed_mode = SpeedMode::kStandard,
                          .z_offset_mm = 0.05};

const StartFromUrl kStart{.task_id = "482913",
                          .url =
                              "http://192.168.1.234:5000/uploads/"
                              "5f0c2c4e-7d1b-4b57-9d1c-2f8d8c0b7e11cube.gcode",
                          .md5 = "943c0dff568dd508e21af2d894bb6b49",
                          .size_bytes = 188000,
                          .filename = "cube.gcode",
                          .project_type = std::nullopt};

const StartFromUrl kListedStart{.task_id = "<taskid>",
                                .url = "<url>",
                                .md5 = "<md5>",
                                .size_bytes = 1,
                                .filename = "<filename>",
                                .project_type = 1};

const StartFromFile kLocalStart{.task_id = "482913",
                                .storage = Storage::kLocal,
                                .path = "/",
                                .filename = "cube.gcode",
                                .project_type = std::nullopt};

const Paths kFirmwareRetyped{"data.force_update", "data.firmware_size"};
const ListFiles kUsbList{Storage::kUsb, "/"};

#define AGG "AGG2017_kobra-unleashed__"
#define SEED "ultimateshadsform_Anycubic-Kobra-2-Series-Tools__req-"

// clang-format off
const std::vector<Sample>& Samples() {
  static const std::vector<Sample> kSamples{
      {AGG "req-file-listLocal__1", ListFiles(), {}, {"data.path"}, {}},
      {AGG "req-file-listUdisk__1", kUsbList, {}, {"data.path"}, {}},
      {AGG "req-print-pause__1", ControlJob{JobVerb::kPause, "482913"}, {}, {}, {}},
      {AGG "req-print-resume__1", ControlJob{JobVerb::kResume, "482913"}, {}, {}, {}},
      {AGG "req-print-stop__1", ControlJob{JobVerb::kStop, "482913"}, {}, {}, {}},
      {AGG "req-print-start__1", kLocalStart, {}, {}, {}},
      {AGG "req-print-start__2", kStart, {}, {}, {}},
      {AGG "req-set-update__1", SetFan{0.5}, {}, {}, {}},
      {SEED "file-listLocal__1", ListFiles(), {}, {"data.task_mode", "path"}, {}},
      {SEED "file-listUdisk__1", kUsbList, {}, {"data.task_mode", "path"}, {}},
      {SEED "file-deleteLocal__1", DeleteFile{Storage::kLocal, "dir", "filename"}, {}, {}, {}},
      {SEED "file-deleteUdisk__1", DeleteFile{Storage::kUsb, "dir", "filename"}, {}, {}, {}},
      {SEED "status-query__1", QueryStatus(), {}, {}, {}},
      {SEED "video-startCapture__1", StartCapture{"region", "tmpSecret", "tmpSecretId", "sessionToken"}, {}, {}, {}},
      {SEED "print-getSliceParam__1", QuerySliceParams(), {}, {}, {}},
      {SEED "print-query__1", QueryPrint(), {}, {}, {}},
      {SEED "print-localtasktrans__1", MapLocalTask{"<taskid>", "<localtask>"}, {}, {}, {}},
      {SEED "print-start__1", kListedStart, {"data.filesize", "data.filetype", "data.project_type"}, {"data.task_mode"}, {"data.filepath"}},
      {SEED "print-pause__1", ControlJob{JobVerb::kPause, "<taskid>"}, {}, {}, {}},
      {SEED "print-resume__1", ControlJob{JobVerb::kResume, "<taskid>"}, {}, {}, {}},
      {SEED "print-stop__1", ControlJob{JobVerb::kStop, "<taskid>"}, {}, {}, {}},
      {SEED "print-cancel__1", ControlJob{JobVerb::kCancel, "<taskid>"}, {}, {}, {}},
      {SEED "print-update__1", kUpdate, {"data.settings.z_comp"}, {}, {}},
      {SEED "ota-reportVersion__1", QueryVersion{kFirmware}, kFirmwareRetyped, {}, {}},
      {SEED "ota-update__1", UpdateFirmware{kFirmware}, kFirmwareRetyped, {}, {}},
      {"jbatonnet_Rinkhals__req-print-update__1",
       UpdatePrint{"492102245", std::nullopt, 60, std::nullopt, std::nullopt, std::nullopt}, {}, {}, {}},
  };
  return kSamples;
}

// clang-format on

// Not ours to send, or no JSON at the source (then encode_test.cc has it by hand).
bool IsElsewhere(const std::string& file) {
  constexpr std::array kElsewhere{"req-axis", "req-multiColorBox", "req-cloudRecommendList",
                                  "jbatonnet_Rinkhals__req-print-start", "__wire-req-"};
  return std::ranges::any_of(
      kElsewhere, [&file](std::string_view part) { return file.find(part) != std::string::npos; });
}

TEST(EncodeFixtures, EveryRequestIsInTheTable) {
  for (const Fixture& fixture : Fixtures()) {
    if (fixture.file.find("req-") != std::string::npos && !IsElsewhere(fixture.file)) {
      EXPECT_NE(std::ranges::find(Samples(), fixture.file, &Sample::file), Samples().end())
          << fixture.file;
    }
  }
}

class EncodeFixture : public testing::TestWithParam<Sample> {};

TEST_P(EncodeFixture, HasTheSamplesMembers) {
  const Sample& sample = GetParam();
  std::map<std::string, std::string> expected = RequestMembers(FixtureNamed(sample.file).payload);

  std::map<std::string, std::string> actual =
      RequestMembers(EncodeRequest(sample.request, "6f2c", FromEpochMs(1705245340137)));

  for (const std::string& path : sample.added) {
    EXPECT_EQ(actual.erase(path), 1U) << path;
  }
  for (const std::string& path : sample.left_out) {
    EXPECT_EQ(expected.erase(path), 1U) << path;
  }
  for (const std::string& path : sample.retyped) {
    EXPECT_EQ(expected[path].front(), '"') << path;
    EXPECT_NE(actual[path].front(), '"') << path;
    expected[path] = actual[path];
  }
  EXPECT_EQ(actual, expected);
}

INSTANTIATE_TEST_SUITE_P(All, EncodeFixture, testing::ValuesIn(Samples()),
                         [](const auto& row) { return "row" + std::to_string(row.index); });

}  // namespace
}  // namespace printfleet::protocol
