#include "cluster.h"

#include <pwd.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/check.h"

namespace printfleet::store {
namespace {

constexpr std::chrono::milliseconds kPoll{20};
constexpr int kPolls = 500;

std::string BinariesDir() {
  std::string newest;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql")) {
    newest = std::max(newest, entry.path().string());
  }
  return newest + "/bin/";
}

// Starts `arguments` as the user postgres (PostgreSQL refuses root), its output in `log`.
pid_t Spawn(std::vector<std::string> arguments, const std::string& log) {
  if (geteuid() == 0) {
    const std::vector<std::string> as_postgres = {"setpriv", "--reuid=postgres", "--regid=postgres",
                                                  "--clear-groups", "--pdeathsig=INT"};
    arguments.insert(arguments.begin(), as_postgres.begin(), as_postgres.end());
  }
  std::vector<char*> argv;
  for (std::string& argument : arguments) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    CHECK(std::freopen(log.c_str(), "a", stdout) != nullptr);
    CHECK(dup2(STDOUT_FILENO, STDERR_FILENO) >= 0);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  CHECK(pid > 0);
  return pid;
}

int Wait(pid_t pid) {
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid);
  return status;
}

}  // namespace

Cluster& Cluster::Get() {
  static Cluster cluster;
  return cluster;
}

Cluster::Cluster() {
  std::string pattern = "/tmp/pfdbXXXXXX";
  CHECK(mkdtemp(pattern.data()) != nullptr);
  directory_ = pattern;
  if (geteuid() == 0) {
    const passwd* user = getpwnam("postgres");
    CHECK(user != nullptr && chown(directory_.c_str(), user->pw_uid, user->pw_gid) == 0);
  }
  const pid_t initdb = Spawn({BinariesDir() + "initdb", "-D", directory_ + "/data", "-U", "fleet",
                              "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"},
                             directory_ + ".log");
  CHECK(Wait(initdb) == 0);
  // Processes die here, not machines: nothing need be on the disk.
  std::ofstream(directory_ + "/data/postgresql.conf", std::ios::app) << "fsync = off\n";
  Start();
}

Cluster::~Cluster() {
  Stop();
  std::error_code error;
  std::filesystem::remove_all(directory_, error);
  std::filesystem::remove(directory_ + ".log", error);
}

void Cluster::Start() {
  server_ = Spawn({BinariesDir() + "postgres", "-D", directory_ + "/data", "-c",
                   "listen_addresses=", "-c", "unix_socket_directories=" + directory_},
                  directory_ + ".log");
  WaitUntilReady();
}

void Cluster::Stop() {
  CHECK(kill(server_, SIGINT) == 0);
  Wait(server_);
}

void Cluster::WaitUntilReady() const {
  SocketGuard guard;
  for (int poll = 0; poll < kPolls; ++poll) {
    if (Session::Open(AdminConninfo(), guard)) {
      return;
    }
    std::this_thread::sleep_for(kPoll);
  }
  CHECK(false && "PostgreSQL did not start");
}

std::string Cluster::Conninfo(const std::string& database) const {
  return "host=" + directory_ + " user=fleet dbname=" + database;
}

std::string Cluster::NewDatabaseName() {
  return "test_" + std::to_string(++databases_);
}

Looker::Looker(const std::string& database) {
  Result<std::unique_ptr<Session>> session =
      Session::Open(Cluster::Get().Conninfo(database), guard_);
  CHECK(session.ok());
  session_ = std::move(*session);
  CHECK(session_->Exec("SET timezone = 'UTC'; SET client_min_messages = error").ok());
}

SqlRows Looker::Rows(const std::string& sql) {
  Result<SqlRows> rows = session_->Exec(sql);
  if (!rows) {
    return {{Cell(rows.error().message)}};
  }
  return std::move(*rows);
}

std::string Looker::Value(const std::string& sql) {
  const SqlRows rows = Rows(sql);
  return rows.empty() || rows[0].empty() ? "" : rows[0][0].value_or("NULL");
}

bool Looker::WaitFor(const std::string& sql, const std::string& expected) {
  for (int poll = 0; poll < kPolls; ++poll) {
    if (Value(sql) == expected) {
      return true;
    }
    std::this_thread::sleep_for(kPoll);
  }
  return false;
}

}  // namespace printfleet::store
