#include "protocol/ota_report.h"

#include "protocol/trimmed.h"
#include "protocol/words.h"

namespace printfleet::protocol {
namespace {

// Source: shared protocol dossier §6: states of action "update", or actions of their own.
constexpr std::array<Word<OtaStep>, 11> kSteps{{{"reportVersion", OtaStep::kVersion},
                                                {"update", OtaStep::kUnknown},  // the state says it
                                                {"start", OtaStep::kStart},
                                                {"downloading", OtaStep::kDownloading},
                                                {"updating", OtaStep::kUpdating},
                                                {"update-success", OtaStep::kSucceeded},
                                                {"update-failed", OtaStep::kFailed},
                                                {"failed", OtaStep::kFailed},
                                                {"download-failed", OtaStep::kDownloadFailed},
                                                {"canceled", OtaStep::kCanceled},
                                                {"cancelled", OtaStep::kCanceled}}};

OtaStep StepOf(const Message& message) {
  const OtaStep by_action = message.Action(kSteps, OtaStep::kUnknown);
  return by_action == OtaStep::kUnknown ? message.State(kSteps, OtaStep::kUnknown) : by_action;
}

// Some versions come with a blank behind them.
// Source: tests/fixtures/payloads/jbatonnet_Rinkhals__ota-record-kobra-3__1.json
std::optional<std::string_view> FirmwareOf(const Fields& data) {
  const std::string_view text = Trimmed(data.Text("firmware_version").value_or(""));
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

OtaReport ReadOtaReport(const Message& message) {
  const Fields data = message.Data();
  OtaReport report;
  report.step = StepOf(message);
  const std::optional<double> download = data.Percent("progress");
  const std::optional<double> update = data.Percent("current_progress");
  report.progress_ratio = report.step == OtaStep::kUpdating && update ? update
                          : download                                  ? download
                                                                      : update;
  report.firmware = FirmwareOf(data);
  report.machine_version = data.Text("machine_version");
  report.peripheral_version = data.Text("peripheral_version");
  report.model_id = data.Id("model_id");
  return report;
}

}  // namespace printfleet::protocol
