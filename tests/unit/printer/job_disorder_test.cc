// A whole print, and all that can happen to its reports: each lost, repeated a thousand times,
// swapped with its neighbour; the daemon restarted and the printer switched off after each; figures
// that jump back; the same file again. For prints of ours and of the panel, whatever the printer
// calls their task. What must hold every time is in Expect().
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "bench.h"

namespace printfleet::printer::testing {
namespace {

using Lines = std::vector<std::string>;
using Outcomes = std::set<std::string_view>;

constexpr int kStepS = 3;
constexpr int kRepetitions = 1000;
// Beyond fleet.job_settle_s, within the time in which a print that is not there counts as lost.
constexpr int kQuietS = 60;

struct Kind {
  const char* name;
  const char* task;  // as the reports have it, "" for none
  bool ours;
};

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

// The reports of a print, as a Kobra 2 sends them: the three first words come without the job.
Lines PrintOf(const Kind& kind, const std::string& task_id) {
  const std::string task = task_id.empty() ? "" : " task=" + task_id;
  const std::string job = task + " file=clip.gcode layers=300";
  Lines lines = {"free"};
  if (kind.ours) {
    lines.push_back("order file=clip.gcode" + task);
  }
  lines.push_back("print start downloading progress=100" + task);
  lines.push_back("print start checking" + task);
  lines.push_back("busy");
  lines.push_back("print start preheating progress=0" + job);
  for (int percent = 1; percent < 100; percent += 7) {
    lines.push_back("print start printing progress=" + std::to_string(percent) + " layer=" +
                    std::to_string(3 * percent) + " elapsed=" + std::to_string(30 * percent) + job);
  }
  lines.insert(lines.end() - 3, "busy");
  lines.push_back("print start finished progress=100 layer=300 elapsed=3000" + job);
  lines.push_back("free");
  return lines;
}

class Disorder : public ::testing::TestWithParam<Kind> {
 protected:
  [[nodiscard]] Lines Print() const { return PrintOf(GetParam(), GetParam().task); }

  // One line each kStepS.
  static void Say(Bench& bench, const Lines& lines) {
    for (const std::string& line : lines) {
      bench.Do(std::to_string(bench.now.mono.time_since_epoch() / seconds(1) + kStepS) + " " +
               line);
    }
  }

  // The printer is idle now: exactly these many jobs, none open, each outcome allowed, and each
  // counted once.
  static void Expect(Bench& bench, size_t jobs, const Outcomes& allowed) {
    Say(bench, {"free"});
    bench.AdvanceTo(seconds(bench.now.mono.time_since_epoch() / seconds(1) + kQuietS));
    EXPECT_EQ(bench.rows.size(), jobs) << bench.Rows();
    for (const auto& [id, job] : bench.rows) {
      EXPECT_FALSE(job.open()) << bench.Rows();
      EXPECT_TRUE(allowed.contains(Name(job.outcome))) << bench.Rows();
    }
    EXPECT_EQ(bench.Settled(), static_cast<int>(jobs));
  }
};

INSTANTIATE_TEST_SUITE_P(Tasks, Disorder,
                         ::testing::Values(Kind{"Ours", "700000001", true},
                                           Kind{"PanelMinusOne", "-1", false},
                                           Kind{"PanelZero", "0", false},
                                           Kind{"PanelNumber", "89470925", false},
                                           Kind{"PanelWithoutTask", "", false}),
                         ::testing::PrintToStringParamName());

TEST_P(Disorder, NothingHappens) {
  Bench bench;
  Say(bench, Print());
  Expect(bench, 1, {"finished"});
}

TEST_P(Disorder, EachReportLost) {
  const Lines all = Print();
  for (size_t lost = 0; lost < all.size(); ++lost) {
    SCOPED_TRACE("lost: " + all[lost]);
    if (all[lost].starts_with("order")) {
      continue;  // no report
    }
    Lines lines = all;
    lines.erase(lines.begin() + static_cast<ptrdiff_t>(lost));
    Bench bench;
    Say(bench, lines);
    const bool final_word = all[lost].find("finished") != std::string::npos;
    Expect(bench, 1, final_word ? Outcomes{"ended_unknown"} : Outcomes{"finished"});
  }
}

TEST_P(Disorder, EachReportRepeatedThousandTimes) {
  const Lines all = Print();
  for (size_t repeated = 0; repeated < all.size(); ++repeated) {
    SCOPED_TRACE("repeated: " + all[repeated]);
    Bench bench;
    for (size_t i = 0; i < all.size(); ++i) {
      Say(bench, {all[i]});
      const std::vector<std::string> words = Words(all[i]);
      const bool again = i == repeated && !all[i].starts_with("order");
      for (int n = 0; again && n < kRepetitions; ++n) {
        const protocol::Report report = ReportOf(words);
        bench.Report(report.body, report.envelope);
      }
    }
    EXPECT_LT(bench.row_writes, kRepetitions / 10);
    Expect(bench, 1, {"finished"});
  }
}

TEST_P(Disorder, EachPairSwapped) {
  const Lines all = Print();
  for (size_t first = 0; first + 1 < all.size(); ++first) {
    SCOPED_TRACE("swapped: " + all[first] + " | " + all[first + 1]);
    if (all[first].starts_with("order") || all[first + 1].starts_with("order")) {
      continue;  // no report: what we say is not swapped with what it says
    }
    Lines lines = all;
    std::swap(lines[first], lines[first + 1]);
    Bench bench;
    Say(bench, lines);
    Expect(bench, 1, {"finished"});
  }
}

TEST_P(Disorder, TheDaemonRestartedAfterEach) {
  const Lines all = Print();
  for (size_t at = 0; at < all.size(); ++at) {
    SCOPED_TRACE("after: " + all[at]);
    Lines lines = all;
    lines.insert(lines.begin() + static_cast<ptrdiff_t>(at) + 1, "restart");
    Bench bench;
    Say(bench, lines);
    Expect(bench, 1, {"finished"});
  }
}

// 12 s later it counts as offline.
const Lines kSwitchedOff = {"will", "wait", "wait", "wait", "wait"};

TEST_P(Disorder, SwitchedOffAfterEachAndBackFree) {
  const Lines all = Print();
  for (size_t at = 1; at < all.size(); ++at) {
    SCOPED_TRACE("after: " + all[at]);
    Bench bench;
    Say(bench, Lines(all.begin(), all.begin() + static_cast<ptrdiff_t>(at) + 1));
    const bool ended = bench.printer.job && !bench.printer.job->open();
    const bool requested = all[at].starts_with("order");
    Say(bench, kSwitchedOff);
    Say(bench, {"hello", "free", requested ? "giveup job=1" : "free"});
    const Outcomes others = requested ? Outcomes{"failed"} : Outcomes{"interrupted"};
    Expect(bench, 1, ended ? Outcomes{"finished"} : others);
  }
}

TEST_P(Disorder, SwitchedOffAfterEachAndPrintingOn) {
  const Lines all = Print();
  const auto begun = static_cast<size_t>(std::ranges::find_if(all,
                                                              [](const std::string& line) {
                                                                return line.find("preheating") !=
                                                                       std::string::npos;
                                                              }) -
                                         all.begin());
  for (const int away_s : {60, 7200}) {
    for (size_t at = 0; at < all.size(); ++at) {
      SCOPED_TRACE("after: " + all[at] + ", for " + std::to_string(away_s) + " s");
      if (away_s > 3600 && at < begun) {
        continue;  // what has not said its file yet is not known again after so long
      }
      const auto cut = all.begin() + static_cast<ptrdiff_t>(at) + 1;
      Bench bench;
      Say(bench, Lines(all.begin(), cut));
      Say(bench, kSwitchedOff);
      bench.AdvanceTo(seconds(bench.now.mono.time_since_epoch() / seconds(1) + away_s));
      Say(bench, {"hello", "busy"});
      Say(bench, Lines(cut, all.end()));
      const bool told = at < all.size() - 2;
      Expect(bench, 1, told ? Outcomes{"finished"} : Outcomes{"finished", "ended_unknown"});
    }
  }
}

TEST_P(Disorder, FiguresThatJumpBack) {
  const Lines all = Print();
  for (const char* back : {"progress=0", "progress=30", "progress=41 layer=118 elapsed=1190"}) {
    SCOPED_TRACE(back);
    Lines lines = all;
    const auto place = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
      return line.find("progress=43") != std::string::npos;
    });
    lines.insert(place + 1, std::string("print start printing file=clip.gcode ") + back);
    Bench bench;
    Say(bench, lines);
    Expect(bench, 1, {"finished"});
  }
}

TEST_P(Disorder, TheSameFileAgainWhateverWasLostInBetween) {
  const Kind& kind = GetParam();
  const std::string task = kind.task;
  const bool real = task.size() > 2;
  const Lines first = Print();
  Lines second = PrintOf(kind, real ? task + "7" : task);
  second.erase(second.begin());  // the free between them is the first's
  for (const size_t lost : {size_t{0}, size_t{1}, size_t{2}}) {
    if (kind.ours && lost > 0) {
      continue;  // we start nothing on a printer that has a job
    }
    SCOPED_TRACE("lost: the last " + std::to_string(lost));
    Bench bench;
    Say(bench, Lines(first.begin(), first.end() - static_cast<ptrdiff_t>(lost)));
    Say(bench, second);
    Expect(bench, 2, lost < 2 ? Outcomes{"finished"} : Outcomes{"finished", "ended_unknown"});
  }
}

}  // namespace
}  // namespace printfleet::printer::testing
