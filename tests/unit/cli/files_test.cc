#include "cli/files.h"

#include <gtest/gtest.h>

#include "cli/exit_code.h"

namespace printfleet::cli {
namespace {

Parsed Parse(std::vector<const char*> words) {
  words.insert(words.begin(), {"printfleet", "files"});
  return ParseArguments(static_cast<int>(words.size()), words.data(), {});
}

TEST(FilesArguments, EachSubcommand) {
  const auto add = std::get<FilesArguments>(
      Parse({"add", "a.gcode", "b.gcode", "--key-file", "/k", "--url", "http://h:1", "--json"}));
  EXPECT_EQ(add.action, FilesAction::kAdd);
  EXPECT_EQ(add.files, (std::vector<std::string>{"a.gcode", "b.gcode"}));
  EXPECT_EQ(add.key_file, "/k");
  EXPECT_EQ(add.url, "http://h:1");
  EXPECT_TRUE(add.json);
  const auto list = std::get<FilesArguments>(Parse({"list", "--limit", "7"}));
  EXPECT_EQ(list.action, FilesAction::kList);
  EXPECT_EQ(list.limit, 7);
  EXPECT_EQ(std::get<FilesArguments>(Parse({"show", "a.gcode"})).file, "a.gcode");
  EXPECT_EQ(std::get<FilesArguments>(Parse({"remove", "x"})).action, FilesAction::kRemove);
  for (const std::vector<const char*>& wrong :
       {std::vector<const char*>{}, {"add"}, {"show"}, {"list", "--limit", "0"}}) {
    EXPECT_EQ(std::get<Finished>(Parse(wrong)).code, kUsage);
  }
}

TEST(FilesUrl, IsAListenerThatServesFiles) {
  settings::Settings settings;
  settings.http.listeners[0] = {.address = "192.0.2.1", .port = 8080};
  EXPECT_EQ(FilesUrl(settings).value(), "http://192.0.2.1:8080");
  settings.http.listeners.push_back({.address = "::1", .port = 8081});
  EXPECT_EQ(FilesUrl(settings).value(), "http://[::1]:8081");
  settings.http.listeners[1].serve_files = false;
  settings.http.listeners[0].address = "0.0.0.0";
  EXPECT_EQ(FilesUrl(settings).value(), "http://127.0.0.1:8080");
  settings.http.listeners[0].port = 0;
  EXPECT_FALSE(FilesUrl(settings).ok());
  settings.http.listeners.clear();
  EXPECT_FALSE(FilesUrl(settings).ok());
}

TEST(FilesText, TableAndSizes) {
  json::Parser parser;
  const auto file = parser.Parse(
      R"({"artifact_id":3,"name":"a\u001b.gcode","sha256":"0123456789abcdef","size_bytes":300000000,
        "slicer":"OrcaSlicer 2.1.1","model":"K2Pro","estimated_s":3723,"material":null,
        "layers":120,"added_by":"ann","added_at":"2026-01-01T08:00:00.000Z"})",
      json::Limits{});
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(
      FilesTable({*file}, {}),
      "NAME      SIZE      MODEL  MATERIAL  TAKES      LAYERS  BY   ADDED             SHA256\n"
      "a?.gcode  300.0 MB  K2Pro  -         1 h 2 min  120     ann  2026-01-01 08:00  "
      "0123456789ab\n");
  EXPECT_NE(FileText(*file).find("slicer        OrcaSlicer 2.1.1\n"), std::string::npos);
  EXPECT_EQ(SizeText(std::nullopt), "-");
  EXPECT_EQ(SizeText(999), "999 B");
  EXPECT_EQ(SizeText(1000), "1.0 kB");
  EXPECT_EQ(SizeText(int64_t{1} << 30), "1.1 GB");
}

TEST(FilesText, ExitCodes) {
  EXPECT_EQ(ExitCodeOfUpload(201), kDone);
  EXPECT_EQ(ExitCodeOfUpload(200), kDone);
  EXPECT_EQ(ExitCodeOfUpload(401), kUsage);
  EXPECT_EQ(ExitCodeOfUpload(507), kUsage);
  EXPECT_EQ(ExitCodeOfUpload(503), kNotReachable);
}

}  // namespace
}  // namespace printfleet::cli
