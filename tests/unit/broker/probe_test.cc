#include "broker/probe.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "broker/port.h"
#include "broker/version.h"

namespace printfleet::broker {
namespace {

TEST(ReadyProbe, JudgesAConnack) {
  EXPECT_EQ(JudgeConnack(""), ProbeState::kPending);
  EXPECT_EQ(JudgeConnack(std::string_view("\x20\x02\x00", 3)), ProbeState::kPending);
  EXPECT_EQ(JudgeConnack(std::string_view("\x20\x02\x00\x00", 4)), ProbeState::kReady);
  EXPECT_EQ(JudgeConnack(std::string_view("\x20\x02\x00\x05", 4)), ProbeState::kFailed);
  EXPECT_EQ(JudgeConnack("HTTP"), ProbeState::kFailed);
}

TEST(ReadyProbe, NobodyThere) {
  const Result<ReadyProbe> probe = ReadyProbe::Begin("/nonexistent/ready.sock");
  ASSERT_FALSE(probe.ok());
  EXPECT_EQ(probe.error().code, Errc::kUnavailable);
}

// Below a directory whose name alone is longer than a socket's name may be.
TEST(ReadyProbe, ReachesASocketWithALongPath) {
  std::string pattern = (std::filesystem::temp_directory_path() / "printfleet-XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  const std::string directory = pattern + "/" + std::string(150, 'x');
  std::filesystem::create_directory(directory);
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(directory);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, "ready.sock");
  const int server = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(server, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(server, 1), 0);
  std::filesystem::current_path(before);

  Result<ReadyProbe> probe = ReadyProbe::Begin(directory + "/ready.sock");
  ASSERT_TRUE(probe.ok()) << probe.error().message;
  EXPECT_EQ(probe->OnReadable(), ProbeState::kPending);
  const int client = accept(server, nullptr, nullptr);
  char connect_packet[64];
  EXPECT_EQ(read(client, connect_packet, sizeof connect_packet), 30);
  EXPECT_EQ(connect_packet[1], 28);  // the remaining length
  EXPECT_EQ(write(client, "\x20\x02\x00", 3), 3);
  EXPECT_EQ(probe->OnReadable(), ProbeState::kPending);
  EXPECT_EQ(write(client, "\x00", 1), 1);
  EXPECT_EQ(probe->OnReadable(), ProbeState::kReady);
  close(client);
  close(server);
  std::filesystem::remove_all(pattern);
}

TEST(BrokerPort, InUseSaysByWhomAndWhatToDo) {
  const Result<uint16_t> port = FreePort("127.0.0.1");
  ASSERT_TRUE(port.ok());
  EXPECT_TRUE(CheckPort("127.0.0.1", *port, false).ok());
  const int server = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(*port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(server, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(server, 1), 0);
  for (const char* where : {"127.0.0.1", "0.0.0.0"}) {
    const Status status = CheckPort(where, *port, false);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, Errc::kConflict);
    EXPECT_NE(status.error().message.find("in use by unit_broker (process " +
                                          std::to_string(getpid()) + ")"),
              std::string::npos)
        << status.error().message;
  }
  close(server);
}

TEST(BrokerPort, OtherReasons) {
  EXPECT_EQ(CheckPort("192.0.2.1", 20000, false).error().code, Errc::kInvalid);
  EXPECT_EQ(CheckPort("no.such.host.invalid", 20000, false).error().code, Errc::kInvalid);
  const Status low = CheckPort("127.0.0.1", 80, false);
  if (!low.ok()) {  // where unprivileged ports begin at 0, it is allowed
    EXPECT_EQ(low.error().code, Errc::kRejected);
  }
}

TEST(DebianVersion, OrdersAsDpkgDoes) {
  const char* ascending[] = {"1.0~rc1",
                             "1.0",
                             "1.0-1",
                             "2.0.11-1",
                             "2.0.11-1.2",
                             "2.0.11-1.2+deb12u1",
                             "2.0.11-1.2+deb12u2",
                             "2.0.11-1.10",
                             "2.0.18-1~bpo12+1",
                             "2.0.18-1",
                             "2.0.21-1",
                             "1:0.1"};
  for (size_t i = 0; i < std::size(ascending); ++i) {
    for (size_t j = 0; j < std::size(ascending); ++j) {
      EXPECT_EQ(CompareDebianVersions(ascending[i], ascending[j]), i < j   ? -1
                                                                   : i > j ? 1
                                                                           : 0)
          << ascending[i] << " " << ascending[j];
    }
  }
}

TEST(DebianVersion, FindsAnInstalledPackage) {
  constexpr std::string_view kStatus =
      "Package: mosquitto-clients\nStatus: install ok installed\nVersion: 9\n\n"
      "Package: mosquitto\nStatus: install ok installed\nVersion: 2.0.11-1\nDepends: x\n\n"
      "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n";
  EXPECT_EQ(InstalledVersion(kStatus, "mosquitto"), "2.0.11-1");
  EXPECT_EQ(InstalledVersion(kStatus, "gone"), std::nullopt);
  EXPECT_EQ(InstalledVersion(kStatus, "mosq"), std::nullopt);
  EXPECT_EQ(CheckVersion("/nonexistent"), std::nullopt);
}

}  // namespace
}  // namespace printfleet::broker
