#include "protocol/info_report.h"

#include "protocol/readings.h"
#include "protocol/status_report.h"

namespace printfleet::protocol {

InfoReport ReadInfoReport(const Message& message) {
  const Fields data = message.Data();
  // `project` and `last_project` are left alone: print/report says the same, and says it in time.
  return {
      .work = WorkStateOf(data.Text("state").value_or("")),
      .temperatures = ReadTemperatures(data.Object("temp")),
      .settings = ReadSettings(data),
      .auxiliary_fan_ratio = ReadAuxiliaryFan(data),
      .box_fan_level = ReadBoxFanLevel(data),
  };
}

}  // namespace printfleet::protocol
