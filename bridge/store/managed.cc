#include "store/managed.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

#include "base/digest.h"

namespace printfleet::store {

namespace fs = std::filesystem;

namespace {

constexpr const char* kOwnerRole = "printfleet";
constexpr const char* kDaemonRole = "printfleet_daemon";
constexpr const char* kDatabase = "printfleet";
constexpr const char* kDebianRoot = "/usr/lib/postgresql";
constexpr const char* kSocketName = "/.s.PGSQL.5432";
constexpr milliseconds kInitTimeout{300000};

struct ClusterPaths {
  std::string directory;  // data_dir/database
  std::string cluster;
  std::string marker;  // stands from before initdb until FinishInit
};

ClusterPaths PathsOf(const settings::Settings& settings) {
  const std::string directory = fs::absolute(settings.data_dir).lexically_normal() / "database";
  return {directory, directory + "/cluster", directory + "/initdb.unfinished"};
}

// A user of the system. kNotFound with what to do.
struct User {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
};

Result<User> Found(const passwd* entry, const std::string& who) {
  if (entry == nullptr) {
    return Error{Errc::kNotFound, "database: no user " + who +
                                      " on this system: install postgresql, name another user in "
                                      "database.run_as, or start the daemon as a user that "
                                      "/etc/passwd knows"};
  }
  return User{entry->pw_uid, entry->pw_gid, entry->pw_name};
}

Result<User> UserById(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> buffer{};
  getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return Found(found, std::to_string(uid));
}

Result<User> UserByName(const std::string& name) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> buffer{};
  getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  return Found(found, "\"" + name + "\"");
}

// The user PostgreSQL runs as: it refuses root.
Result<User> ServerUser(const settings::Database& database) {
  Result<User> user = geteuid() == 0 ? UserByName(database.run_as) : UserById(geteuid());
  if (user.ok() && user->uid == 0) {
    return Error{Errc::kInvalid,
                 "database: PostgreSQL does not run as root; set database.run_as "
                 "to a user of its own, such as postgres"};
  }
  return user;
}

// Whether `user` may enter every directory above data_dir/database, which itself is made so (by the
// mode bits alone: where that is not the whole truth, the answer is no, and the directory is passed
// open, which always works).
bool CanReach(const User& user, const std::string& directory) {
  for (fs::path at = fs::path(directory).parent_path(); at.has_relative_path();
       at = at.parent_path()) {
    struct stat status {};

    if (stat(at.c_str(), &status) != 0) {
      return false;
    }
    const mode_t bit = status.st_uid == user.uid   ? S_IXUSR
                       : status.st_gid == user.gid ? S_IXGRP
                                                   : S_IXOTH;
    if ((status.st_mode & bit) == 0) {
      return false;
    }
  }
  return true;
}

std::optional<int> ToNumber(const std::string& text) {
  int number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                 : std::nullopt;
}

// "/usr/lib/postgresql/15/bin" -> 15.
std::optional<int> MajorOf(const std::string& binaries_dir) {
  const fs::path path = fs::path(binaries_dir + "/.").lexically_normal().parent_path();
  return path.filename() == "bin" ? ToNumber(path.parent_path().filename().string()) : std::nullopt;
}

// The newest PostgreSQL of Debian's, or the one of `major`; "" when there is none.
std::string FindBinaries(std::optional<int> major) {
  int best = 0;
  std::error_code code;
  for (fs::directory_iterator entry(kDebianRoot, code); !code && entry != fs::directory_iterator();
       entry.increment(code)) {
    const std::optional<int> number = ToNumber(entry->path().filename().string());
    const bool usable = number.has_value() && (!major.has_value() || *number == *major) &&
                        access((entry->path() / "bin" / "postgres").c_str(), X_OK) == 0;
    best = usable ? std::max(best, *number) : best;
  }
  return best == 0 ? "" : std::string(kDebianRoot) + "/" + std::to_string(best) + "/bin";
}

Error WrongMajor(const std::string& cluster, int major, const std::string& have) {
  const std::string number = std::to_string(major);
  return Error{Errc::kConflict,
               "database: " + cluster + " was made by PostgreSQL " + number + ", but " + have +
                   ". Install postgresql-" + number +
                   " and start again; to move to a newer one, `printfleet backup` with " + number +
                   ", move the directory away, start, `printfleet restore` (or pg_upgrade). "
                   "Nothing was changed"};
}

// The directory of initdb and postgres for this cluster (`major`: nullopt for a new one).
Result<std::string> Binaries(const settings::Database& database, const std::string& cluster,
                             std::optional<int> major) {
  if (!database.binaries_dir.empty()) {
    const std::optional<int> given = MajorOf(database.binaries_dir);
    if (access((database.binaries_dir + "/postgres").c_str(), X_OK) != 0) {
      return Error{Errc::kNotFound, "database.binaries_dir " + database.binaries_dir +
                                        ": no program postgres in it; install postgresql, or "
                                        "leave it out to take the newest one installed"};
    }
    if (major.has_value() && given.has_value() && *given != *major) {
      return WrongMajor(cluster, *major, "database.binaries_dir names another version");
    }
    return database.binaries_dir;
  }
  std::string found = FindBinaries(major);
  if (found.empty() && major.has_value()) {
    return WrongMajor(cluster, *major, "that version is not installed");
  }
  if (found.empty()) {
    return Error{Errc::kNotFound, "database: no PostgreSQL in " + std::string(kDebianRoot) +
                                      "; install it (apt-get install postgresql), or use "
                                      "database: {mode: external}"};
  }
  return found;
}

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

bool IsEmptyDirectory(const std::string& path) {
  std::error_code code;
  return !fs::exists(path, code) || fs::is_empty(path, code);
}

// Whether a process of an earlier life holds the lock (child/lock.h takes it, for the server).
bool IsLocked(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) {
    return false;
  }
  const bool locked = flock(fd, LOCK_SH | LOCK_NB) != 0;
  close(fd);
  return locked;
}

// nullopt: there is no cluster (any more). Removes what an interrupted initdb left.
Result<std::optional<int>> ExistingMajor(const ClusterPaths& paths) {
  std::error_code code;
  if (fs::exists(paths.marker, code)) {
    // Only a server writes this one: then the marker is not to be believed.
    if (fs::exists(paths.cluster + "/postmaster.opts", code)) {
      return Error{Errc::kConflict, "database: " + paths.marker + " says that " + paths.cluster +
                                        " is unfinished, but it has been in use: remove the first "
                                        "file if the cluster is good, else move the directory "
                                        "away"};
    }
    if (IsLocked(paths.directory + "/server.lock")) {
      return Error{Errc::kUnavailable,
                   "database: an initdb of an earlier start still runs; it will "
                   "end by itself, try again"};
    }
    fs::remove_all(paths.cluster, code);
    if (code) {
      return Error{Errc::kUnavailable,
                   "database: " + paths.cluster +
                       ": an interrupted initdb cannot be removed: " + code.message()};
    }
    return std::optional<int>();
  }
  const std::optional<int> major = ToNumber(FirstLine(paths.cluster + "/PG_VERSION"));
  if (!major.has_value() && !IsEmptyDirectory(paths.cluster)) {
    return Error{Errc::kConflict, "database: " + paths.cluster +
                                      " holds something that is no PostgreSQL cluster (no readable "
                                      "PG_VERSION): move it away, or restore it. Nothing was "
                                      "changed"};
  }
  return major;
}

Status CheckOwner(const std::string& cluster, const User& user) {
  struct stat status {};

  if (stat((cluster + "/PG_VERSION").c_str(), &status) == 0 && status.st_uid != user.uid) {
    return Error{Errc::kConflict, "database: " + cluster + " belongs to uid " +
                                      std::to_string(status.st_uid) +
                                      ", but the server would run "
                                      "as " +
                                      user.name +
                                      ": start as before, set database.run_as, "
                                      "or chown -R it to " +
                                      user.name};
  }
  return Ok{};
}

// Where the socket is: in the cluster, unless its name would be too long for sockaddr_un.
std::string SocketDirectory(const std::string& cluster) {
  if (cluster.size() + std::string_view(kSocketName).size() < sizeof(sockaddr_un::sun_path)) {
    return cluster;
  }
  constexpr size_t kHashDigits = 12;
  const std::string name = "/printfleet-" + Sha256Hex(cluster).substr(0, kHashDigits);
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");  // NOLINT(concurrency-mt-unsafe): at start
  if (geteuid() == 0) {
    return "/run" + name;
  }
  return (runtime != nullptr && access(runtime, W_OK) == 0 ? std::string(runtime) : "/tmp") + name;
}

// A libpq keyword value.
std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') {
      quoted += '\\';
    }
    quoted += c;
  }
  return quoted + "'";
}

std::string ConnectText(const std::string& socket_dir, const std::string& role,
                        const std::string& database) {
  return "host=" + Quoted(socket_dir) + " port=5432 user=" + role + " dbname=" + database;
}

constexpr const char* kHbaText =
    "# Written by printfleet at each start; changes here are lost.\n"
    "# The kernel says who connects (peer); pg_ident.conf says who may be whom.\n"
    "local all printfleet peer map=printfleet\n"
    "local printfleet printfleet_daemon peer map=printfleet\n";

// Each of them may be either role.
std::string IdentText(const std::string& daemon, const std::string& server) {
  std::string text = "# Written by printfleet at each start; changes here are lost.\n";
  for (const std::string& name : std::set<std::string>{"root", daemon, server}) {
    for (const char* role : {kOwnerRole, kDaemonRole}) {
      text += "printfleet \"" + name + "\" " + role + "\n";
    }
  }
  return text;
}

std::vector<std::string> ServerArguments(const settings::Settings& settings,
                                         const std::string& data_argument,
                                         const std::string& socket_argument) {
  std::vector<std::string> arguments = {"-D", data_argument};
  const std::vector<std::string> parameters = {
      "listen_addresses=",
      "port=5432",
      "unix_socket_directories=" + socket_argument,
      "unix_socket_permissions=0700",
      "cluster_name=" + std::string(kOwnerRole),
      "shared_buffers=" + std::to_string(settings.database.shared_buffers_mib) + "MB",
      "max_connections=40",
      "synchronous_commit=on",
      "fsync=on",
      "full_page_writes=on",
      "jit=off",
      "timezone=UTC",
      "logging_collector=off",
      "log_destination=stderr",
      "log_line_prefix=%q%u@%d ",
      "log_checkpoints=off",
  };
  for (const std::string& parameter : parameters) {
    arguments.emplace_back("-c");
    arguments.push_back(parameter);
  }
  return arguments;
}

// What initdb and the server have in common.
ProcessSpec CommonSpec(const settings::Settings& settings, const ClusterPaths& paths,
                       bool reachable) {
  ProcessSpec spec;
  spec.name = "database";
  spec.environment_unset = {"PGDATA",     "PGPORT",    "PGHOST", "PGUSER",
                            "PGDATABASE", "PGOPTIONS", "PGTZ",   "PGCLIENTENCODING"};
  spec.run_as = settings.database.run_as;
  spec.working_dir = "/";
  spec.passed_dir = reachable ? "" : paths.cluster;
  spec.lock_file = paths.directory + "/server.lock";
  spec.directories = {{paths.directory, 0711, Owner::kDaemon},
                      {paths.cluster, 0700, Owner::kServer}};
  spec.stop_timeout = settings.database.stop_timeout;
  return spec;
}

}  // namespace

std::string ManagedLockPath(const settings::Settings& settings) {
  return PathsOf(settings).directory + "/server.lock";
}

ManagedCluster LocateCluster(const settings::Settings& settings) {
  const ClusterPaths paths = PathsOf(settings);
  const std::string socket_dir = SocketDirectory(paths.cluster);
  ManagedCluster cluster;
  cluster.cluster_dir = paths.cluster;
  cluster.conninfo = ConnectText(socket_dir, kDaemonRole, kDatabase);
  cluster.owner_conninfo = ConnectText(socket_dir, kOwnerRole, kDatabase);
  cluster.admin_conninfo = ConnectText(socket_dir, kOwnerRole, "postgres");
  return cluster;
}

Result<ManagedCluster> PrepareCluster(const settings::Settings& settings) {
  const ClusterPaths paths = PathsOf(settings);
  const Result<User> user = ServerUser(settings.database);
  const Result<User> daemon = UserById(geteuid());
  if (!user.ok() || !daemon.ok()) {
    return user.ok() ? daemon.error() : user.error();
  }
  const Result<std::optional<int>> major = ExistingMajor(paths);
  if (!major.ok()) {
    return major.error();
  }
  const Result<std::string> binaries = Binaries(settings.database, paths.cluster, *major);
  const Status owner = CheckOwner(paths.cluster, *user);
  if (!binaries.ok() || !owner.ok()) {
    return binaries.ok() ? owner.error() : binaries.error();
  }
  const bool reachable = CanReach(*user, paths.directory);
  const std::string data_argument = reachable ? paths.cluster : "/proc/self/fd/3";
  const std::string socket_dir = SocketDirectory(paths.cluster);
  ManagedCluster cluster = LocateCluster(settings);
  if (!major->has_value()) {
    ProcessSpec init = CommonSpec(settings, paths, reachable);
    init.program = *binaries + "/initdb";
    init.arguments = {"-D",
                      data_argument,
                      "-U",
                      kOwnerRole,
                      "-A",
                      "peer",
                      "-E",
                      "UTF8",
                      "--locale=C.UTF-8",
                      "--lc-collate=C",
                      "--data-checksums",
                      "--no-instructions"};
    init.files = {{paths.marker, "initdb has begun and not ended.\n", Owner::kDaemon, 0600}};
    init.stop_signals = {SIGTERM};
    init.parent_death_signal = SIGTERM;
    init.start_timeout = kInitTimeout;
    cluster.init = std::move(init);
  }
  cluster.server = CommonSpec(settings, paths, reachable);
  cluster.server.program = *binaries + "/postgres";
  // "." is the cluster itself: PostgreSQL works in it, and need not be able to reach it by name.
  const bool in_cluster = socket_dir == paths.cluster;
  cluster.server.arguments =
      ServerArguments(settings, data_argument, in_cluster ? "." : socket_dir);
  if (!in_cluster) {
    cluster.server.directories.push_back({socket_dir, 0700, Owner::kServer});
  }
  cluster.server.files = {
      {paths.cluster + "/pg_hba.conf", kHbaText, Owner::kServer, 0600},
      {paths.cluster + "/pg_ident.conf", IdentText(daemon->name, user->name), Owner::kServer, 0600},
  };
  // Fast; then immediate, which costs a recovery; SIGKILL would leave its children behind.
  cluster.server.stop_signals = {SIGINT, SIGQUIT};
  cluster.server.parent_death_signal = SIGINT;
  cluster.server.start_timeout = settings.database.start_timeout;
  return cluster;
}

Status FinishInit(const ManagedCluster& cluster) {
  const fs::path marker = fs::path(cluster.cluster_dir).parent_path() / "initdb.unfinished";
  std::error_code code;
  fs::remove(marker, code);
  if (code) {
    return Error{Errc::kUnavailable,
                 "database: " + marker.string() + ": cannot be removed: " + code.message()};
  }
  // Before the server's first start: a marker that came back after a power cut would accuse a
  // cluster in use.
  const int fd = open(marker.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0) {
    close(fd);
  }
  if (!synced) {
    return Error{Errc::kUnavailable,
                 "database: " + marker.parent_path().string() + ": cannot be synchronized to disk"};
  }
  return Ok{};
}

bool IsClusterReady(const ManagedCluster& cluster, pid_t pid) {
  constexpr int kStatusLine = 8;
  std::ifstream file(cluster.cluster_dir + "/postmaster.pid");
  std::string line;
  for (int number = 1; number <= kStatusLine && std::getline(file, line); ++number) {
    if (number == 1 && pid != 0 && ToNumber(line) != static_cast<int>(pid)) {
      return false;
    }
    if (number == kStatusLine) {
      return line.starts_with("ready");
    }
  }
  return false;
}

}  // namespace printfleet::store
