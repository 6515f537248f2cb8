#include "bench.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "settings/load.h"

namespace printfleet::printer::testing {
namespace {

using protocol::OtaStep;
using protocol::PrintAction;
using protocol::PrintWord;

// Longer than a late word may correct an outcome.
constexpr seconds kAllSettle = std::chrono::minutes(11);

template <typename Value>
Value Lookup(const std::map<std::string, Value>& table, const std::string& word) {
  const auto found = table.find(word);
  EXPECT_TRUE(found != table.end()) << "no such word in a scenario: " << word;
  return found == table.end() ? Value{} : found->second;
}

const std::map<std::string, PrintAction>& Actions() {
  static const std::map<std::string, PrintAction> kActions = {
      {"start", PrintAction::kStart},         {"pause", PrintAction::kPause},
      {"resume", PrintAction::kResume},       {"stop", PrintAction::kStop},
      {"update", PrintAction::kUpdate},       {"query", PrintAction::kQuery},
      {"slice", PrintAction::kGetSliceParam}, {"other", PrintAction::kOther}};
  return kActions;
}

const std::map<std::string, PrintWord>& PrintWords() {
  static const std::map<std::string, PrintWord> kWords = {{"downloading", PrintWord::kDownloading},
                                                          {"checking", PrintWord::kChecking},
                                                          {"preheating", PrintWord::kPreheating},
                                                          {"leveling", PrintWord::kLeveling},
                                                          {"printing", PrintWord::kPrinting},
                                                          {"pausing", PrintWord::kPausing},
                                                          {"paused", PrintWord::kPaused},
                                                          {"resuming", PrintWord::kResuming},
                                                          {"resumed", PrintWord::kResumed},
                                                          {"stopping", PrintWord::kStopping},
                                                          {"stoped", PrintWord::kStopped},
                                                          {"failed", PrintWord::kFailed},
                                                          {"finished", PrintWord::kFinished},
                                                          {"updated", PrintWord::kUpdated},
                                                          {"done", PrintWord::kDone},
                                                          {"waiting", PrintWord::kWaiting},
                                                          {"none", PrintWord::kNone},
                                                          {"unknown", PrintWord::kUnknown}};
  return kWords;
}

const std::map<std::string, OtaStep>& OtaSteps() {
  static const std::map<std::string, OtaStep> kSteps = {
      {"start", OtaStep::kStart},       {"downloading", OtaStep::kDownloading},
      {"updating", OtaStep::kUpdating}, {"succeeded", OtaStep::kSucceeded},
      {"failed", OtaStep::kFailed},     {"download_failed", OtaStep::kDownloadFailed},
      {"canceled", OtaStep::kCanceled}, {"unknown", OtaStep::kUnknown}};
  return kSteps;
}

class Fields {
 public:
  explicit Fields(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      const size_t equals = word.find('=');
      if (equals != std::string::npos) {
        fields_[word.substr(0, equals)] = std::string_view(word).substr(equals + 1);
      }
    }
  }

  [[nodiscard]] std::optional<std::string_view> Text(const std::string& name) const {
    const auto found = fields_.find(name);
    return found == fields_.end() ? std::nullopt : std::optional(found->second);
  }

  [[nodiscard]] std::optional<int64_t> Int(const std::string& name) const {
    const auto text = Text(name);
    return text ? std::optional<int64_t>(std::stoll(std::string(*text))) : std::nullopt;
  }

  [[nodiscard]] std::optional<double> Number(const std::string& name) const {
    const auto text = Text(name);
    return text ? std::optional(std::stod(std::string(*text))) : std::nullopt;
  }

 private:
  std::map<std::string, std::string_view> fields_;  // views into the words
};

protocol::PrintReport PrintOf(const std::vector<std::string>& words, const Fields& fields) {
  protocol::PrintReport print;
  print.action = Lookup(Actions(), words.at(1));
  print.word = Lookup(PrintWords(), words.at(2));
  print.job.task_id = fields.Text("task");
  print.job.local_task = fields.Text("local");
  print.job.filename = fields.Text("file");
  const auto percent = fields.Number("progress");
  print.job.progress_ratio = percent ? std::optional(*percent / 100) : std::nullopt;
  print.job.layer = fields.Int("layer");
  print.job.layers = fields.Int("layers");
  print.job.elapsed_s = fields.Number("elapsed");
  print.job.remaining_s = fields.Number("remaining");
  print.job.material_used_mm = fields.Number("material");
  print.slice_params = fields.Text("slice");
  return print;
}

protocol::OtaReport VersionOf(const Fields& fields) {
  protocol::OtaReport ota;
  ota.step = OtaStep::kVersion;
  ota.firmware = fields.Text("firmware");
  ota.machine_version = fields.Text("machine");
  return ota;
}

std::string JobSummary(const std::optional<Job>& job) {
  if (!job) {
    return "-";
  }
  return std::to_string(job->id.value) + ":" +
         std::string(job->open() ? Name(job->state) : Name(job->outcome));
}

}  // namespace

settings::ErrorCodes InstalledErrorCodes() {
  const std::string file = settings::InstalledFile("error_codes.yaml");
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  std::vector<settings::Problem> problems;
  return settings::LoadErrorCodes(text.str(), file, problems);
}

std::vector<std::string> Words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    words.push_back(word);
  }
  return words;
}

protocol::Report ReportOf(const std::vector<std::string>& words) {
  const Fields fields(words);
  protocol::Report report;
  report.envelope.code = fields.Int("code");
  report.envelope.message = fields.Text("msg").value_or("");
  const std::string& verb = words.at(0);
  if (verb == "print") {
    report.body = PrintOf(words, fields);
  } else if (verb == "free" || verb == "busy") {
    report.body = protocol::StatusReport{verb == "free" ? protocol::WorkState::kFree
                                                        : protocol::WorkState::kBusy};
  } else if (verb == "will" || verb == "hello") {
    report.body = protocol::LastWillReport{verb == "hello"};
  } else if (verb == "temp") {
    protocol::TemperatureReport temperature;
    temperature.temperatures.nozzle_c = fields.Number("nozzle");
    report.body = temperature;
  } else if (verb == "other") {
    report.envelope.type = words.at(1);
    report.body = protocol::OtherReport{};
  } else if (verb == "version") {
    report.body = VersionOf(fields);
  } else if (verb == "ota") {
    protocol::OtaReport ota;
    ota.step = Lookup(OtaSteps(), words.at(1));
    report.body = ota;
  } else {
    ADD_FAILURE() << "no such verb in a scenario: " << verb;
  }
  return report;
}

Bench::Bench() : now{FromEpochMs(kStartMs), MonoTime(seconds(0))} {
  printer.registration.id = "9347a110c5423fe412ce45533bfc10e6";
  printer.registration.model_id = "20021";
  next_job_id_ = [this] { return JobId{next_job++}; };
}

Context Bench::Now() {
  return {now, policy, error_codes, retained, live, next_job_id_, read_until};
}

void Bench::AdvanceTo(seconds at) {
  const MonoTime until{at};
  for (auto due = NextDeadline(printer, policy, live); due && *due <= until;) {
    const MonoTime moment = std::max(*due, now.mono);
    now.wall += moment - now.mono;
    now.mono = moment;
    Absorb(ApplyTime(printer, Now()));
    const auto next = NextDeadline(printer, policy, live);
    ASSERT_TRUE(!next || *next > moment) << "a deadline that was served is due again";
    due = next;
  }
  now.wall += until - now.mono;
  now.mono = until;
}

Change Bench::Report(const protocol::ReportBody& body, const protocol::Envelope& envelope) {
  protocol::Report report;
  report.printer_id = printer.registration.id;
  report.model_id = printer.registration.model_id;
  report.body = body;
  report.envelope = envelope;
  Change change = ApplyReport(printer, report, Now());
  Absorb(change);
  return change;
}

void Bench::Absorb(const Change& change) {
  for (const Job& job : change.settled) {
    EXPECT_FALSE(job.open());
    EXPECT_EQ(++counted[job.id.value], 1) << "counted twice: job " << job.id.value;
    counted_outcome = job.outcome;
  }
  for (const Job& job : change.jobs) {
    rows[job.id.value] = job;
    ++row_writes;
  }
  int open = 0;
  for (const auto& [id, job] : rows) {
    EXPECT_EQ(id, job.id.value);
    EXPECT_EQ(job.printer_id, printer.registration.id);
    EXPECT_EQ(job.open(), job.outcome == Outcome::kNone);
    EXPECT_EQ(job.open(), !job.ended_at);
    EXPECT_TRUE(!job.ended_at || *job.ended_at >= job.started_at);
    EXPECT_EQ(job.counted, counted.contains(id)) << "job " << id;
    open += job.open() ? 1 : 0;
  }
  EXPECT_LE(open, 1);
  if (printer.job) {
    ASSERT_TRUE(rows.contains(printer.job->id.value));
    EXPECT_EQ(rows[printer.job->id.value].state, printer.job->state);
    EXPECT_EQ(rows[printer.job->id.value].outcome, printer.job->outcome);
    const double progress = printer.job->progress_ratio.value_or(0);
    EXPECT_TRUE(progress >= 0 && progress <= 1) << progress;
  }
  const bool settling = printer.job && printer.job->state == JobState::kSettling;
  EXPECT_TRUE(settling || !printer.settle_deadline);
  notices.insert(notices.end(), change.notices.begin(), change.notices.end());
  job_events.insert(job_events.end(), change.job_events.begin(), change.job_events.end());
  asked_for_job += change.questions.job ? 1 : 0;
  last = change;
}

int Bench::Settled() {
  AdvanceTo(std::chrono::duration_cast<seconds>(now.mono.time_since_epoch()) + kAllSettle);
  return static_cast<int>(counted.size());
}

void Bench::Restart() {
  Printer fresh;
  fresh.registration = printer.registration;
  fresh.state_since = printer.state_since;
  fresh.work_state = printer.work_state;
  fresh.readings = printer.readings;
  fresh.last_error = printer.last_error;
  fresh.received_at = printer.received_at;
  fresh.cut_off = printer.presence == Presence::kOffline;
  std::optional<Job> job = std::move(printer.job);
  printer = std::move(fresh);
  if (job) {
    AdoptJob(printer, *std::move(job), Now());
  }
  Absorb(ApplyLive(printer, Now()));
}

std::string Bench::Summary() const {
  return std::string(Name(EffectiveState(printer))) + " " + JobSummary(printer.job);
}

std::string Bench::Rows() const {
  std::string text;
  for (const auto& [id, job] : rows) {
    text += (text.empty() ? "" : ", ") + std::to_string(id) + " " +
            std::string(job.open() ? "open" : Name(job.outcome));
  }
  return text;
}

int Bench::Count(std::string_view kind) const {
  return static_cast<int>(std::count_if(notices.begin(), notices.end(),
                                        [&](const Notice& notice) { return notice.kind == kind; }));
}

std::string Bench::Do(const std::string& line) {
  std::vector<std::string> words = Words(line.substr(0, line.find("=>")));
  AdvanceTo(seconds(std::stoll(words.at(0))));
  words.erase(words.begin());
  const std::string& verb = words.at(0);
  const Fields fields(words);
  if (verb == "wait") {
    return Summary();
  }
  if (verb == "deaf" || verb == "live") {
    live = verb == "live";
    Absorb(live ? ApplyLive(printer, Now()) : ApplyDeaf(printer, Now()));
  } else if (verb == "backlog") {
    live = false;
  } else if (verb == "asked") {
    printer.query_sent_at = now.mono;
  } else if (verb == "order") {
    Job job;
    job.id = JobId{next_job++};
    job.printer_id = printer.registration.id;
    job.source = JobSource::kCommand;
    job.task_id = fields.Text("task").value_or("482913");
    job.filename = fields.Text("file").value_or("a.gcode");
    job.started_at = now.wall;
    Absorb(ApplyStartSent(printer, job, Now()));
  } else if (verb == "restart") {
    Restart();
  } else if (verb == "giveup") {
    Absorb(ApplyStartGivenUp(printer, JobId{*fields.Int("job")}, "never confirmed", Now()));
  } else {
    retained = verb == "retained";
    if (retained) {
      words.erase(words.begin());
    }
    const protocol::Report report = ReportOf(words);
    Report(report.body, report.envelope);
    retained = false;
  }
  return Summary();
}

void Bench::Run(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    const std::string is = Do(line);
    const size_t arrow = line.find("=>");
    if (arrow != std::string::npos) {
      EXPECT_EQ(line.substr(arrow + 3), is) << line;
    }
  }
}

}  // namespace printfleet::printer::testing
