#include "bench/simulator/faults.h"

#include <gtest/gtest.h>

#include <set>

namespace printfleet::simulator {
namespace {

const char* const kPayload =
    R"({"type":"print","action":"start","msgid":"m","state":"finished","timestamp":1705245340137,)"
    R"("code":200,"msg":"a/b","data":{"taskid":"7","progress":5,"print_time":1.5}})";

std::vector<std::string> Inject(const FaultOptions& options, std::uint64_t seed, int reports) {
  FaultInjector faults(options, seed);
  std::vector<OutReport> out;
  for (int i = 0; i < reports; ++i) {
    faults.Apply({"print/report", kPayload, std::to_string(i), false}, out);
  }
  std::vector<std::string> text;
  text.reserve(out.size());
  for (const OutReport& report : out) {
    text.push_back(report.msgid + " " + report.tail + " " + report.payload);
  }
  return text;
}

TEST(Faults, NoneIsNone) {
  const std::vector<std::string> out = Inject({}, 1, 100);
  ASSERT_EQ(out.size(), 100U);
  EXPECT_EQ(out[41], std::string("41 print/report ") + kPayload);
}

TEST(Faults, SameSeedSameFaults) {
  const FaultOptions options{0.2, 0.2, 0.2, 0.2, 0.2, 1000};
  EXPECT_EQ(Inject(options, 5, 500), Inject(options, 5, 500));
  EXPECT_NE(Inject(options, 5, 500), Inject(options, 6, 500));
}

TEST(Faults, RatesAreKept) {
  FaultOptions options;
  options.lose = 0.25;
  EXPECT_NEAR(static_cast<double>(Inject(options, 1, 10'000).size()), 7'500, 200);
  options = {};
  options.duplicate = 0.5;
  EXPECT_NEAR(static_cast<double>(Inject(options, 1, 10'000).size()), 15'000, 200);
}

TEST(Faults, ReorderSwapsAndLosesNothing) {
  FaultOptions options;
  options.reorder = 0.3;
  const std::vector<std::string> out = Inject(options, 1, 1'000);
  EXPECT_GE(out.size(), 999U);  // the last one may be held still
  EXPECT_EQ(std::set<std::string>(out.begin(), out.end()).size(), out.size());
  EXPECT_NE(out, Inject({}, 1, static_cast<int>(out.size())));
}

TEST(Faults, MisspellingStaysJson) {
  Random random(9);
  std::set<std::string> seen;
  for (int i = 0; i < 500; ++i) {
    const std::string text = Misspell(kPayload, random);
    rapidjson::Document json;
    json.Parse(text.c_str());
    EXPECT_FALSE(json.HasParseError()) << text;
    seen.insert(text);
  }
  EXPECT_GE(seen.size(), 12U);
}

TEST(Faults, MisspellingLeavesWhatIsNoReport) {
  Random random(9);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Misspell("not json", random), "not json");
  }
}

TEST(Faults, GarbageComesBesideTheReport) {
  FaultOptions options;
  options.garbage = 1;
  options.garbage_bytes_max = 100;
  EXPECT_EQ(Inject(options, 1, 50).size(), 100U);
}

}  // namespace
}  // namespace printfleet::simulator
