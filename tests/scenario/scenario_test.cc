// Every scenario of this folder leads to what stands in it. PRINTFLEET_REWRITE=1 writes it anew:
// then read the difference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/scenario/script.h"

namespace printfleet::scenario {
namespace {

std::vector<std::string> Scenarios() {
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(PRINTFLEET_SOURCE_DIR "/tests/scenario")) {
    if (entry.path().extension() == ".txt" && entry.path().stem() != "CMakeLists") {
      names.push_back(entry.path().stem());
    }
  }
  std::ranges::sort(names);
  return names;
}

std::string Read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
  }
  return lines;
}

// The scenario from the first line that differs, as it is written and as it went.
std::string Difference(const std::string& written, const std::string& went) {
  const auto a = LinesOf(written);
  const auto b = LinesOf(went);
  const auto [at_a, at_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  std::string text;
  const auto context = std::min<std::ptrdiff_t>(at_a - a.begin(), 6);
  for (auto line = at_a - context; line != at_a; ++line) {
    text += "  " + *line + "\n";
  }
  constexpr std::ptrdiff_t kShown = 12;
  for (auto line = at_a; line != a.end() && line - at_a < kShown; ++line) {
    text += "- " + *line + "\n";
  }
  for (auto line = at_b; line != b.end() && line - at_b < kShown; ++line) {
    text += "+ " + *line + "\n";
  }
  return text;
}

class ScenarioTest : public testing::TestWithParam<std::string> {};

TEST_P(ScenarioTest, LeadsToWhatIsWritten) {
  const std::string path =
      std::string(PRINTFLEET_SOURCE_DIR "/tests/scenario/") + GetParam() + ".txt";
  const std::string written = Read(path);
  ASSERT_NE(written, "");
  const std::string went = scenario::Run(written);
  EXPECT_EQ(went.find("\n  ! "), std::string::npos) << "a line cannot be read\n" << went;
  if (std::getenv("PRINTFLEET_REWRITE") != nullptr) {
    std::ofstream(path, std::ios::binary) << went;
    return;
  }
  EXPECT_TRUE(went == written) << path << " went another way (- as written, + as it went):\n"
                               << Difference(written, went);
}

INSTANTIATE_TEST_SUITE_P(All, ScenarioTest, testing::ValuesIn(Scenarios()),
                         [](const auto& scenario) { return scenario.param; });

}  // namespace
}  // namespace printfleet::scenario
