#include "tests/unit/protocol/fixtures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/check.h"

namespace printfleet::protocol {
namespace {

std::vector<Fixture> LoadFixtures() {
  std::vector<Fixture> fixtures;
  json::Parser parser;
  const std::filesystem::path folder =
      std::filesystem::path(PRINTFLEET_SOURCE_DIR) / "tests/fixtures/payloads";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") {
      continue;
    }
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const auto parsed = parser.Parse(bytes, json::Limits());
    CHECK(parsed.ok());
    const json::Value payload = (*parsed)["payload"];
    fixtures.push_back({entry.path().stem().string(),
                        std::string((*parsed)["topic"].String().value_or("")),
                        payload.IsString() ? std::string(*payload.String()) : payload.Text()});
  }
  std::ranges::sort(fixtures, {}, &Fixture::file);
  return fixtures;
}

void Flatten(json::Value value, const std::string& path, std::map<std::string, std::string>& out) {
  if (value.IsArray() && value.size() > 0 && value.at(0).IsObject()) {
    for (size_t i = 0; i < value.size(); ++i) {
      Flatten(value.at(i), path + "[]", out);
    }
    return;
  }
  if (!value.IsObject()) {
    out[path] = value.CanonicalText();
    return;
  }
  for (size_t i = 0; i < value.size(); ++i) {
    const std::string name(value.member_name(i));
    Flatten(value.member_value(i), path.empty() ? name : path + "." + name, out);
  }
}

}  // namespace

std::map<std::string, std::string> RequestMembers(std::string_view text) {
  json::Parser parser;
  const auto parsed = parser.Parse(text, json::Limits());
  EXPECT_TRUE(parsed.ok()) << text;
  std::map<std::string, std::string> members;
  if (parsed.ok()) {
    Flatten(*parsed, "", members);
  }
  members.erase("msgid");
  members.erase("timestamp");
  return members;
}

const std::vector<Fixture>& Fixtures() {
  static const std::vector<Fixture> kFixtures = LoadFixtures();
  return kFixtures;
}

const Fixture& FixtureNamed(std::string_view file) {
  for (const Fixture& fixture : Fixtures()) {
    if (fixture.file == file) {
      return fixture;
    }
  }
  ADD_FAILURE() << "no fixture " << file;
  return Fixtures().front();
}

bool IsReport(const Fixture& fixture) {
  return fixture.file.find("__report-") != std::string::npos ||
         fixture.file.find("__response-") != std::string::npos;
}

std::string PublicTopic(const Fixture& fixture) {
  // One author listened on the LAN, where the origin segment is "web" and "public" is missing.
  constexpr std::string_view kWeb = "v1/web/printer/";
  std::string topic = fixture.topic;
  if (const size_t at = topic.find(kWeb); at != std::string::npos) {
    topic.replace(at, kWeb.size(), "v1/printer/public/");
  }
  return topic;
}

}  // namespace printfleet::protocol
