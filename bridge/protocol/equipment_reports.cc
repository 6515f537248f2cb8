#include "protocol/equipment_reports.h"

namespace printfleet::protocol {
namespace {

constexpr std::array<Word<VideoWord>, 8> kVideoWords{{{"", VideoWord::kNone},
                                                      {"initSuccess", VideoWord::kStarted},
                                                      {"joinSuccess", VideoWord::kJoined},
                                                      {"leaveSuccess", VideoWord::kLeft},
                                                      {"pushStopped", VideoWord::kStopped},
                                                      {"done", VideoWord::kDone},
                                                      {"success", VideoWord::kDone},
                                                      {"failed", VideoWord::kFailed}}};

constexpr std::array<Word<UserAction>, 2> kUserActions{
    {{"bindQuery", UserAction::kBindQuery}, {"unbind", UserAction::kUnbind}}};

constexpr std::array<Word<AxisAction>, 3> kAxisActions{{{"move", AxisAction::kMove},
                                                        {"turnOff", AxisAction::kTurnOff},
                                                        {"query", AxisAction::kQuery}}};

constexpr Range<double> kCoordinateMm{-10'000, 10'000};

LightPlace PlaceOf(const Fields& light) {
  switch (light.Int("type", kAnyInt).value_or(0)) {
    case 1:
      return LightPlace::kHead;
    case 2:
      return LightPlace::kChamber;
    case 3:
      return LightPlace::kCamera;
    default:
      return LightPlace::kUnknown;
  }
}

}  // namespace

VideoReport ReadVideoReport(const Message& message) {
  return {.word = message.State(kVideoWords, VideoWord::kUnknown)};
}

UserReport ReadUserReport(const Message& message) {
  return {.action = message.Action(kUserActions, UserAction::kOther), .done = message.done()};
}

PeripheralsReport ReadPeripheralsReport(const Message& message) {
  const Fields data = message.Data();
  return {
      .camera = data.Bool("camera"),
      .filament_box = data.Bool("multiColorBox"),
      .usb_stick = data.Bool("udisk"),
  };
}

LightReport ReadLightReport(const Message& message) {
  LightReport report;
  message.Data().ForEach("lights", [&report](const Fields& light) {
    report.lights.push_back({
        .place = PlaceOf(light),
        .on = light.Bool("status"),
        .brightness_ratio = light.Percent("brightness"),
    });
  });
  return report;
}

AxisReport ReadAxisReport(const Message& message) {
  const Fields data = message.Data();
  const Fields coordinates = data.Object("coordinates");
  return {
      .action = message.Action(kAxisActions, AxisAction::kOther),
      .x_mm = coordinates.Number("x", kCoordinateMm),
      .y_mm = coordinates.Number("y", kCoordinateMm),
      .z_mm = coordinates.Number("z", kCoordinateMm),
  };
}

}  // namespace printfleet::protocol
