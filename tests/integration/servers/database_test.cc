// The managed PostgreSQL cluster, for real.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "server.h"
#include "store/managed.h"

namespace printfleet::store {
namespace {

namespace fs = std::filesystem;

settings::Settings SettingsFor(const std::string& data_dir) {
  settings::Settings settings;
  settings.data_dir = data_dir;
  settings.database.shared_buffers_mib = 16;
  return settings;
}

ManagedCluster Initialized(const settings::Settings& settings) {
  Result<ManagedCluster> cluster = PrepareCluster(settings);
  EXPECT_TRUE(cluster.ok()) << cluster.error().message;
  if (!cluster.ok() || !cluster->init.has_value()) {
    ADD_FAILURE() << "nothing to initialize";
    return {};
  }
  const Result<child::Finished> finished = child::RunToEnd(*cluster->init);
  EXPECT_TRUE(finished.ok() && finished->status.clean())
      << (finished.ok() ? finished->output.back() : finished.error().message);
  EXPECT_TRUE(FinishInit(*cluster).ok());
  return *std::move(cluster);
}

ClientRun Query(const std::string& conninfo, const std::string& sql) {
  return RunClient("/usr/bin/psql", {"-X", "-A", "-t", "-d", conninfo, "-c", sql});
}

// Starts, makes the database and a table or finds them, stops fast.
void ServeOnce(const ManagedCluster& cluster, bool first) {
  Result<Server> server = Server::Start(cluster.server);
  ASSERT_TRUE(server.ok()) << server.error().message;
  ASSERT_TRUE(server->WaitFor([&] { return IsClusterReady(cluster, server->pid()); }))
      << server->Log();
  EXPECT_FALSE(IsClusterReady(cluster, server->pid() + 1));
  if (first) {
    const ClientRun made = Query(cluster.admin_conninfo, "create database printfleet");
    EXPECT_EQ(made.text, "CREATE DATABASE\n");
    EXPECT_EQ(Query(cluster.owner_conninfo, "create table t as select 7 as a").code, 0);
  }
  EXPECT_EQ(Query(cluster.owner_conninfo, "select a from t").text, "7\n");
  EXPECT_EQ(Query(cluster.owner_conninfo,
                  "select current_setting('data_checksums'), current_setting('jit'), "
                  "current_setting('listen_addresses'), pg_encoding_to_char(encoding), datcollate "
                  "from pg_database where datname = 'printfleet'")
                .text,
            "on|off||UTF8|C\n");
  const std::optional<child::ExitStatus> status = server->Stop(SIGINT);
  ASSERT_TRUE(status.has_value());
  EXPECT_TRUE(status->clean()) << status->Text() << server->Log();
}

TEST(Database, InitializesServesAndStopsTwice) {
  const TempDirectory directory;
  ASSERT_EQ(chmod(directory.path().c_str(), 0755), 0);
  const settings::Settings settings = SettingsFor(directory.path());
  ServeOnce(Initialized(settings), true);
  const Result<ManagedCluster> again = PrepareCluster(settings);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_FALSE(again->init.has_value());
  EXPECT_EQ(again->server.passed_dir, "");
  ServeOnce(*again, false);
}

TEST(Database, RunsBelowADirectoryItsUserCannotEnter) {
  const TempDirectory home(geteuid() == 0 ? "/root" : "/tmp");  // mkdtemp's mode is 0700
  const settings::Settings settings = SettingsFor(home.path() + "/data");
  const ManagedCluster cluster = Initialized(settings);
  if (geteuid() == 0) {
    EXPECT_EQ(cluster.server.passed_dir, cluster.cluster_dir);
  }
  ServeOnce(cluster, true);
  ServeOnce(*PrepareCluster(settings), false);
}

TEST(Database, ALongPathMovesTheSocketToARuntimeDirectory) {
  const TempDirectory directory;
  const settings::Settings settings = SettingsFor(directory.path() + "/" + std::string(90, 'd'));
  const ManagedCluster cluster = Initialized(settings);
  ASSERT_EQ(cluster.server.directories.size(), 3U);
  ServeOnce(cluster, true);
  fs::remove_all(cluster.server.directories[2].path);
}

TEST(Database, OtherUsersAreRefusedByTheKernelsWord) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  const TempDirectory directory;
  ASSERT_EQ(chmod(directory.path().c_str(), 0755), 0);
  const ManagedCluster cluster = Initialized(SettingsFor(directory.path()));
  Result<Server> server = Server::Start(cluster.server);
  ASSERT_TRUE(server.ok());
  ASSERT_TRUE(server->WaitFor([&] { return IsClusterReady(cluster, server->pid()); }));
  for (const auto& [user, expected] : {std::pair<std::string, int>{"postgres", 0}, {"nobody", 2}}) {
    ProcessSpec client;
    client.name = "client";
    client.program = "/usr/bin/psql";
    client.arguments = {"-X", "-d", cluster.admin_conninfo, "-c", "select 1"};
    client.run_as = user;
    const Result<child::Finished> finished = child::RunToEnd(client);
    ASSERT_TRUE(finished.ok());
    EXPECT_EQ(finished->status.code, expected) << user;
  }
  EXPECT_TRUE(server->Stop(SIGINT).has_value());
}

TEST(Database, AnInterruptedInitdbIsDoneAgain) {
  const TempDirectory directory;
  const settings::Settings settings = SettingsFor(directory.path());
  const Result<ManagedCluster> first = PrepareCluster(settings);
  ASSERT_TRUE(first.ok() && first->init.has_value());
  Result<Server> initdb = Server::Start(*first->init);
  ASSERT_TRUE(initdb.ok()) << initdb.error().message;
  ASSERT_TRUE(initdb->WaitFor([&] { return fs::exists(first->cluster_dir + "/PG_VERSION"); }));
  // While it still runs, nobody touches its files.
  const Result<ManagedCluster> meanwhile = PrepareCluster(settings);
  ASSERT_FALSE(meanwhile.ok());
  EXPECT_EQ(meanwhile.error().code, Errc::kUnavailable);
  EXPECT_TRUE(initdb->Stop(SIGKILL).has_value());
  ASSERT_TRUE(
      Eventually([&] { return !child::FindHolder(ManagedLockPath(settings))->has_value(); }));
  ServeOnce(Initialized(settings), true);
}

TEST(Database, NeverDestroysWhatItDidNotMake) {
  const TempDirectory directory;
  const settings::Settings settings = SettingsFor(directory.path());
  const std::string cluster = directory.path() + "/database/cluster";
  fs::create_directories(cluster);
  std::ofstream(cluster + "/photo.jpg") << "x";
  Result<ManagedCluster> prepared = PrepareCluster(settings);
  ASSERT_FALSE(prepared.ok());
  EXPECT_EQ(prepared.error().code, Errc::kConflict);
  // A marker beside a cluster that was in use.
  std::ofstream(directory.path() + "/database/initdb.unfinished") << "x";
  std::ofstream(cluster + "/postmaster.opts") << "x";
  prepared = PrepareCluster(settings);
  ASSERT_FALSE(prepared.ok());
  EXPECT_EQ(prepared.error().code, Errc::kConflict);
  EXPECT_TRUE(fs::exists(cluster + "/photo.jpg"));
}

TEST(Database, AnotherMajorVersionIsRefusedWithInstructions) {
  const TempDirectory directory;
  const settings::Settings settings = SettingsFor(directory.path());
  const std::string cluster = directory.path() + "/database/cluster";
  fs::create_directories(cluster);
  std::ofstream(cluster + "/PG_VERSION") << "11\n";
  const Result<ManagedCluster> prepared = PrepareCluster(settings);
  ASSERT_FALSE(prepared.ok());
  EXPECT_EQ(prepared.error().code, Errc::kConflict);
  EXPECT_NE(prepared.error().message.find("Install postgresql-11"), std::string::npos);
}

TEST(Database, DiesWithItsDaemonAndNeedsNoRecovery) {
  const TempDirectory directory;
  const settings::Settings settings = SettingsFor(directory.path());
  const ManagedCluster cluster = Initialized(settings);
  const pid_t daemon = fork();
  if (daemon == 0) {
    Result<Server> server = Server::Start(cluster.server);
    while (server.ok()) {
      pause();
    }
    _exit(1);
  }
  ASSERT_TRUE(Eventually([&] { return IsClusterReady(cluster, 0); }));
  ASSERT_EQ(kill(daemon, SIGKILL), 0);
  ASSERT_EQ(waitpid(daemon, nullptr, 0), daemon);
  ASSERT_TRUE(
      Eventually([&] { return !child::FindHolder(ManagedLockPath(settings))->has_value(); }));
  Result<Server> server = Server::Start(cluster.server);
  ASSERT_TRUE(server.ok()) << server.error().message;
  ASSERT_TRUE(server->WaitFor([&] { return IsClusterReady(cluster, server->pid()); }));
  EXPECT_NE(server->Log().find("database system was shut down at"), std::string::npos)
      << server->Log();
  // The postmaster alone is killed: the lock waits for its children too.
  EXPECT_TRUE(server->Stop(SIGKILL).has_value());
  EXPECT_TRUE(Eventually([&] {
    server = Server::Start(cluster.server);
    return server.ok();
  })) << server.error().message;
  ASSERT_TRUE(server->WaitFor([&] { return IsClusterReady(cluster, server->pid()); }))
      << server->Log();
  EXPECT_TRUE(server->Stop(SIGINT).has_value());
}

}  // namespace
}  // namespace printfleet::store
