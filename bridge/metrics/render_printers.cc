// The page of single printers.
#include "metrics/families.h"
#include "metrics/render.h"

namespace printfleet::metrics {
namespace {

using prometheus::MetricType;

// One family with at most one series of each printer, in its order.
template <typename Add>
void PerPrinter(Families& page, Family family, const Snapshot& snapshot, const Add& add) {
  for (const PrinterReading& printer : snapshot.printers) {
    add(family, printer);
  }
  page.Add(std::move(family));
}

Labels IdOnly(const PrinterReading& printer) {
  return {{"printer_id", printer.id}};
}

Labels Sensor(const PrinterReading& printer, const char* sensor) {
  return {{"printer_id", printer.id}, {"sensor", sensor}};
}

void AddTo(Family& family, const std::optional<double>& value, const Labels& labels) {
  if (value) {
    family.Add(*value, labels);
  }
}

void AddIdentity(Families& page, const Snapshot& snapshot) {
  PerPrinter(page, {MetricType::Gauge, "printer_up", "1 while the printer is online."}, snapshot,
             [](Family& family, const PrinterReading& printer) {
               family.Add(printer.up ? 1 : 0, IdOnly(printer));
             });
  PerPrinter(page, {MetricType::Gauge, "printer_info", "Always 1: what the printer is."}, snapshot,
             [](Family& family, const PrinterReading& printer) {
               family.Add(1, {{"printer_id", printer.id},
                              {"name", printer.name},
                              {"model", printer.model},
                              {"firmware", printer.firmware}});
             });
  PerPrinter(page,
             {MetricType::Gauge, "printer_state", "1 with the printer's current state as label."},
             snapshot, [](Family& family, const PrinterReading& printer) {
               family.Add(1, {{"printer_id", printer.id}, {"state", printer.state}});
             });
  PerPrinter(page,
             {MetricType::Gauge, "printer_last_report_timestamp_seconds",
              "When the printer's last report came, by the daemon's clock."},
             snapshot, [](Family& family, const PrinterReading& printer) {
               if (printer.last_report_at) {
                 family.Add(static_cast<double>(EpochMs(*printer.last_report_at)) / 1000,
                            IdOnly(printer));
               }
             });
}

void AddTemperatures(Families& page, const Snapshot& snapshot) {
  PerPrinter(page,
             {MetricType::Gauge, "printer_temperature_celsius", "Temperature as last reported."},
             snapshot, [](Family& family, const PrinterReading& printer) {
               if (printer.up) {
                 AddTo(family, printer.nozzle_temp_c, Sensor(printer, "nozzle"));
                 AddTo(family, printer.bed_temp_c, Sensor(printer, "bed"));
               }
             });
  PerPrinter(page,
             {MetricType::Gauge, "printer_temperature_target_celsius",
              "Temperature that the printer was told to reach; 0 is off."},
             snapshot, [](Family& family, const PrinterReading& printer) {
               if (printer.up) {
                 AddTo(family, printer.nozzle_target_c, Sensor(printer, "nozzle"));
                 AddTo(family, printer.bed_target_c, Sensor(printer, "bed"));
               }
             });
}

void AddProgress(Families& page, const Snapshot& snapshot) {
  PerPrinter(
      page, {MetricType::Gauge, "printer_progress_ratio", "Progress of the running print, 0 to 1."},
      snapshot, [](Family& family, const PrinterReading& printer) {
        if (printer.up) {
          AddTo(family, printer.progress_ratio, IdOnly(printer));
        }
      });
  PerPrinter(page,
             {MetricType::Gauge, "printer_print_remaining_seconds",
              "What the printer expects the running print to take yet."},
             snapshot, [](Family& family, const PrinterReading& printer) {
               if (printer.up) {
                 AddTo(family, printer.remaining_s, IdOnly(printer));
               }
             });
}

}  // namespace

std::string RenderPrinters(const Snapshot& snapshot) {
  Families page;
  AddIdentity(page, snapshot);
  AddTemperatures(page, snapshot);
  AddProgress(page, snapshot);
  return page.Text();
}

}  // namespace printfleet::metrics
