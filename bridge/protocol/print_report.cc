#include "protocol/print_report.h"

#include <cmath>

#include "protocol/readings.h"
#include "protocol/words.h"

namespace printfleet::protocol {
namespace {

constexpr std::array<Word<PrintAction>, 14> kActions{
    {{"start", PrintAction::kStart},
     {"pause", PrintAction::kPause},
     {"resume", PrintAction::kResume},
     {"stop", PrintAction::kStop},
     {"update", PrintAction::kUpdate},
     {"cancel", PrintAction::kCancel},
     {"query", PrintAction::kQuery},
     {"getSliceParam", PrintAction::kGetSliceParam},
     {"localtasktrans", PrintAction::kLocalTaskTrans},
     {"monitor", PrintAction::kMonitor},
     {"autoOperation", PrintAction::kAutoOperation},
     {"reDetect", PrintAction::kReDetect},
     {"ignore", PrintAction::kIgnore},
     {"done", PrintAction::kDone}}};

// Source: shared protocol dossier §3.6. "stoped" is what the printers write.
constexpr std::array<Word<PrintWord>, 25> kWords{{{"", PrintWord::kNone},
                                                  {"downloading", PrintWord::kDownloading},
                                                  {"checking", PrintWord::kChecking},
                                                  {"preheating", PrintWord::kPreheating},
                                                  {"auto_leveling", PrintWord::kLeveling},
                                                  {"leveling", PrintWord::kLeveling},
                                                  {"levelling", PrintWord::kLeveling},
                                                  {"vibrating", PrintWord::kLeveling},
                                                  {"flow_calibrating", PrintWord::kLeveling},
                                                  {"fod", PrintWord::kLeveling},
                                                  {"printing", PrintWord::kPrinting},
                                                  {"pausing", PrintWord::kPausing},
                                                  {"paused", PrintWord::kPaused},
                                                  {"resuming", PrintWord::kResuming},
                                                  {"resumed", PrintWord::kResumed},
                                                  {"stopping", PrintWord::kStopping},
                                                  {"stoped", PrintWord::kStopped},
                                                  {"stopped", PrintWord::kStopped},
                                                  {"failed", PrintWord::kFailed},
                                                  {"finished", PrintWord::kFinished},
                                                  {"updated", PrintWord::kUpdated},
                                                  {"done", PrintWord::kDone},
                                                  {"success", PrintWord::kDone},
                                                  {"waiting", PrintWord::kWaiting},
                                                  {"monitoring", PrintWord::kWaiting}}};

constexpr Range<int64_t> kLayers{0, 10'000'000};
constexpr Range<double> kMaterialMm{0, 1e8};        // 100 km of filament
constexpr double kJobTimeMaxS = 366.0 * 24 * 3600;  // longer is another unit, or garbage

bool IsOver(PrintWord word) {
  return word == PrintWord::kFinished || word == PrintWord::kStopped || word == PrintWord::kFailed;
}

// remain_time is 0 or -1 where the printer does not know; 0 is an answer only when the job is over.
std::optional<double> RemainingS(const Fields& data, double unit_s, PrintWord word) {
  const double max = kJobTimeMaxS / unit_s;
  const std::optional<double> remaining = data.Number("remain_time", {-max, max});
  if (!remaining || *remaining < 0 || (*remaining == 0 && !IsOver(word))) {
    return std::nullopt;
  }
  return *remaining * unit_s;
}

JobBlock ReadJob(const Fields& data, const Dialect& dialect, PrintWord word) {
  JobBlock job;
  job.task_id = data.Id("taskid");
  job.local_task = data.Content("localtask");
  job.filename = data.Content("filename");
  job.progress_ratio = data.Percent("progress");
  job.layer = data.Int("curr_layer", kLayers);
  job.layers = data.Int("total_layers", kLayers);
  if (dialect.job_time_unit_s) {
    const double unit_s = *dialect.job_time_unit_s;
    const std::optional<double> elapsed = data.Number("print_time", {0, kJobTimeMaxS / unit_s});
    job.elapsed_s = elapsed ? std::optional(*elapsed * unit_s) : std::nullopt;
    job.remaining_s = RemainingS(data, unit_s, word);
  }
  if (dialect.material_in_mm) {
    job.material_used_mm = data.Number("supplies_usage", kMaterialMm);
  }
  return job;
}

// A print that goes on, by its word: what ended stays under `project` for a while, too.
bool IsUnderWay(PrintWord word) {
  switch (word) {
    case PrintWord::kDownloading:
    case PrintWord::kChecking:
    case PrintWord::kPreheating:
    case PrintWord::kLeveling:
    case PrintWord::kPrinting:
    case PrintWord::kPausing:
    case PrintWord::kPaused:
    case PrintWord::kResuming:
    case PrintWord::kResumed:
    case PrintWord::kStopping:
      return true;
    case PrintWord::kStopped:
    case PrintWord::kFailed:
    case PrintWord::kFinished:
    case PrintWord::kUpdated:
    case PrintWord::kDone:
    case PrintWord::kWaiting:
    case PrintWord::kNone:
    case PrintWord::kUnknown:
      return false;
  }
  return false;
}

// `pause` says more than the word "printing". Source: shared protocol dossier §3.6, the integers.
PrintWord WordOfPause(int64_t pause) {
  constexpr std::array<PrintWord, 5> kWordsOfPause{PrintWord::kPrinting, PrintWord::kPaused,
                                                   PrintWord::kPausing, PrintWord::kResuming,
                                                   PrintWord::kStopping};
  const auto index = static_cast<size_t>(pause);
  return pause >= 0 && index < kWordsOfPause.size() ? kWordsOfPause[index] : PrintWord::kPrinting;
}

// slice_param is an object, or one in a string.
std::optional<std::string> ReadSliceParams(const Fields& data) {
  const json::Value value = data.Whole("slice_param");
  if (value.IsObject()) {
    return value.Text();
  }
  if (!value.exists()) {
    return std::nullopt;
  }
  json::Parser parser;
  const Result<json::Value> inner = parser.Parse(value.String().value_or(""), json::Limits());
  if (!inner.ok() || !inner->IsObject()) {
    data.Fail("slice_param", "expected object, or one in a string");
    return std::nullopt;
  }
  return inner->Text();
}

// Current temperatures stand in data, targets in settings or in data.
Temperatures Merged(Temperatures data, const Temperatures& settings) {
  data.nozzle_target_c = settings.nozzle_target_c ? settings.nozzle_target_c : data.nozzle_target_c;
  data.bed_target_c = settings.bed_target_c ? settings.bed_target_c : data.bed_target_c;
  return data;
}

}  // namespace

PrintReport ReadPrintReport(const Message& message) {
  const Fields data = message.Data();
  const Fields settings = data.Object("settings");
  PrintReport report;
  report.action = message.Action(kActions, PrintAction::kOther);
  report.word = message.State(kWords, PrintWord::kUnknown);
  report.job = ReadJob(data, message.dialect, report.word);
  report.temperatures = Merged(ReadTemperatures(data), ReadTemperatures(settings));
  report.settings = ReadSettings(settings);
  report.slice_params = ReadSliceParams(data);
  return report;
}

std::optional<PrintReport> ReadProject(const Fields& project, const Dialect& dialect) {
  const std::string_view state = project.Text("state").value_or("");
  const PrintWord word = MeaningOf(kWords, state).value_or(PrintWord::kUnknown);
  if (!IsUnderWay(word)) {
    return std::nullopt;
  }
  const int64_t pause = project.Int("pause", kAnyInt).value_or(0);
  PrintReport report;
  report.word = word == PrintWord::kPrinting ? WordOfPause(pause) : word;
  report.job = ReadJob(project, dialect, report.word);
  report.job.task_id = project.Id("task_id");
  return report;
}

}  // namespace printfleet::protocol
