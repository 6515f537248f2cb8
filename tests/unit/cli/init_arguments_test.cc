#include <gtest/gtest.h>

#include "cli/arguments.h"

namespace printfleet::cli {
namespace {

Parsed Parse(std::vector<const char*> words) {
  words.insert(words.begin(), "printfleet");
  return ParseArguments(static_cast<int>(words.size()), words.data(), {});
}

TEST(InitArguments, Flags) {
  const Parsed parsed =
      Parse({"init", "--config", "/x/p.yaml", "--printers-address", "192.0.2.10", "--printers-port",
             "8884", "--name", "a.example", "--name", "b.example", "--no-require-certificate",
             "--from-kobra-unleashed", "/old", "--no-input"});
  const auto* init = std::get_if<InitArguments>(&parsed);
  ASSERT_NE(init, nullptr) << std::get<Finished>(parsed).text;
  EXPECT_EQ(init->plan.config, "/x/p.yaml");
  EXPECT_EQ(init->plan.printers_port, 8884);
  EXPECT_EQ(init->plan.names, (std::vector<std::string>{"a.example", "b.example"}));
  EXPECT_EQ(init->plan.require_certificate, false);
  EXPECT_EQ(init->plan.kobra_unleashed, "/old");
  EXPECT_TRUE(init->yes);
  EXPECT_FALSE(std::get<InitArguments>(Parse({"init"})).plan.require_certificate.has_value());
}

TEST(InitArguments, WhatDoesNotGoTogether) {
  EXPECT_EQ(std::get<Finished>(Parse({"init", "--plain", "--require-certificate"})).code, 2);
  EXPECT_EQ(std::get<Finished>(Parse({"init", "--plain", "--from-kobra-unleashed", "/x"})).code, 2);
  EXPECT_EQ(std::get<Finished>(Parse({"init", "--printers-port", "70000"})).code, 2);
  EXPECT_EQ(std::get<Finished>(Parse({"enroll", "a", "--show", "--dry-run"})).code, 2);
}

TEST(CaArguments, IssueAndShow) {
  const Parsed parsed = Parse({"ca", "issue", "abc", "--out", "/x", "--ca-file", "/y/ca.crt"});
  const auto* ca = std::get_if<CaArguments>(&parsed);
  ASSERT_NE(ca, nullptr);
  EXPECT_EQ(ca->action, CaAction::kIssue);
  EXPECT_EQ(ca->printer_id, "abc");
  EXPECT_EQ(ca->directory, "/x");
  EXPECT_EQ(ca->ca_file, "/y/ca.crt");
  EXPECT_EQ(std::get<Finished>(Parse({"ca"})).code, 2);
  EXPECT_EQ(std::get<Finished>(Parse({"ca", "issue"})).code, 2);
  EXPECT_TRUE(std::get<CaArguments>(Parse({"ca", "show", "--json"})).json);
}

}  // namespace
}  // namespace printfleet::cli
