#include "protocol/filament_report.h"

#include "protocol/readings.h"

namespace printfleet::protocol {
namespace {

constexpr std::array<Word<FilamentBoxAction>, 8> kActions{
    {{"getInfo", FilamentBoxAction::kGetInfo},
     {"setInfo", FilamentBoxAction::kSetInfo},
     {"refresh", FilamentBoxAction::kRefresh},
     {"setDry", FilamentBoxAction::kSetDry},
     {"autoUpdateDryStatus", FilamentBoxAction::kAutoUpdateDryStatus},
     {"feedFilament", FilamentBoxAction::kFeedFilament},
     {"setAutoFeed", FilamentBoxAction::kSetAutoFeed},
     {"autoUpdateInfo", FilamentBoxAction::kAutoUpdateInfo}}};

constexpr Range<int64_t> kBoxIds{0, 255};
constexpr Range<int64_t> kSlots{-1, 255};

FilamentBox ReadBox(const Fields& box) {
  const Fields drying = box.Object("drying_status");
  FilamentBox read{
      .id = box.Int("id", kBoxIds),
      .loaded_slot = box.Int("loaded_slot", kSlots),
      .temperature_c = box.Number("temp", kTemperatureC),
      .drying = drying.Bool("status"),
      .drying_target_c = drying.Number("target_temp", kTemperatureC),
      .slots = {},
  };
  box.ForEach("slots", [&read](const Fields& slot) {
    read.slots.push_back({.index = slot.Int("index", kSlots), .material = slot.Content("type")});
  });
  return read;
}

}  // namespace

FilamentBoxReport ReadFilamentBoxReport(const Message& message) {
  const Fields data = message.Data();
  FilamentBoxReport report;
  report.action = message.Action(kActions, FilamentBoxAction::kOther);
  report.done = message.done();
  if (report.action == FilamentBoxAction::kAutoUpdateInfo) {
    report.boxes.push_back(ReadBox(data));  // of one box, without a list around it
  } else {
    data.ForEach("multi_color_box",
                 [&report](const Fields& box) { report.boxes.push_back(ReadBox(box)); });
  }
  return report;
}

SpoolHolderReport ReadSpoolHolderReport(const Message& message) {
  const Fields data = message.Data();
  return {.material = data.Content("type"), .loaded = data.Bool("loaded")};
}

}  // namespace printfleet::protocol
