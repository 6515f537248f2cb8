// Inputs that once broke something, or that reach far, through every fuzz target they belong to.
// A target ends the process when it finds something; so each of these tests passes by ending.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/targets.h"

namespace printfleet::fuzz {
namespace {

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::filesystem::path> FilesOf(std::string_view target) {
  std::vector<std::filesystem::path> files;
  const auto folder = std::filesystem::path(PRINTFLEET_SOURCE_DIR) / "tests/fixtures/fuzz" / target;
  if (std::filesystem::exists(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      files.push_back(entry.path());
    }
  }
  return files;
}

class Replay : public testing::TestWithParam<Target> {};

TEST_P(Replay, FoundInputsDoNoHarm) {
  for (const auto& file : FilesOf(GetParam().name)) {
    SCOPED_TRACE(file.string());
    const std::string bytes = ReadAll(file);
    ASSERT_FALSE(bytes.empty());
    GetParam().run(bytes);
  }
}

TEST_P(Replay, AllTargetsTakeNothingAndRubbish) {
  GetParam().run("");
  GetParam().run(std::string_view("\0\xFF\n{\"\xC0\xAF\":[1e999,\"\\ud800\"]}", 26));
}

INSTANTIATE_TEST_SUITE_P(Targets, Replay, testing::ValuesIn(kTargets),
                         [](const auto& test) { return std::string(test.param.name); });

// A folder that no target is named after would never be replayed.
TEST(Fixtures, EveryFolderBelongsToATarget) {
  const auto root = std::filesystem::path(PRINTFLEET_SOURCE_DIR) / "tests/fixtures/fuzz";
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    const std::string name = entry.path().filename().string();
    EXPECT_TRUE(name == "README.md" ||
                std::ranges::find(kTargets, name, &Target::name) != kTargets.end())
        << name;
  }
}

}  // namespace
}  // namespace printfleet::fuzz
