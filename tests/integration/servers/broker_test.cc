// The managed Mosquitto, for real: who may what on each listener, and its life and death.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "broker/launch.h"
#include "broker/password.h"
#include "broker/port.h"
#include "broker/probe.h"
#include "server.h"

namespace printfleet::broker {
namespace {

using Topics = std::set<std::string>;

constexpr const char* kId = "9347a110c5423fe412ce45533bfc10e6";
constexpr const char* kOtherId = "00000000000000000000000000000002";
constexpr const char* kModel = "20021";

// Who connects: to which port, with which client id, user name and password ("" for none).
struct Client {
  uint16_t port = 0;
  std::string id;
  std::string user;
  std::string password;

  [[nodiscard]] std::vector<std::string> Arguments() const {
    std::vector<std::string> arguments = {"-h", "127.0.0.1", "-p", std::to_string(port), "-V", "5"};
    for (const auto& [flag, value] :
         {std::pair<std::string, std::string>{"-i", id}, {"-u", user}, {"-P", password}}) {
      if (!value.empty()) {
        arguments.push_back(flag);
        arguments.push_back(value);
      }
    }
    return arguments;
  }
};

// "allowed", "denied", or what else the client said.
std::string Publish(const Client& client, const std::string& topic, bool retain = false) {
  std::vector<std::string> arguments = client.Arguments();
  for (const std::string argument : {"-q", "1", "-m", "x", "-t", topic.c_str()}) {
    arguments.push_back(argument);
  }
  if (retain) {
    arguments.emplace_back("-r");
  }
  const ClientRun run = RunClient("/usr/bin/mosquitto_pub", arguments);
  if (run.text.find("ot authori") != std::string::npos) {
    return "denied";
  }
  return run.code == 0 ? "allowed" : run.text;
}

// The topics of all retained messages that reach the client.
Topics Readable(const Client& client) {
  std::vector<std::string> arguments = client.Arguments();
  for (const char* argument : {"-t", "#", "-t", "$SYS/broker/version", "-F", "%t", "-W", "1"}) {
    arguments.emplace_back(argument);
  }
  const ClientRun run = RunClient("/usr/bin/mosquitto_sub", arguments);
  Topics topics(run.lines.begin(), run.lines.end());
  topics.erase("Timed out");
  return topics;
}

std::string Report(const std::string& id) {
  return std::string("anycubic/anycubicCloud/v1/printer/public/") + kModel + "/" + id +
         "/status/report";
}

std::string Request(const std::string& id, const std::string& origin = "v1/server") {
  return "anycubic/anycubicCloud/" + origin + "/printer/" + kModel + "/" + id + "/print";
}

const Topics kPublic = {"fleet/v1/printers/a/state", "fleet/v1/rollouts/7", "fleet/v1/events",
                        "fleet/v1/bridge", "$SYS/broker/version"};

const Topics kAll = {"fleet/v1/printers/a/state", "fleet/v1/rollouts/7",
                     "fleet/v1/events",           "fleet/v1/bridge",
                     "fleet/v1/heartbeat/one",    "fleet/v1/command",
                     "fleet/v1/command/alice",    "fleet/v1/response/alice/1",
                     "fleet/v1/response/bob/1",   "fleet/v1/response/local/1"};

Topics AllTopics() {
  Topics topics = kAll;
  for (const char* id : {kId, kOtherId}) {
    topics.insert({Report(id), Request(id), Request(id, "server"), Request(id, "v1/web")});
  }
  return topics;
}

Topics Plus(Topics topics, const Topics& more) {
  topics.insert(more.begin(), more.end());
  return topics;
}

settings::BrokerListener Listener(bool printers, bool people, settings::Login login) {
  settings::BrokerListener listener;
  listener.port = 0;
  listener.for_printers = printers;
  listener.for_people = people;
  listener.login = login;
  return listener;
}

settings::Settings SettingsFor(const std::string& data_dir) {
  settings::Settings settings;
  settings.data_dir = data_dir;
  settings.fleet.printers_max = 100;
  settings.broker.listeners = {Listener(true, true, settings::Login::kNone),
                               Listener(true, false, settings::Login::kNone),
                               Listener(false, true, settings::Login::kPassword),
                               Listener(true, true, settings::Login::kPassword)};
  return settings;
}

settings::Users TestUsers() {
  settings::Users users;
  for (const char* name : {"alice", "bob"}) {
    users[name] = {name, settings::Role::kOperator,
                   *HashPassword(std::string(name) + "-password", 101)};
  }
  return users;
}

bool IsReady(const Launch& launch) {
  Result<ReadyProbe> probe = ReadyProbe::Begin(launch.ready_socket);
  ProbeState state = ProbeState::kPending;
  return probe.ok() && Eventually([&] {
           state = probe->OnReadable();
           return state != ProbeState::kPending;
         }) &&
         state == ProbeState::kReady;
}

// One broker for all access tests.
class Access : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new TempDirectory;
    Result<Launch> launch = Prepare(SettingsFor(directory_->path()), TestUsers(), {});
    ASSERT_TRUE(launch.ok()) << launch.error().message;
    launch_ = new Launch(*std::move(launch));
    Result<Server> server = Server::Start(launch_->process);
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = new Server(*std::move(server));
    ASSERT_TRUE(server_->WaitFor([] { return IsReady(*launch_); })) << server_->Log();
    for (const std::string& topic : AllTopics()) {
      ASSERT_EQ(Publish(Daemon(), topic, true), "allowed") << topic;
    }
  }

  static void TearDownTestSuite() {
    if (server_ != nullptr) {
      EXPECT_TRUE(server_->Stop(SIGTERM).has_value());
    }
    delete std::exchange(server_, nullptr);
    delete std::exchange(launch_, nullptr);
    delete std::exchange(directory_, nullptr);
  }

  static Client Daemon() {
    return {launch_->daemon.port, "", launch_->daemon.user, launch_->daemon.password};
  }

  static Client Open(const std::string& user = "") { return {Port(0), "", user, ""}; }

  static Client Printer(const std::string& id, const std::string& user = "vendor") {
    return {Port(1), id, user, user.empty() ? "" : "vendor-password"};
  }

  static Client Person(const std::string& name) { return {Port(2), "", name, name + "-password"}; }

  static Client Mixed(const std::string& name, const std::string& id = "") {
    return {Port(3), id, name, name + "-password"};
  }

  static uint16_t Port(size_t index) { return launch_->listeners[index].port; }

  static TempDirectory* directory_;
  static Launch* launch_;
  static Server* server_;
};

TempDirectory* Access::directory_ = nullptr;
Launch* Access::launch_ = nullptr;
Server* Access::server_ = nullptr;

TEST_F(Access, DaemonReadsAndWritesAll) {
  EXPECT_EQ(Readable(Daemon()), Plus(AllTopics(), {"$SYS/broker/version"}));
  EXPECT_EQ(Publish(Daemon(), "$CONTROL/x/v1"), "denied");
  EXPECT_EQ(Publish(Daemon(), "$SYS/x"), "denied");
  Client stranger = Daemon();
  stranger.password = "wrong";
  EXPECT_NE(Publish(stranger, "fleet/v1/events"), "allowed");
  stranger.user.clear();
  stranger.password.clear();
  EXPECT_NE(Publish(stranger, "fleet/v1/events"), "allowed");
}

TEST_F(Access, PersonWritesOnlyAsHimself) {
  EXPECT_EQ(Publish(Person("alice"), "fleet/v1/command/alice"), "allowed");
  for (const std::string& topic :
       {std::string("fleet/v1/command/bob"), std::string("fleet/v1/command"),
        std::string("fleet/v1/command/local"), std::string("fleet/v1/command/alice/x"),
        std::string("fleet/v1/heartbeat/one"), std::string("fleet/v1/printers/a/state"),
        std::string("fleet/v1/response/alice/1"), std::string("fleet/v1/bridge"),
        std::string("$CONTROL/x/v1"), std::string("$SYS/x"), Request(kId), Report(kId)}) {
    EXPECT_EQ(Publish(Person("alice"), topic), "denied") << topic;
  }
  // A person whose client id is a printer's or another person's gains nothing.
  Client disguised = Person("alice");
  disguised.id = kId;
  EXPECT_EQ(Publish(disguised, Report(kId)), "denied");
  disguised.id = "bob";
  EXPECT_EQ(Publish(disguised, "fleet/v1/command/bob"), "denied");
}

TEST_F(Access, PersonReadsHisResponsesAndThePublicTopics) {
  EXPECT_EQ(Readable(Person("alice")), Plus(kPublic, {"fleet/v1/response/alice/1"}));
}

TEST_F(Access, PersonNeedsThePassword) {
  Client client = Person("alice");
  client.password = "bob-password";
  EXPECT_NE(Publish(client, "fleet/v1/command/alice"), "allowed");
  client.password.clear();
  EXPECT_NE(Publish(client, "fleet/v1/command/alice"), "allowed");
  client.user.clear();
  EXPECT_NE(Publish(client, "fleet/v1/command"), "allowed");
  EXPECT_NE(Publish({Port(2), "", "mallory", "x"}, "fleet/v1/command/mallory"), "allowed");
}

TEST_F(Access, OpenListenerIsLocalWhateverNameIsSent) {
  for (const std::string name : {"", "alice", "local", "printfleet-daemon"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(Publish(Open(name), "fleet/v1/command"), "allowed");
    EXPECT_EQ(Publish(Open(name), "fleet/v1/command/local"), "allowed");
    for (const char* topic :
         {"fleet/v1/command/alice", "fleet/v1/heartbeat/one", "fleet/v1/printers/a/state",
          "fleet/v1/response/local/1", "$CONTROL/x/v1", "$SYS/x"}) {
      EXPECT_EQ(Publish(Open(name), topic), "denied") << topic;
    }
    EXPECT_EQ(Publish(Open(name), Report(kId)), "allowed");
    EXPECT_EQ(Publish(Open(name), Request(kOtherId)), "allowed");
  }
}

TEST_F(Access, OpenListenerReadsAllButOthersResponsesAndHeartbeats) {
  Topics expected = Plus(kPublic, {"fleet/v1/response/local/1"});
  for (const std::string& topic : AllTopics()) {
    if (topic.starts_with("anycubic/")) {
      expected.insert(topic);
    }
  }
  EXPECT_EQ(Readable(Open()), expected);
  EXPECT_EQ(Readable(Open("alice")), expected);
}

TEST_F(Access, PrinterWithAVendorLoginIsLimitedToItsOwnTopics) {
  for (const std::string user : {"vendor", ""}) {
    SCOPED_TRACE(user);
    const Client printer = Printer(kId, user);
    EXPECT_EQ(Publish(printer, Report(kId)), "allowed");
    EXPECT_EQ(Publish(printer, std::string("anycubic/anycubicCloud/v1/printer/app/") + kModel +
                                   "/" + kId + "/response"),
              "allowed");
    EXPECT_EQ(Publish(printer, std::string("anycubic/anycubicCloud/printer/public/") + kModel +
                                   "/" + kId + "/online/status"),
              "allowed");
    for (const std::string& topic :
         {Report(kOtherId), Request(kId), Request(kOtherId), std::string("fleet/v1/command"),
          std::string("fleet/v1/command/local"), std::string("fleet/v1/command/vendor"),
          std::string("fleet/v1/bridge"), std::string("$CONTROL/x/v1")}) {
      EXPECT_EQ(Publish(printer, topic), "denied") << topic;
    }
    EXPECT_EQ(Readable(printer),
              (Topics{Request(kId), Request(kId, "server"), Request(kId, "v1/web")}));
  }
}

TEST_F(Access, CraftedClientIdsReachNobodyElse) {
  EXPECT_EQ(Readable(Printer(kModel)), Topics{});  // a model's number as the id
  for (const std::string id : {"+", "#", "+/+"}) {
    EXPECT_EQ(Readable(Printer(id)), Topics{}) << id;
    EXPECT_NE(Publish(Printer(id), Report(kId)), "allowed") << id;
  }
  EXPECT_EQ(Publish(Printer("%c"), Report(kId)), "denied");
  EXPECT_EQ(Publish({Port(1), kOtherId, kId, "x"}, Report(kId)), "denied");  // only the user name
}

TEST_F(Access, WithPasswordsAPrinterIsItsUserName) {
  EXPECT_EQ(Publish(Mixed("alice"), "fleet/v1/command/alice"), "allowed");
  EXPECT_EQ(Publish(Mixed("alice"), "fleet/v1/command/bob"), "denied");
  EXPECT_EQ(Publish(Mixed("alice", kId), Report(kId)), "denied");
  EXPECT_EQ(Publish(Mixed("alice"), Report("alice")), "allowed");
}

TEST_F(Access, ReadinessSocketAllowsNothing) {
  const ClientRun run =
      RunClient("/usr/bin/mosquitto_sub", {"--unix", launch_->ready_socket, "-t", "#", "-W", "1"});
  EXPECT_EQ(run.text, "Timed out\n");
}

TEST_F(Access, FilesAreTheServersAlone) {
  const std::string broker = directory_->path() + "/broker";

  struct stat status {};

  ASSERT_EQ(stat(broker.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700U);
  for (const auto& entry : std::filesystem::directory_iterator(broker)) {
    if (entry.is_regular_file()) {
      ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
      EXPECT_EQ(status.st_mode & 0077, 0U) << entry.path();
    }
  }
  std::ifstream file("/proc/" + std::to_string(server_->pid()) + "/status");
  std::ostringstream text;
  text << file.rdbuf();
  if (geteuid() == 0) {
    EXPECT_EQ(text.str().find("\nUid:\t0"), std::string::npos) << text.str();
    EXPECT_EQ(text.str().find("\nGid:\t0"), std::string::npos) << text.str();
  }
  const Result<std::optional<child::LockHolder>> holder =
      child::FindHolder(LockPath(SettingsFor(directory_->path())));
  ASSERT_TRUE(holder.ok() && holder->has_value());
  EXPECT_EQ((*holder)->pid, server_->pid());
}

TEST_F(Access, ARunningServerIsFoundAndItsUsersReloaded) {
  settings::Users users = TestUsers();
  users["carol"] = {"carol", settings::Role::kViewer, *HashPassword("carol-password")};
  LaunchOptions options;
  options.running = true;
  const Result<Launch> found = Prepare(SettingsFor(directory_->path()), users, options);
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->daemon.port, launch_->daemon.port);
  EXPECT_EQ(found->daemon.password, launch_->daemon.password);
  EXPECT_EQ(found->listeners[2].port, Port(2));
  EXPECT_NE(Publish(Person("carol"), "fleet/v1/command/carol"), "allowed");
  ASSERT_TRUE(child::InstallFiles(found->process).ok());
  server_->Signal(SIGHUP);
  EXPECT_TRUE(
      Eventually([] { return Publish(Person("carol"), "fleet/v1/command/carol") == "allowed"; }));
  EXPECT_EQ(Publish(Person("carol"), "fleet/v1/command/alice"), "denied");
  EXPECT_EQ(Publish(Daemon(), "fleet/v1/events"), "allowed");
}

TEST_F(Access, RefusalsAreLoggedOnRequest) {
  LaunchOptions options;
  options.running = true;
  options.log_denied = true;
  const Result<Launch> found = Prepare(SettingsFor(directory_->path()), TestUsers(), options);
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(server_->Log().find("Denied"), std::string::npos);
  ASSERT_TRUE(child::InstallFiles(found->process).ok());
  server_->Signal(SIGHUP);
  EXPECT_TRUE(server_->WaitFor([] {
    Publish(Printer(kId), Report(kOtherId));
    return server_->Log().find("Denied PUBLISH from " + std::string(kId)) != std::string::npos;
  })) << server_->Log();
}

TEST(Broker, WithoutARunningOneThePortsAreUnknown) {
  const TempDirectory directory;
  LaunchOptions options;
  options.running = true;
  const Result<Launch> launch = Prepare(SettingsFor(directory.path()), {}, options);
  ASSERT_FALSE(launch.ok());
  EXPECT_EQ(launch.error().code, Errc::kUnavailable);
}

TEST(Broker, RunsBelowADirectoryItsUserCannotEnterAndKeepsItsPorts) {
  const TempDirectory home(geteuid() == 0 ? "/root" : "/tmp");
  const std::string data_dir = home.path() + "/" + std::string(120, 'd');  // and a long name
  std::optional<Launch> first;
  for (int round = 0; round < 2; ++round) {
    Result<Launch> launch = Prepare(SettingsFor(data_dir), {}, {});
    ASSERT_TRUE(launch.ok()) << launch.error().message;
    if (first.has_value()) {
      EXPECT_EQ(launch->daemon.port, first->daemon.port);
      EXPECT_EQ(launch->daemon.password, first->daemon.password);
      EXPECT_EQ(launch->listeners[0].port, first->listeners[0].port);
    }
    first = *launch;
    Result<Server> server = Server::Start(launch->process);
    ASSERT_TRUE(server.ok()) << server.error().message;
    ASSERT_TRUE(server->WaitFor([&] { return IsReady(*launch); })) << server->Log();
    const Client daemon = {launch->daemon.port, "", launch->daemon.user, launch->daemon.password};
    if (round == 0) {
      ASSERT_EQ(Publish(daemon, "fleet/v1/bridge", true), "allowed");
    } else {
      EXPECT_TRUE(Readable(daemon).contains("fleet/v1/bridge")) << server->Log();  // it was saved
    }
    // No successor while it lives.
    const Result<child::Process> second = child::Process::Start(launch->process);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, Errc::kConflict);
    const std::optional<child::ExitStatus> status = server->Stop(SIGTERM);
    ASSERT_TRUE(status.has_value());
    EXPECT_TRUE(status->clean()) << status->Text();
  }
}

TEST(Broker, ATakenPortIsDiagnosedAndThePrivateOneReplaced) {
  const TempDirectory directory;
  settings::Settings settings = SettingsFor(directory.path());
  Result<Launch> launch = Prepare(settings, {}, {});
  ASSERT_TRUE(launch.ok());
  Result<Server> server = Server::Start(launch->process);
  ASSERT_TRUE(server.ok());
  ASSERT_TRUE(server->WaitFor([&] { return IsReady(*launch); })) << server->Log();
  // Another instance, whose kept ports are those of the first.
  const TempDirectory other;
  settings.data_dir = other.path();
  settings.broker.listeners.resize(1);
  settings.broker.listeners[0].port = launch->listeners[0].port;
  Result<Launch> second = Prepare(settings, {}, {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Errc::kConflict);
  EXPECT_NE(second.error().message.find("is in use by mosquitto (process " +
                                        std::to_string(server->pid()) +
                                        "), maybe the distribution's mosquitto.service"),
            std::string::npos)
      << second.error().message;
  settings.broker.listeners[0].port = 0;
  std::filesystem::create_directory(other.path() + "/broker");
  std::ofstream(other.path() + "/broker/private.port") << launch->daemon.port << "\n";
  second = Prepare(settings, {}, {});
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_NE(second->daemon.port, launch->daemon.port);
  ASSERT_EQ(second->warnings.size(), 1U);
  EXPECT_TRUE(server->Stop(SIGTERM).has_value());
}

TEST(Broker, DiesWithItsDaemonAndLeavesTheSocketToItsSuccessor) {
  const TempDirectory directory;
  const settings::Settings settings = SettingsFor(directory.path());
  const Result<Launch> launch = Prepare(settings, {}, {});
  ASSERT_TRUE(launch.ok());
  const pid_t daemon = fork();
  if (daemon == 0) {
    Result<Server> server = Server::Start(launch->process);
    while (server.ok()) {
      pause();
    }
    _exit(1);
  }
  ASSERT_TRUE(Eventually([&] { return IsReady(*launch); }));
  EXPECT_TRUE(child::FindHolder(LockPath(settings))->has_value());
  ASSERT_EQ(kill(daemon, SIGKILL), 0);
  ASSERT_EQ(waitpid(daemon, nullptr, 0), daemon);
  EXPECT_TRUE(Eventually([&] { return !child::FindHolder(LockPath(settings))->has_value(); }));
  EXPECT_TRUE(std::filesystem::exists(directory.path() + "/broker/mosquitto.db"));  // it saved
  Result<Server> server = Server::Start(launch->process);
  ASSERT_TRUE(server.ok()) << server.error().message;
  EXPECT_TRUE(server->WaitFor([&] { return IsReady(*launch); })) << server->Log();
  // And after a SIGKILL of the broker itself, its socket still in the way.
  EXPECT_TRUE(server->Stop(SIGKILL).has_value());
  server = Server::Start(launch->process);
  ASSERT_TRUE(server.ok()) << server.error().message;
  EXPECT_TRUE(server->WaitFor([&] { return IsReady(*launch); })) << server->Log();
  EXPECT_TRUE(server->Stop(SIGTERM).has_value());
}

}  // namespace
}  // namespace printfleet::broker
