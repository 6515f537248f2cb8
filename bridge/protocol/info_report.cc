#include "protocol/info_report.h"

#include "protocol/print_report.h"
#include "protocol/readings.h"
#include "protocol/status_report.h"

namespace printfleet::protocol {

InfoReport ReadInfoReport(const Message& message) {
  const Fields data = message.Data();
  // `last_project` is left alone: how a print ended, print/report says in time; and `ip` is what
  // the printer has on its own network, not where it comes from.
  return {
      .work = WorkStateOf(data.Text("state").value_or("")),
      .project = ReadProject(data.Object("project"), message.dialect),
      .firmware = data.Content("version"),
      .temperatures = ReadTemperatures(data.Object("temp")),
      .settings = ReadSettings(data),
      .auxiliary_fan_ratio = ReadAuxiliaryFan(data),
      .box_fan_level = ReadBoxFanLevel(data),
  };
}

}  // namespace printfleet::protocol
