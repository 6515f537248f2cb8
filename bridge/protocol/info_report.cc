#include "protocol/info_report.h"

#include "protocol/readings.h"
#include "protocol/status_report.h"

namespace printfleet::protocol {

InfoReport ReadInfoReport(const Message& message) {
  // `project` and `last_project` are left alone: print/report says the same, and says it in time.
  return {
      .work = WorkStateOf(message.data.Text("state").value_or("")),
      .temperatures = ReadTemperatures(message.data.Object("temp")),
      .settings = ReadSettings(message.data),
  };
}

}  // namespace printfleet::protocol
