// `printfleet backup` and `printfleet restore`: the managed database in one file, by PostgreSQL's
// own pg_dump and pg_restore. A file or a database that is only half there never has its name.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/log.h"
#include "child/lock.h"
#include "daemon/clock.h"
#include "daemon/commands.h"
#include "daemon/servers.h"
#include "daemon/tool.h"
#include "store/managed.h"
#include "store/migrate.h"
#include "store/restore.h"

namespace printfleet::daemon {

namespace fs = std::filesystem;

namespace {

constexpr int kDone = 0;
constexpr int kNotDone = 1;
constexpr int kRefused = 2;
constexpr int kInterruptedCode = 130;
constexpr milliseconds kProgressInterval{5000};
// For the server of a restore that was killed.
constexpr milliseconds kHeldMax{15000};
constexpr milliseconds kHeldPoll{100};

int Complain(const char* what, const Error& error) {
  if (WasInterrupted(error)) {
    LogWarning(what, "interrupted; nothing is left of it");
    return kInterruptedCode;
  }
  LogError(what, error.message);
  return error.code == Errc::kConflict || error.code == Errc::kUnsupported ||
                 error.code == Errc::kInvalid || error.code == Errc::kNotFound
             ? kRefused
             : kNotDone;
}

Status CheckManaged(const settings::Settings& settings) {
  if (settings.database.mode == settings::Mode::kManaged) {
    return Ok{};
  }
  return Error{
      Errc::kInvalid,
      "the database is external: it is its owner who backs it up, with pg_dump -Fc -n fleet "
      "(deploy/manual/storage.md)"};
}

// A program of the same PostgreSQL as the server.
ProcessSpec Tool(const store::ManagedCluster& cluster, const std::string& name,
                 std::vector<std::string> arguments) {
  ProcessSpec spec;
  spec.name = name;
  spec.program = cluster.server.program.substr(0, cluster.server.program.rfind('/') + 1) + name;
  spec.arguments = std::move(arguments);
  spec.environment_unset = cluster.server.environment_unset;
  spec.working_dir = fs::current_path().string();
  spec.stop_signals = {SIGTERM};
  spec.parent_death_signal = SIGTERM;
  return spec;
}

std::string Timestamp() {
  std::string text = FormatIso8601(Now().wall);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text.substr(0, text.find('.')) + "Z";
}

int64_t SizeOf(const std::string& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : static_cast<int64_t>(size);
}

// A line now and then.
class Progress {
 public:
  Progress(const char* area, std::string what) : area_(area), what_(std::move(what)) {}

  void Tick(int64_t bytes) {
    if (Now().mono >= next_) {
      next_ = Now().mono + kProgressInterval;
      LogInfo(area_, what_, {{"mib", bytes >> 20}});
    }
  }

 private:
  const char* area_;
  std::string what_;
  MonoTime next_ = Now().mono + kProgressInterval;
};

Status SyncPath(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) {
    ::close(fd);
  }
  return synced ? Status(Ok{})
                : Error{Errc::kUnavailable,
                        path + ": cannot be synchronized to the disk: " + std::strerror(errno)};
}

std::string FolderOf(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// Removes a file that is not finished, whatever happens.
class PartFile {
 public:
  explicit PartFile(std::string path) : path_(std::move(path)) {}

  ~PartFile() { ::unlink(path_.c_str()); }

  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

  // 0600, and nobody else's.
  [[nodiscard]] Status Make() const {
    const int fd =
        ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
      return Error{Errc::kInvalid, path_ + ": " + std::strerror(errno)};
    }
    ::close(fd);
    return Ok{};
  }

  // Under its name, which is nobody's yet.
  [[nodiscard]] Status Finish(const std::string& name) const {
    Status synced = SyncPath(path_, O_RDONLY);
    if (!synced.ok()) {
      return synced;
    }
    if (::link(path_.c_str(), name.c_str()) != 0) {
      return Error{errno == EEXIST ? Errc::kConflict : Errc::kUnavailable,
                   name + ": " + std::strerror(errno)};
    }
    return SyncPath(FolderOf(name), O_RDONLY | O_DIRECTORY);
  }

 private:
  std::string path_;
};

Status Dump(const settings::Settings& settings, const std::string& to, const SignalFd& signals) {
  const auto cluster = store::PrepareCluster(settings);
  if (!cluster.ok()) {
    return cluster.error();
  }
  if (cluster->init) {
    return Error{Errc::kNotFound, "there is no database yet: " + cluster->cluster_dir};
  }
  const PartFile part(to + ".part-" + std::to_string(::getpid()));
  if (const Status made = part.Make(); !made.ok()) {
    return made;
  }
  auto database = NeededDatabase::Get(settings, signals);
  if (!database.ok()) {
    return database.error();
  }
  Progress progress("backup", "writing");
  const auto dumped =
      RunTool(Tool(*cluster, "pg_dump",
                   {"--format=custom", "--schema=fleet", "--no-password", "--lock-wait-timeout=60s",
                    "--file=" + part.path(), "--dbname=" + cluster->owner_conninfo}),
              signals, [&] { progress.Tick(SizeOf(part.path())); });
  if (!dumped.ok()) {
    return dumped.error();
  }
  const auto listed =
      RunTool(Tool(*cluster, "pg_restore", {"--list", part.path()}), signals, [] {});
  if (!listed.ok() || listed->find("TABLE DATA fleet schema_migrations") == std::string::npos) {
    return listed.ok() ? Error{Errc::kInternal, "what was written is not whole"} : listed.error();
  }
  return part.Finish(to);
}

// The new cluster, in a data_dir of its own inside of the other one, until it is whole.
class Staging {
 public:
  explicit Staging(const settings::Settings& settings)
      : real_(settings), staged_(settings), directory_(settings.data_dir + "/restoring") {
    staged_.data_dir = directory_;
  }

  ~Staging() {
    std::error_code error;
    fs::remove_all(directory_, error);
  }

  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  // What an earlier one that was killed has left goes, once its server has ended.
  Status Make(const SignalFd& signals) {
    std::error_code error;
    for (milliseconds waited{0}; Held(); waited += kHeldPoll) {
      if (waited >= kHeldMax) {
        return Error{Errc::kConflict, "an interrupted restore still ends; try again in a moment"};
      }
      pollfd signalled{.fd = signals.fd(), .events = POLLIN, .revents = 0};
      if (::poll(&signalled, 1, static_cast<int>(kHeldPoll.count())) > 0) {
        return Error{Errc::kTimeout, kInterrupted};
      }
    }
    fs::remove_all(directory_, error);
    return error ? Error{Errc::kUnavailable, directory_ + ": " + error.message()}
                 : MakeDataDir(directory_);
  }

  [[nodiscard]] const settings::Settings& settings() const { return staged_; }

  // In one step takes the place of what is there; `aside`: where that is then, "" where nothing
  // was.
  Status Place(std::string& aside) {
    const std::string from = directory_ + "/database";
    const std::string to = real_.data_dir + "/database";
    const bool replaces = fs::exists(to);
    const unsigned flags = replaces ? RENAME_EXCHANGE : RENAME_NOREPLACE;
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) != 0) {
      return Error{Errc::kUnavailable, to + ": " + std::strerror(errno)};
    }
    if (replaces) {
      aside = to + ".before-" + Timestamp();
      if (::rename(from.c_str(), aside.c_str()) != 0) {
        return Error{Errc::kUnavailable, aside + ": " + std::strerror(errno)};
      }
    }
    return SyncPath(real_.data_dir, O_RDONLY | O_DIRECTORY);
  }

 private:
  [[nodiscard]] bool Held() const {
    const auto holder = child::FindHolder(store::ManagedLockPath(staged_));
    return holder.ok() && holder->has_value();
  }

  const settings::Settings& real_;
  settings::Settings staged_;
  std::string directory_;
};

Status CheckPlace(const settings::Settings& settings, bool replace) {
  const auto holder = child::FindHolder(store::ManagedLockPath(settings));
  if (holder.ok() && holder->has_value()) {
    return Error{
        Errc::kConflict,
        "its database runs: stop the daemon, and printfleet-database where it is a service "
        "of its own"};
  }
  if (!replace && fs::exists(store::LocateCluster(settings).cluster_dir)) {
    return Error{Errc::kConflict, "there is a database in " + settings.data_dir +
                                      "; with --replace it is set aside, not deleted"};
  }
  return Ok{};
}

// initdb, the server, the tables.
Status Fill(const settings::Settings& settings, const std::string& file, const SignalFd& signals) {
  const auto prepared = store::PrepareCluster(settings);
  if (!prepared.ok()) {
    return prepared.error();
  }
  const auto copied = RunTool(
      Tool(*prepared, "pg_restore",
           {"--data-only", "--schema=fleet", "--table=schema_migrations", "--file=-", file}),
      signals, [] {});
  if (!copied.ok()) {
    return WasInterrupted(copied.error())
               ? copied.error()
               : Error{Errc::kInvalid, file + ": cannot be read: " + copied.error().message};
  }
  const Status known = store::CheckBackupVersion(*copied, store::DefaultSchemaDir());
  if (!known.ok()) {
    return known.error().Within(file);
  }
  auto database = NeededDatabase::Get(settings, signals);
  if (!database.ok()) {
    return database.error();
  }
  Status done = store::PrepareRestore(*prepared);
  if (!done.ok()) {
    return done;
  }
  Progress progress("restore", "reading");
  const auto restored = RunTool(Tool(*prepared, "pg_restore",
                                     {"--no-owner", "--exit-on-error", "--no-password",
                                      "--dbname=" + prepared->owner_conninfo, file}),
                                signals, [&] { progress.Tick(SizeOf(file)); });
  if (!restored.ok()) {
    return restored.error();
  }
  done = store::FinishRestore(*prepared, store::DefaultSchemaDir());
  (*database)->Stop();
  return done;
}

Status RestoreInto(const settings::Settings& settings, const std::string& file, bool replace,
                   const SignalFd& signals, std::string& aside) {
  if (::access(file.c_str(), R_OK) != 0) {
    return Error{Errc::kNotFound, file + ": " + std::strerror(errno)};
  }
  if (const Status made = MakeDataDir(settings.data_dir); !made.ok()) {
    return made;
  }

  struct stat status {};

  if (::stat(settings.data_dir.c_str(), &status) == 0 && status.st_uid != ::geteuid()) {
    return Error{Errc::kConflict, settings.data_dir + " belongs to uid " +
                                      std::to_string(status.st_uid) + ": restore as that user"};
  }
  const auto lock = child::LockFile::Take(settings.data_dir + "/printfleet.lock");
  if (!lock.ok()) {
    return Error{Errc::kConflict, "a daemon uses this data_dir: stop it first"};
  }
  if (const Status place = CheckPlace(settings, replace); !place.ok()) {
    return place;
  }
  Staging staging(settings);
  Status done = staging.Make(signals);
  if (done.ok()) {
    done = Fill(staging.settings(), file, signals);
  }
  return done.ok() ? staging.Place(aside) : done;
}

}  // namespace

int Backup(const settings::Loaded& loaded, const std::string& file) {
  const settings::Settings& settings = loaded.settings;
  const std::string to =
      fs::absolute(file.empty() ? "printfleet-" + settings.instance + "-" + Timestamp() + ".dump"
                                : file)
          .string();
  if (const Status managed = CheckManaged(settings); !managed.ok()) {
    return Complain("backup", managed.error());
  }
  if (fs::exists(to)) {
    return Complain("backup", Error{Errc::kConflict, to + " is there already"});
  }
  const SignalFd signals;
  if (const Status dumped = Dump(settings, to, signals); !dumped.ok()) {
    return Complain("backup", dumped.error());
  }
  LogInfo("backup", "done", {{"file", to}, {"bytes", SizeOf(to)}});
  LogInfo("backup",
          "not in it: the configuration, data_dir/users and data_dir/secret, and the files in "
          "data_dir/library");
  return kDone;
}

int Restore(const settings::Loaded& loaded, const std::string& file, bool replace) {
  const settings::Settings& settings = loaded.settings;
  if (const Status managed = CheckManaged(settings); !managed.ok()) {
    return Complain("restore", managed.error());
  }
  const SignalFd signals;
  std::string aside;
  const Status restored =
      RestoreInto(settings, fs::absolute(file).string(), replace, signals, aside);
  if (!restored.ok()) {
    return Complain("restore", restored.error());
  }
  if (!aside.empty()) {
    LogInfo("restore", "what was there before is kept until you delete it", {{"directory", aside}});
  }
  LogInfo(
      "restore",
      "done; what happened since the backup is not known: beds that were clear are unknown, and "
      "numbers of jobs, commands and events jump ahead",
      {{"file", file}});
  return kDone;
}

}  // namespace printfleet::daemon
