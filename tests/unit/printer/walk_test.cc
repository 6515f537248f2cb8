// A seeded random walk over everything a printer and our link can do. What must always hold is
// checked in Bench::Absorb and Bench::AdvanceTo after every step.
#include <gtest/gtest.h>

#include <random>

#include "bench.h"

namespace printfleet::printer::testing {
namespace {

class Walk {
 public:
  explicit Walk(uint64_t seed) : random_(seed) {}

  std::string Line() {
    at_ += Pick({"0", "0", "1", "1", "3", "9", "25", "130", "700"});
    switch (random_() % 12) {
      case 0:
        return Pick2({"free", "free", "busy"});
      case 1:
        return Pick2({"will", "hello", "temp nozzle=20", "asked", "wait"});
      case 2:
        return Pick2({"deaf", "live", "live", "backlog", "live"});
      case 3:
        return Pick2({"order task=1", "order task=2 file=b", "giveup job=1", "giveup job=3"});
      case 4:
        return Pick2({"ota updating", "ota failed code=10801", "ota canceled",
                      "version firmware=3.1.0", "version firmware=3.1.2"});
      default:
        return Prefix() + (random_() % 20 == 0 ? "retained " : "") + Print();
    }
  }

 private:
  using Choices = std::vector<std::string>;

  const std::string& PickText(const Choices& choices) {
    return choices[random_() % choices.size()];
  }

  int64_t Pick(const Choices& choices) { return std::stoll(PickText(choices)); }

  std::string Prefix() const { return std::to_string(at_) + " "; }

  std::string Pick2(const Choices& choices) { return Prefix() + PickText(choices); }

  std::string Print() {
    return "print " + PickText({"start", "start", "stop", "pause", "resume", "update", "other"}) +
           " " +
           PickText({"downloading", "checking", "preheating", "leveling", "printing", "printing",
                     "pausing", "paused", "resuming", "resumed", "stopping", "stoped", "failed",
                     "finished", "updated", "done", "waiting", "none", "unknown"}) +
           PickText({"", " task=-1", " task=0", " task=1", " task=2", " task=3"}) +
           PickText({"", " file=a.gcode", " file=/mnt/UDISK/a.gcode", " file=b"}) +
           PickText({"", " progress=0", " progress=40", " progress=41", " progress=100",
                     " progress=-20", " progress=140", " progress=nan"}) +
           PickText({"", " elapsed=10", " elapsed=3000"}) +
           PickText({"", "", " code=200", " code=10401", " code=10101", " code=10122"});
  }

  std::mt19937_64 random_;
  int64_t at_ = 0;
};

TEST(RandomWalk, KeepsTheInvariants) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Walk walk(seed);
    Bench bench;
    for (int i = 0; i < 400; ++i) {
      const std::string line = walk.Line();
      bench.Do(line);
      ASSERT_FALSE(::testing::Test::HasFailure()) << line << " => " << bench.Summary();
      const Change again = ApplyTime(bench.printer, bench.Now());
      ASSERT_TRUE(again.jobs.empty() && again.notices.empty()) << "nothing was due: " << line;
    }
    EXPECT_EQ(bench.next_job - 1, static_cast<int64_t>(bench.rows.size())) << "an id without a row";
  }
}

TEST(RandomWalk, TheSameReportTwiceIsTheSameAsOnce) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Walk walk(seed);
    Bench bench;
    for (int i = 0; i < 300; ++i) {
      const std::string line = walk.Line();
      bench.Do(line);
      ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed << ": " << line;
      if (line.find("print ") == std::string::npos) {
        continue;
      }
      const std::string once = bench.Summary();
      const size_t rows = bench.rows.size();
      bench.Do(line);
      ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed << ": " << line;
      ASSERT_EQ(bench.Summary(), once) << "seed " << seed << ": " << line;
      ASSERT_EQ(bench.rows.size(), rows) << "seed " << seed << ": " << line;
    }
  }
}

}  // namespace
}  // namespace printfleet::printer::testing
