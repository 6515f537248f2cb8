#include "protocol/temperature_report.h"

#include "protocol/readings.h"

namespace printfleet::protocol {

TemperatureReport ReadTemperatureReport(const Message& message) {
  return {.temperatures = ReadTemperatures(message.data)};
}

FanReport ReadFanReport(const Message& message) {
  std::optional<double> fan_ratio = message.data.Percent("fan_speed_pct");
  if (!fan_ratio) {
    fan_ratio = message.data.Object("settings").Percent("fan_speed_pct");
  }
  return {.fan_ratio = fan_ratio};
}

}  // namespace printfleet::protocol
