#include "broker/certificates.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "broker/certificate_files.h"

namespace printfleet::broker {
namespace {

const WallTime kNow = *ParseIso8601("2026-03-01T12:00:00Z");
const std::string kPrinter = "9347a110c5423fe412ce45533bfc10e6";

// One for all tests: each key takes a while.
const Credentials& Authority() {
  static const Credentials kAuthority = *MakeAuthority("farm CA", kNow);
  return kAuthority;
}

TEST(Certificates, AnAuthorityIsValidForTwentyYears) {
  const auto read = ReadCertificates(Authority().certificate);
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->size(), 1U);
  EXPECT_EQ(read->front().common_name, "farm CA");
  EXPECT_EQ(read->front().subject, "CN = farm CA");
  EXPECT_TRUE(read->front().self_issued);
  EXPECT_EQ(FormatIso8601(read->front().not_after), "2046-03-01T00:00:00.000Z");
  EXPECT_TRUE(CheckPair(Authority()).ok());
}

TEST(Certificates, FromALeapDayOn) {
  const auto issued = MakeAuthority("farm CA", *ParseIso8601("2024-02-29T00:00:00Z"));
  ASSERT_TRUE(issued.ok());
  EXPECT_EQ(FormatIso8601(ReadCertificates(issued->certificate)->front().not_after),
            "2044-02-29T00:00:00.000Z");
}

TEST(Certificates, AServerIsFoundUnderAddressesAndNames) {
  const auto server = IssueServer(Authority(), {"192.0.2.10", "broker.farm.example", "::1"}, kNow);
  ASSERT_TRUE(server.ok()) << server.error().message;
  const auto read = ReadCertificates(server->certificate);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->front().common_name, "192.0.2.10");
  EXPECT_EQ(read->front().names,
            (std::vector<std::string>{"192.0.2.10", "broker.farm.example", "::1"}));
  EXPECT_FALSE(read->front().self_issued);
  EXPECT_TRUE(CheckPair(*server).ok());
  const std::string& authority = Authority().certificate;
  EXPECT_TRUE(CheckIssued(authority, server->certificate, Purpose::kServer, kNow).ok());
  // A printer's clock that stands at its beginning.
  EXPECT_TRUE(
      CheckIssued(authority, server->certificate, Purpose::kServer, FromEpochMs(1000)).ok());
  EXPECT_FALSE(CheckIssued(authority, server->certificate, Purpose::kClient, kNow).ok());
}

TEST(Certificates, AServerNeedsNamesThatAreNames) {
  for (const std::vector<std::string>& names :
       {std::vector<std::string>{}, {""}, {"a,DNS:evil"}, {"a b"}, {"192.0.2.10", "x\ny"}}) {
    const auto server = IssueServer(Authority(), names, kNow);
    ASSERT_FALSE(server.ok());
    EXPECT_EQ(server.error().code, Errc::kInvalid);
  }
}

TEST(Certificates, APrintersIdIsItsCommonName) {
  const auto client = IssueClient(Authority(), kPrinter, kNow);
  ASSERT_TRUE(client.ok());
  EXPECT_EQ(ReadCertificates(client->certificate)->front().common_name, kPrinter);
  const std::string& authority = Authority().certificate;
  EXPECT_TRUE(CheckIssued(authority, client->certificate, Purpose::kClient, kNow).ok());
  const Status late =
      CheckIssued(authority, client->certificate, Purpose::kClient, kNow + std::chrono::years(21));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().message, "certificate has expired");
  EXPECT_FALSE(IssueClient(Authority(), std::string(65, 'a'), kNow).ok());
  EXPECT_FALSE(IssueClient(Authority(), "", kNow).ok());
}

TEST(Certificates, AnotherAuthoritysAreNotAccepted) {
  const auto other = MakeAuthority("farm CA", kNow);
  ASSERT_TRUE(other.ok());
  const auto client = IssueClient(*other, kPrinter, kNow);
  ASSERT_TRUE(client.ok());
  EXPECT_FALSE(
      CheckIssued(Authority().certificate, client->certificate, Purpose::kClient, kNow).ok());
}

TEST(Certificates, OnlyAnAuthorityIssues) {
  const auto client = IssueClient(Authority(), kPrinter, kNow);
  ASSERT_TRUE(client.ok());
  const auto below = IssueClient(*client, "other", kNow);
  ASSERT_FALSE(below.ok());
  EXPECT_EQ(below.error().message, "authority: its certificate is not one of an authority");
  const auto mixed = IssueClient({Authority().certificate, client->key}, "other", kNow);
  ASSERT_FALSE(mixed.ok());
  EXPECT_EQ(mixed.error().message, "authority: the key is not the certificate's");
}

TEST(Certificates, DamagedTextsAreErrors) {
  const std::string& good = Authority().certificate;
  std::string damaged = good;
  damaged[damaged.size() / 2] = '*';
  for (const std::string& text :
       {std::string(), std::string("no certificate"), damaged, good + damaged,
        good.substr(0, good.size() / 2), Authority().key}) {
    const auto read = ReadCertificates(text);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code, Errc::kMalformed);
  }
  EXPECT_EQ(ReadCertificates(good + good)->size(), 2U);
  EXPECT_EQ(CheckPair({good, "no key"}).error().code, Errc::kMalformed);
}

class CertificateFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "certificates-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }

  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ + "/" + name) << text;
    return directory_ + "/" + name;
  }

  std::string directory_;
};

TEST_F(CertificateFilesTest, EveryListenersFilesWithTheirEnd) {
  settings::Broker broker;
  settings::BrokerListener plain;
  settings::BrokerListener printers;
  printers.address = "192.0.2.10";
  printers.port = 8883;
  printers.tls = settings::Tls{};
  printers.tls->cert_file = Write("cert", Authority().certificate);
  printers.tls->ca_file = directory_ + "/none";
  broker.listeners = {plain, printers};
  const auto files = CertificateFiles(broker);
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].listener, "192.0.2.10:8883");
  EXPECT_EQ(files[0].what, "server");
  ASSERT_TRUE(files[0].not_after.has_value());
  EXPECT_EQ(FormatIso8601(*files[0].not_after), "2046-03-01T00:00:00.000Z");
  EXPECT_EQ(files[1].what, "ca");
  EXPECT_FALSE(files[1].not_after.has_value());
  EXPECT_EQ(files[1].trouble, "cannot be read, or is empty");
}

TEST(CertificateWarning, SixtyDaysBefore) {
  const CertificateFile file{"", "server", "", ParseIso8601("2026-05-01T00:00:00Z"), ""};
  const auto at = [&](const char* time) {
    return CertificateWarning(file, *ParseIso8601(time)).value_or("");
  };
  EXPECT_EQ(at("2026-03-01T00:00:00Z"), "");
  EXPECT_EQ(at("2026-03-02T12:00:00Z"), "runs out in 59 days, on 2026-05-01");
  EXPECT_EQ(at("2026-05-01T00:00:00Z"),
            "ran out on 2026-05-01: clients that look at it do not connect");
  EXPECT_EQ(CertificateWarning({"", "", "", std::nullopt, "cannot be read"}, kNow).value_or(""),
            "its expiry is not known: cannot be read");
}

}  // namespace
}  // namespace printfleet::broker
