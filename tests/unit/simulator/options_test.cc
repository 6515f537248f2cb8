#include "bench/simulator/options.h"

#include <gtest/gtest.h>

#include <set>

namespace printfleet::simulator {
namespace {

ParsedOptions Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "printer-sim");
  return ParseOptions(static_cast<int>(arguments.size()), arguments.data());
}

TEST(SimulatorOptions, HelpIsExitZeroAndExplains) {
  const ParsedOptions parsed = Parse({"--help"});
  EXPECT_EQ(parsed.exit_code, 0);
  EXPECT_NE(parsed.text.find("--connect-rate"), std::string::npos);
}

TEST(SimulatorOptions, MistakesAreExitTwoWithAReason) {
  for (const std::vector<const char*>& arguments : {std::vector<const char*>{"--printer", "3"},
                                                    {"--printers", "0"},
                                                    {"--lose", "2"},
                                                    {"--models", "K9"},
                                                    {"--models", "K2Pro=x"},
                                                    {"--models", "K2Pro=1,K2Max"},
                                                    {"--firmware", ""},
                                                    {"--cancel", "maybe"}}) {
    const ParsedOptions parsed = Parse(arguments);
    EXPECT_EQ(parsed.exit_code, 2) << arguments.front();
    EXPECT_NE(parsed.text, "");
  }
}

TEST(SimulatorOptions, ValuesArrive) {
  const ParsedOptions parsed =
      Parse({"--clean-session", "false", "--cancel", "stop", "--ota-fault", "old-version", "--lose",
             "0.5", "--qos", "0", "--rate", "10"});
  ASSERT_EQ(parsed.exit_code, -1) << parsed.text;
  EXPECT_FALSE(parsed.options.session.clean_session);
  EXPECT_EQ(parsed.options.session.qos, 0);
  EXPECT_EQ(parsed.options.behaviour.cancel, CancelMode::kStop);
  EXPECT_EQ(parsed.options.behaviour.ota_fault, OtaFault::kOldVersion);
  EXPECT_EQ(parsed.options.faults.lose, 0.5);
  EXPECT_TRUE(parsed.options.behaviour.load);
}

TEST(SimulatorFleet, ModelsInTurnMixWithFirmware) {
  const auto [fleet, error] = MakeFleet({12, "K2Pro,K2Plus,K2Max", "3.1.0,3.0.9", 1, ""});
  ASSERT_EQ(error, "");
  ASSERT_EQ(fleet.size(), 12U);
  std::set<std::string> kinds;
  std::set<std::string> ids;
  for (const Identity& printer : fleet) {
    kinds.insert(printer.model.id + printer.firmware);
    ids.insert(printer.id);
  }
  EXPECT_EQ(kinds.size(), 6U);
  EXPECT_EQ(ids.size(), 12U);
}

TEST(SimulatorFleet, CountsDecideTheNumber) {
  const auto [fleet, error] = MakeFleet({1, "K2Pro=2,20023=3", "3.1.0", 1, ""});
  ASSERT_EQ(error, "");
  ASSERT_EQ(fleet.size(), 5U);
  EXPECT_EQ(fleet[1].model.name, "K2Pro");
  EXPECT_EQ(fleet[4].model.name, "K2Max");
}

TEST(SimulatorFleet, IdentityIsTheVendorsKindAndComesFromTheSeed) {
  const IdentityOptions options{7, 3, "cafe", Models().front(), "3.1.0"};
  const Identity identity = MakeIdentity(options);
  EXPECT_EQ(identity.id.size(), 32U);
  EXPECT_EQ(identity.id.substr(0, 4), "cafe");
  EXPECT_EQ(identity.user_name.substr(0, 14), "dev|fdm|20021|");
  EXPECT_EQ(identity.user_name.size(), 14U + 32U);
  EXPECT_EQ(identity.password.size(), 344U);
  EXPECT_EQ(MakeIdentity(options).id, identity.id);
  EXPECT_NE(MakeIdentity({8, 3, "cafe", Models().front(), "3.1.0"}).id, identity.id);
}

TEST(SimulatorFleet, VersionsCompareNumberByNumber) {
  EXPECT_LT(CompareVersions("3.0.10", "3.1.0"), 0);
  EXPECT_GT(CompareVersions("3.1.0", "3.0.9"), 0);
  EXPECT_EQ(CompareVersions("3.1", "3.1.0"), 0);
  EXPECT_GT(CompareVersions("3.1.2.3", "3.1.2"), 0);
  EXPECT_TRUE(UsesShortTopics("3.1"));
}

TEST(SimulatorTls, AnyOfItsOptionsTurnsItOn) {
  const auto parse = [](std::vector<const char*> words) {
    words.insert(words.begin(), "printer-sim");
    return ParseOptions(static_cast<int>(words.size()), words.data());
  };
  EXPECT_FALSE(parse({}).options.session.tls.on);
  EXPECT_TRUE(parse({"--tls"}).options.session.tls.on);
  EXPECT_TRUE(parse({"--tls-ca-file", "/x"}).options.session.tls.on);
  EXPECT_TRUE(parse({"--tls-version", "1.2"}).options.session.tls.on);
  EXPECT_EQ(parse({"--tls-version", "1.0"}).exit_code, 2);
  EXPECT_EQ(parse({"--tls-key-file", "/x"}).exit_code, 2);
  const ParsedOptions half = parse({"--tls-cert-file", "/x"});
  EXPECT_EQ(half.exit_code, 2);
  EXPECT_EQ(half.text, "--tls-cert-file needs --tls-key-file\n");
}

TEST(SimulatorTls, AFileThatIsNotThereIsNamed) {
  TlsOptions options;
  std::string problem;
  EXPECT_NE(TlsContext::Make(options, problem), nullptr);
  options.ca_file = "/nonexistent/ca.crt";
  EXPECT_EQ(TlsContext::Make(options, problem), nullptr);
  EXPECT_NE(problem.find("/nonexistent/ca.crt: "), std::string::npos) << problem;
}

}  // namespace
}  // namespace printfleet::simulator
