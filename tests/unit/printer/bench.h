// One printer with a clock of its own, driven by text. A line of a scenario is
//
//   <seconds> <what the world says> => <state> <job>
//
// where <state> is the effective state and <job> is "-", "<id>:<state>", or "<id>:<outcome>" of an
// ended one. Deadlines that come before a line's time are served first. The verbs are in bench.cc.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "printer/apply.h"

namespace printfleet::printer::testing {

inline constexpr int64_t kStartMs = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

// config/error_codes.yaml, as the daemon has it.
settings::ErrorCodes InstalledErrorCodes();

class Bench {
 public:
  Bench();

  // Advances to `at`, serving each deadline on its way, checking that serving moves it.
  void AdvanceTo(seconds at);

  Change Report(const protocol::ReportBody& body, const protocol::Envelope& envelope = {});

  // Applies what stands before "=>" and returns what stands behind it as it is.
  std::string Do(const std::string& line);

  // Lets every outcome stand, and tells how many jobs were counted.
  int Settled();

  // The daemon is started again: what core's Rebuild finds in the store is all there is.
  void Restart();

  // Runs all lines; every difference is a test failure with its line.
  void Run(const std::vector<std::string>& lines);

  [[nodiscard]] std::string Summary() const;

  // "1 finished, 2 open": the rows as last written, and what is open.
  [[nodiscard]] std::string Rows() const;

  [[nodiscard]] int Count(std::string_view kind) const;

  [[nodiscard]] Context Now();

  // Checks what must hold of every change, and keeps its rows and notices.
  void Absorb(const Change& change);

  Printer printer;
  Policy policy;
  const settings::ErrorCodes error_codes = InstalledErrorCodes();
  Instant now;
  bool live = true;
  bool retained = false;
  MonoTime read_until = MonoTime::max();  // as in Context
  int64_t next_job = 1;
  std::map<int64_t, int> counted;            // how often each job was handed to the metrics
  Outcome counted_outcome = Outcome::kNone;  // … and the last one as what
  int asked_for_job = 0;
  int row_writes = 0;
  std::map<int64_t, Job> rows;
  std::vector<Notice> notices;
  std::vector<JobEvent> job_events;
  Change last;

 private:
  std::function<JobId()> next_job_id_;
};

// The report that `words` ("print start printing task=-1 progress=10") tells of; its text is
// theirs.
protocol::Report ReportOf(const std::vector<std::string>& words);

std::vector<std::string> Words(const std::string& line);

}  // namespace printfleet::printer::testing
