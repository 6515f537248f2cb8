#include "protocol/temperature_report.h"

#include "protocol/readings.h"

namespace printfleet::protocol {

TemperatureReport ReadTemperatureReport(const Message& message) {
  return {.temperatures = ReadTemperatures(message.Data())};
}

FanReport ReadFanReport(const Message& message) {
  const Fields data = message.Data();
  std::optional<double> fan_ratio = data.Percent("fan_speed_pct");
  if (!fan_ratio) {
    fan_ratio = data.Object("settings").Percent("fan_speed_pct");
  }
  return {
      .fan_ratio = fan_ratio,
      .auxiliary_fan_ratio = ReadAuxiliaryFan(data),
      .box_fan_level = ReadBoxFanLevel(data),
  };
}

}  // namespace printfleet::protocol
