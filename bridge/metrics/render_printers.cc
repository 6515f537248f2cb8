// The page of single printers.
#include <optional>
#include <string>
#include <vector>

#include "metrics/render.h"
#include "metrics/series_page.h"

namespace printfleet::metrics {
namespace {

constexpr std::string_view kNozzle = R"(sensor="nozzle")";
constexpr std::string_view kBed = R"(sensor="bed")";
constexpr size_t kBytesAPrinter = 1200;  // ten series

// A printer and its label.
struct Shown {
  const PrinterReading* printer;
  std::string id;
};

void AddTo(SeriesPage& page, const std::optional<double>& value,
           std::initializer_list<std::string_view> labels) {
  if (value) {
    page.Add(*value, labels);
  }
}

void AddIdentity(SeriesPage& page, const std::vector<Shown>& fleet) {
  page.Begin("printer_up", "1 while the printer is online.");
  for (const Shown& shown : fleet) {
    page.Add(shown.printer->up ? 1 : 0, {shown.id});
  }
  page.Begin("printer_info", "Always 1: what the printer is.");
  for (const Shown& shown : fleet) {
    page.Add(1, {shown.id, LabelText("name", shown.printer->name),
                 LabelText("model", shown.printer->model),
                 LabelText("firmware", shown.printer->firmware)});
  }
  page.Begin("printer_state", "1 with the printer's current state as label.");
  for (const Shown& shown : fleet) {
    page.Add(1, {shown.id, LabelText("state", shown.printer->state)});
  }
  page.Begin("printer_last_report_timestamp_seconds",
             "When the printer's last report came, by the daemon's clock.");
  for (const Shown& shown : fleet) {
    if (const std::optional<WallTime>& at = shown.printer->last_report_at) {
      page.Add(static_cast<double>(EpochMs(*at)) / 1000, {shown.id});
    }
  }
}

// Of printers that are up.
void AddReadings(SeriesPage& page, const std::vector<Shown>& up) {
  page.Begin("printer_temperature_celsius", "Temperature as last reported.");
  for (const Shown& shown : up) {
    AddTo(page, shown.printer->nozzle_temp_c, {shown.id, kNozzle});
    AddTo(page, shown.printer->bed_temp_c, {shown.id, kBed});
  }
  page.Begin("printer_temperature_target_celsius",
             "Temperature that the printer was told to reach; 0 is off.");
  for (const Shown& shown : up) {
    AddTo(page, shown.printer->nozzle_target_c, {shown.id, kNozzle});
    AddTo(page, shown.printer->bed_target_c, {shown.id, kBed});
  }
  page.Begin("printer_progress_ratio", "Progress of the running print, 0 to 1.");
  for (const Shown& shown : up) {
    AddTo(page, shown.printer->progress_ratio, {shown.id});
  }
  page.Begin("printer_print_remaining_seconds",
             "What the printer expects the running print to take yet.");
  for (const Shown& shown : up) {
    AddTo(page, shown.printer->remaining_s, {shown.id});
  }
}

}  // namespace

std::string RenderPrinters(const Snapshot& snapshot) {
  SeriesPage page(snapshot.printers.size() * kBytesAPrinter);
  std::vector<Shown> fleet;
  fleet.reserve(snapshot.printers.size());
  for (const PrinterReading& printer : snapshot.printers) {
    fleet.push_back({&printer, LabelText("printer_id", printer.id)});
  }
  AddIdentity(page, fleet);
  std::erase_if(fleet, [](const Shown& shown) { return !shown.printer->up; });
  AddReadings(page, fleet);
  return std::move(page).Take();
}

}  // namespace printfleet::metrics
