#include "setup/init.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "settings/load.h"
#include "setup/authority.h"
#include "setup/config_text.h"
#include "setup/files.h"
#include "setup/kobra_unleashed.h"

namespace printfleet::setup {
namespace {

using Values = std::map<std::string, std::string>;

const WallTime kNow = *ParseIso8601("2026-03-01T12:00:00Z");
const std::string kPrinter = "9347a110c5423fe412ce45533bfc10e6";

TEST(EnvironmentValues, AsComposeAndEnvFilesWriteThem) {
  EXPECT_EQ(EnvironmentValues("services:\n"
                              "  kobra-unleashed:\n"
                              "    environment:\n"
                              "      - ROOT_URL=http://192.0.2.10:5000\n"
                              "      - PRINTERNAME_aa=Left one   # by the door\n"
                              "      - \"PRINTERNAME_bb=Right: one\"\n"
                              "      #- PRINTERNAME_cc=gone\n"
                              "      PRINTERNAME_dd: 'Back #2'\n"
                              "PRINTERNAME_ee=\"Große Halle\"\r\n"
                              "export PRINTERNAME_ff=six\n"
                              "PRINTERNAME_gg\n"
                              "XPRINTERNAME_hh=no\n",
                              "PRINTERNAME_"),
            (Values{{"aa", "Left one"},
                    {"bb", "Right: one"},
                    {"dd", "Back #2"},
                    {"ee", "Große Halle"},
                    {"ff", "six"}}));
  EXPECT_EQ(EnvironmentValues("  - ROOT_URL=http://192.0.2.10:5000\n", "ROOT_URL"),
            (Values{{"", "http://192.0.2.10:5000"}}));
  EXPECT_EQ(EnvironmentValues("", "PRINTERNAME_"), Values{});
}

TEST(TlsPort, OfTheListenerWithACertificate) {
  EXPECT_EQ(TlsPort("log_type all\nlistener 1883\nlistener 8884\nprotocol mqtt\n"
                    "certfile /certs/verification_cert.pem\nlistener 8080 127.0.0.1\n"),
            8884);
  EXPECT_EQ(TlsPort("listener 1883\n"), std::nullopt);
  EXPECT_EQ(TlsPort("listener 99999\ncertfile x\n"), std::nullopt);
}

TEST(NamesText, ANameIsGivenOnce) {
  const std::string text = NamesText({{"aa", "one"}, {"bb", "one"}, {"cc", "a \"b\"\n"}});
  EXPECT_NE(text.find("  - id: \"aa\"\n    name: \"one\"\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  - id: \"bb\"\n    # Another printer has this name too; give it one of its "
                      "own.\n    # name: \"one\"\n"),
            std::string::npos);
  EXPECT_NE(text.find("    name: \"a \\\"b\\\"\\n\"\n"), std::string::npos);
}

// A folder of its own, and the plan of an init there.
class InitTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "setup-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    plan_.config = directory_ + "/etc/printfleet.yaml";
    plan_.data_dir = directory_ + "/data";
    plan_.printers_address = "127.0.0.1";
  }

  void TearDown() override { std::filesystem::remove_all(directory_); }

  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteText(directory_ + "/" + name, text, 0644, true).ok());
  }

  std::string Read(const std::string& name) {
    const auto text = ReadText(directory_ + "/" + name);
    return text.ok() ? *text : "(" + text.error().message + ")";
  }

  // Of `directory`: as the script with a subject for each leaves it, or with one for all.
  void MakeKobraUnleashed() {
    const auto authority = broker::MakeAuthority("old CA", kNow);
    ASSERT_TRUE(authority.ok());
    const auto server = broker::IssueServer(*authority, {"localhost"}, kNow);
    const auto client = broker::IssueClient(*authority, "printers", kNow);
    Write("old/certs/ca.pem", authority->certificate);
    Write("old/certs/ca.key", authority->key);
    Write("old/certs/verification_cert.pem", server->certificate);
    Write("old/certs/verification_cert.key", server->key);
    Write("old/certs/client.pem", client->certificate);
    Write("old/certs/client.key", client->key);
    Write("old/docker-compose.yml", "      - PRINTERNAME_" + kPrinter + "=a-03\n");
    plan_.kobra_unleashed = directory_ + "/old";
  }

  std::vector<std::string> Run() {
    const auto settled = Settle(plan_);
    EXPECT_TRUE(settled.ok()) << settled.error().message;
    const auto lines = settled.ok() ? Init(*settled, kNow) : settled.error();
    EXPECT_TRUE(lines.ok()) << lines.error().message;
    return lines.ok() ? *lines : std::vector<std::string>();
  }

  static bool Has(const std::vector<std::string>& lines, const std::string& part) {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    });
  }

  settings::Settings Loaded() {
    const settings::Loaded loaded = settings::LoadFile(plan_.config);
    for (const settings::Problem& problem : loaded.problems) {
      ADD_FAILURE() << problem.Text();
    }
    return loaded.settings;
  }

  unsigned ModeOf(const std::string& name) {
    return static_cast<unsigned>(std::filesystem::status(directory_ + "/" + name).permissions());
  }

  std::string directory_;
  Plan plan_;
};

TEST_F(InitTest, WritesWhatCheckAccepts) {
  plan_.people_address = "127.0.0.2";
  const auto lines = Run();
  const settings::Settings settings = Loaded();
  ASSERT_EQ(settings.broker.listeners.size(), 3U);
  const settings::BrokerListener& printers = settings.broker.listeners[0];
  EXPECT_EQ(printers.port, 8883);
  EXPECT_TRUE(printers.for_printers && !printers.for_people);
  ASSERT_TRUE(printers.tls.has_value());
  EXPECT_FALSE(printers.tls->require_certificate);
  EXPECT_EQ(settings.broker.listeners[1].login, settings::Login::kPassword);
  EXPECT_EQ(settings.http.public_url, "http://127.0.0.1:8081");
  EXPECT_EQ(settings.EffectiveEnrolment(), settings::Enrolment::kManual);
  EXPECT_TRUE(broker::CheckIssued(Read("etc/tls/ca.crt"), Read("etc/tls/server.crt"),
                                  broker::Purpose::kServer, kNow)
                  .ok());
  const auto names = broker::ReadCertificates(Read("etc/tls/server.crt"))->front().names;
  EXPECT_EQ(names, (std::vector<std::string>{"127.0.0.1", "127.0.0.2", "mqtt-universe.anycubic.com",
                                             "mqtt.anycubic.com"}));
  for (const char* secret : {"etc/tls/ca.key", "etc/tls/server.key", "etc/admin.password"}) {
    EXPECT_EQ(ModeOf(secret), 0600U) << secret;
  }
  EXPECT_TRUE(settings::LoadUsers(directory_ + "/data/users")->contains("admin"));
  EXPECT_EQ(Read("etc/admin.password").size(), 33U);
  EXPECT_TRUE(Has(lines, "printfleet ca issue"));
}

TEST_F(InitTest, TheDaemonsUserCanReadItsKeyAndNotTheAuthoritys) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "only root gives files away";
  }
  constexpr uid_t kDaemon = 4711;
  std::filesystem::create_directory(plan_.data_dir);
  ASSERT_EQ(chown(plan_.data_dir.c_str(), kDaemon, kDaemon), 0);
  Run();

  struct stat server {};

  struct stat authority {};

  ASSERT_EQ(stat((directory_ + "/etc/tls/server.key").c_str(), &server), 0);
  ASSERT_EQ(stat((directory_ + "/etc/tls/ca.key").c_str(), &authority), 0);
  EXPECT_EQ(server.st_uid, kDaemon);
  EXPECT_EQ(server.st_mode & 0777U, 0600U);
  EXPECT_EQ(authority.st_uid, 0U);
}

TEST_F(InitTest, PlainIsSaidLoudly) {
  plan_.plain = true;
  Run();
  const settings::Settings settings = Loaded();
  EXPECT_FALSE(settings.broker.listeners[0].tls.has_value());
  EXPECT_EQ(settings.broker.listeners[0].port, 1883);
  EXPECT_EQ(settings.broker.listeners[1].port, 1884);
  EXPECT_FALSE(Exists(directory_ + "/etc/tls/ca.crt"));
  EXPECT_NE(Read("etc/printfleet.yaml").find("Without TLS: only for a network"), std::string::npos);
}

TEST_F(InitTest, NothingIsOverwrittenUntold) {
  Run();
  const std::string authority = Read("etc/tls/ca.crt");
  const std::string config = Read("etc/printfleet.yaml");
  Write("etc/printfleet.yaml", config + "# mine\n");
  const auto again = Init(*Settle(plan_), kNow);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, Errc::kConflict);
  EXPECT_EQ(again.error().message, plan_.config +
                                       ": is there already; nothing was written (--force "
                                       "overwrites)");
  EXPECT_EQ(Read("etc/printfleet.yaml"), config + "# mine\n");
  plan_.force = true;
  EXPECT_TRUE(Has(Run(), "kept: " + directory_ + "/etc/tls/ca.crt"));
  EXPECT_EQ(Read("etc/tls/ca.crt"), authority);
  EXPECT_EQ(Read("etc/printfleet.yaml"), config);
}

TEST_F(InitTest, WrongAnswersAreNamedBeforeAnythingIsWritten) {
  plan_.local_port = 8883;
  const auto lines = Init(*Settle(plan_), kNow);
  ASSERT_FALSE(lines.ok());
  EXPECT_NE(lines.error().message.find("port: 8883 is the port of listener 0 too"),
            std::string::npos)
      << lines.error().message;
  EXPECT_FALSE(Exists(directory_ + "/etc"));
  plan_.local_port.reset();
  plan_.names = {"not a name"};
  EXPECT_FALSE(Init(*Settle(plan_), kNow).ok());
  EXPECT_FALSE(Exists(directory_ + "/etc"));
}

TEST_F(InitTest, TakesOverKobraUnleashed) {
  MakeKobraUnleashed();
  const auto lines = Run();
  EXPECT_TRUE(Has(lines, "taken: the names of 1 printers"));
  EXPECT_TRUE(Has(lines, "taken: the broker's certificate"));
  EXPECT_TRUE(Has(lines, "require_certificate: true"));
  EXPECT_EQ(Read("etc/tls/ca.crt"), Read("old/certs/ca.pem"));
  EXPECT_EQ(Read("etc/tls/ca.key"), Read("old/certs/ca.key"));
  EXPECT_EQ(Read("etc/tls/server.crt"), Read("old/certs/verification_cert.pem"));
  EXPECT_EQ(Read("etc/tls/client.key"), Read("old/certs/client.key"));
  EXPECT_TRUE(Loaded().broker.listeners[0].tls->require_certificate);
  EXPECT_EQ(Loaded().broker.listeners[0].login, settings::Login::kNone);
  EXPECT_NE(Read("etc/printers.yaml").find("name: \"a-03\""), std::string::npos);
}

TEST_F(InitTest, WhatAStrictPeerRefusesIsReplacedOrNotInsistedOn) {
  MakeKobraUnleashed();
  // Of another authority than the one that the printers trust.
  const auto other = broker::MakeAuthority("other", kNow);
  const auto server = broker::IssueServer(*other, {"localhost"}, kNow);
  const auto client = broker::IssueClient(*other, "printers", kNow);
  Write("old/certs/verification_cert.pem", server->certificate);
  Write("old/certs/verification_cert.key", server->key);
  Write("old/certs/client.pem", client->certificate);
  Write("old/certs/client.key", client->key);
  const auto lines = Run();
  EXPECT_TRUE(Has(lines, "not taken: the broker's certificate: unable to get local issuer"));
  EXPECT_TRUE(Has(lines, "require_certificate: false"));
  EXPECT_FALSE(Loaded().broker.listeners[0].tls->require_certificate);
  EXPECT_TRUE(broker::CheckIssued(Read("old/certs/ca.pem"), Read("etc/tls/server.crt"),
                                  broker::Purpose::kServer, kNow)
                  .ok());
}

TEST_F(InitTest, ADamagedTakeoverWritesNothing) {
  MakeKobraUnleashed();
  Write("old/certs/client.key", Read("old/certs/ca.key"));
  const auto settled = Settle(plan_);
  ASSERT_FALSE(settled.ok());
  EXPECT_NE(settled.error().message.find("client.pem: the key is not the certificate's"),
            std::string::npos);
  plan_.kobra_unleashed = directory_ + "/none";
  EXPECT_EQ(Settle(plan_).error().code, Errc::kNotFound);
  EXPECT_FALSE(Exists(directory_ + "/etc"));
}

TEST_F(InitTest, APrintersFilesAreNamedAsItWantsThem) {
  Run();
  const std::string authority = directory_ + "/etc/tls/ca.crt";
  const std::string out = directory_ + "/" + kPrinter;
  const auto files = IssueForPrinter(authority, kPrinter, out, false, kNow);
  ASSERT_TRUE(files.ok()) << files.error().message;
  EXPECT_EQ(*files,
            (std::vector<std::string>{out + "/ca.crt", out + "/client.crt", out + "/client.key"}));
  EXPECT_EQ(ModeOf(kPrinter + "/client.key"), 0600U);
  EXPECT_EQ(Read(kPrinter + "/ca.crt"), Read("etc/tls/ca.crt"));
  EXPECT_EQ(broker::ReadCertificates(Read(kPrinter + "/client.crt"))->front().common_name,
            kPrinter);
  EXPECT_EQ(IssueForPrinter(authority, kPrinter, out, false, kNow).error().code, Errc::kConflict);
  EXPECT_TRUE(IssueForPrinter(authority, kPrinter, out, true, kNow).ok());
  for (const char* id : {"", "../x", "a/b", "a+", "#"}) {
    EXPECT_EQ(IssueForPrinter(authority, id, out, true, kNow).error().code, Errc::kInvalid) << id;
  }
  std::filesystem::remove(directory_ + "/etc/tls/ca.key");
  EXPECT_EQ(IssueForPrinter(authority, kPrinter, out, true, kNow).error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace printfleet::setup
