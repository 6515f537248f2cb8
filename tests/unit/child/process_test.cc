#include "child/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "child/install.h"
#include "child/lines.h"
#include "child/lock.h"
#include "child/run.h"
#include "child/spawn.h"

namespace printfleet::child {
namespace {

namespace fs = std::filesystem;

constexpr int kPatienceMs = 60000;

class ChildTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "printfleet-child-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }

  void TearDown() override { fs::remove_all(directory_); }

  ProcessSpec Shell(const std::string& script) const {
    ProcessSpec spec;
    spec.name = "test";
    spec.program = "/bin/sh";
    spec.arguments = {"-c", script};
    spec.working_dir = directory_;
    spec.stop_signals = {SIGTERM};
    spec.parent_death_signal = SIGTERM;
    spec.start_timeout = milliseconds(kPatienceMs);
    return spec;
  }

  std::string directory_;
};

bool WaitReadable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return poll(&entry, 1, kPatienceMs) == 1;
}

std::vector<std::string> Output(const ProcessSpec& spec) {
  const Result<Finished> finished = RunToEnd(spec);
  EXPECT_TRUE(finished.ok()) << finished.error().message;
  return finished.ok() ? finished->output : std::vector<std::string>();
}

std::string Content(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(LineBuffer, JoinsCutsAndBounds) {
  LineBuffer buffer(5);
  std::vector<std::string> lines;
  buffer.Add("ab", lines);
  buffer.Add("c\r\n\n12345", lines);
  buffer.Add("6789", lines);
  buffer.Add("\nrest", lines);
  EXPECT_EQ(lines, (std::vector<std::string>{"abc", "12345"}));
  EXPECT_EQ(buffer.TakeRest(), "rest");
  EXPECT_EQ(buffer.TakeRest(), "");
}

TEST(ChildEnvironment, RemovesAndSets) {
  ASSERT_EQ(setenv("NOTIFY_SOCKET", "/run/x", 1), 0);
  ASSERT_EQ(setenv("PRINTFLEET_A", "old", 1), 0);
  ASSERT_EQ(setenv("PRINTFLEET_B", "old", 1), 0);
  std::string joined = "\n";
  for (const std::string& entry : ChildEnvironment({"PRINTFLEET_A=new"}, {"PRINTFLEET_B"})) {
    joined += entry + "\n";
  }
  EXPECT_NE(joined.find("\nPRINTFLEET_A=new\n"), std::string::npos);
  EXPECT_EQ(joined.find("PRINTFLEET_A=old"), std::string::npos);
  EXPECT_EQ(joined.find("PRINTFLEET_B"), std::string::npos);
  EXPECT_EQ(joined.find("NOTIFY_SOCKET"), std::string::npos);
}

TEST_F(ChildTest, OutputOfBothStreamsAndExitCode) {
  const Result<Finished> finished = RunToEnd(Shell("echo out; echo err >&2; pwd; exit 3"));
  ASSERT_TRUE(finished.ok());
  EXPECT_EQ(finished->output, (std::vector<std::string>{"out", "err", directory_}));
  EXPECT_EQ(finished->status.Text(), "exit code 3");
}

TEST_F(ChildTest, StartsInAGroupOfItsOwnWithNothingInherited) {
  const int leaked = open("/dev/null", O_RDONLY);  // without close-on-exec, as a library might
  ASSERT_GE(leaked, 0);
  const std::vector<std::string> output =
      Output(Shell("read line || echo empty; ls /proc/$$/fd | tr '\\n' ' '; "
                   "[ $(ps -o pgid= -p $$) = $$ ] && echo leader"));
  close(leaked);
  ASSERT_EQ(output.size(), 2U);
  EXPECT_EQ(output[0], "empty");
  EXPECT_EQ(output[1], "0 1 2 leader");
}

TEST_F(ChildTest, PassesADirectoryAndRaisesOpenFiles) {
  std::ofstream(directory_ + "/here").close();
  ProcessSpec spec = Shell("ls /proc/self/fd/3; ulimit -n");
  spec.working_dir = "/";
  spec.passed_dir = directory_;
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = 512;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  spec.open_files_wanted = 1000;
  EXPECT_EQ(Output(spec), (std::vector<std::string>{"here", "1000"}));
}

TEST_F(ChildTest, SignalsAndMaskAreTheDefaults) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &all, &before), 0);
  Result<Process> process = Process::Start(Shell("exec sleep 60"));
  ASSERT_EQ(pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
  ASSERT_TRUE(process.ok());
  process->Signal(SIGTERM);
  ASSERT_TRUE(WaitReadable(process->exit_fd()));
  EXPECT_EQ(process->OnExit().Text(), "signal 15 (Terminated)");
  EXPECT_FALSE(process->running());
}

TEST_F(ChildTest, KillTakesTheWholeGroup) {
  Result<Process> process = Process::Start(Shell("sleep 60 & echo $!; wait"));
  ASSERT_TRUE(process.ok());
  ASSERT_TRUE(WaitReadable(process->output_fd()));
  const std::vector<std::string> lines = process->OnOutputReadable();
  ASSERT_EQ(lines.size(), 1U);
  process->Kill();
  ASSERT_TRUE(WaitReadable(process->exit_fd()));
  process->OnExit();
  // The pipe ends when the grandchild, which holds it too, is gone.
  while (process->output_fd() >= 0) {
    ASSERT_TRUE(WaitReadable(process->output_fd()));
    process->OnOutputReadable();
  }
}

TEST_F(ChildTest, ErrorsNameTheStep) {
  ProcessSpec spec = Shell("true");
  spec.program = "/nonexistent/program";
  Result<Process> process = Process::Start(spec);
  ASSERT_FALSE(process.ok());
  EXPECT_EQ(process.error().code, Errc::kNotFound);
  EXPECT_EQ(process.error().message,
            "test: /nonexistent/program: executing it: No such file or directory (is its package "
            "installed?)");
  spec = Shell("true");
  spec.working_dir = "/nonexistent";
  process = Process::Start(spec);
  ASSERT_FALSE(process.ok());
  EXPECT_NE(process.error().message.find("entering its directory"), std::string::npos);
  if (geteuid() == 0) {
    spec.run_as = "no-such-user";
    process = Process::Start(spec);
    ASSERT_FALSE(process.ok());
    EXPECT_EQ(process.error().code, Errc::kNotFound);
  }
}

TEST_F(ChildTest, DropsToAnotherUserInADirectoryItCouldNotReach) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  // mkdtemp made directory_ with 0700: user nobody cannot enter it.
  ProcessSpec spec = Shell("id -un; id -G; cat file; touch made; pwd -P > /dev/null; echo $?");
  spec.run_as = "nobody";
  spec.working_dir = directory_ + "/inner";
  spec.directories = {{spec.working_dir, 0700, Owner::kServer}};
  spec.files = {{spec.working_dir + "/file", "content\n", Owner::kServer, 0600}};
  EXPECT_EQ(Output(spec), (std::vector<std::string>{"nobody", "65534", "content", "0"}));
  EXPECT_TRUE(fs::exists(spec.working_dir + "/made"));
}

TEST_F(ChildTest, NoSuccessorBeforeTheLastOfTheOldIsGone) {
  ProcessSpec spec = Shell("sleep 60 & echo $!; exec sleep 60");
  spec.lock_file = directory_ + "/server.lock";
  Result<Process> first = Process::Start(spec);
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(WaitReadable(first->output_fd()));
  const pid_t grandchild = std::stoi(first->OnOutputReadable().at(0));
  const Result<std::optional<LockHolder>> holder = FindHolder(spec.lock_file);
  ASSERT_TRUE(holder.ok() && holder->has_value());
  EXPECT_EQ((*holder)->pid, first->pid());
  // The leader is gone, but not its child.
  first->Signal(SIGTERM);
  ASSERT_TRUE(WaitReadable(first->exit_fd()));
  first->OnExit();
  const Result<Process> blocked = Process::Start(spec);
  ASSERT_FALSE(blocked.ok());
  EXPECT_EQ(blocked.error().code, Errc::kConflict);
  ASSERT_EQ(kill(grandchild, SIGKILL), 0);
  while (first->output_fd() >= 0) {
    ASSERT_TRUE(WaitReadable(first->output_fd()));
    first->OnOutputReadable();
  }
  EXPECT_FALSE(FindHolder(spec.lock_file)->has_value());
  EXPECT_TRUE(Process::Start(spec).ok());
}

TEST_F(ChildTest, RunToEndGivesUpInTime) {
  ProcessSpec spec = Shell("exec sleep 60");
  spec.start_timeout = milliseconds(100);
  const Result<Finished> finished = RunToEnd(spec);
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.error().code, Errc::kTimeout);
}

TEST_F(ChildTest, ALockIsTakenOnceAndNamesItsHolder) {
  const std::string path = directory_ + "/lock";
  EXPECT_FALSE(FindHolder(path)->has_value());
  {
    const Result<LockFile> lock = LockFile::Take(path);
    ASSERT_TRUE(lock.ok());
    ASSERT_TRUE(lock->WritePid().ok());
    const Result<LockFile> second = LockFile::Take(path);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().message, path + " is held by process " + std::to_string(getpid()));
    EXPECT_EQ((*FindHolder(path))->pid, getpid());
  }
  EXPECT_FALSE(FindHolder(path)->has_value());
  fs::remove(path);
  fs::create_symlink("/etc/passwd", path);
  EXPECT_FALSE(LockFile::Take(path).ok());
}

TEST_F(ChildTest, InstallReplacesLinksInsteadOfFollowingThem) {
  const std::string victim = directory_ + "/victim";
  std::ofstream(victim) << "precious";
  ProcessSpec spec = Shell("true");
  const std::string inner = directory_ + "/a/b";
  spec.directories = {{inner, 0700, Owner::kServer}};
  ASSERT_TRUE(InstallFiles(spec).ok());
  fs::create_symlink(victim, inner + "/file");
  fs::create_symlink(victim, inner + "/file.new");
  spec.files = {{inner + "/file", "text", Owner::kDaemon, 0600}};
  ASSERT_TRUE(InstallFiles(spec).ok());
  EXPECT_EQ(Content(victim), "precious");
  EXPECT_EQ(Content(inner + "/file"), "text");
  EXPECT_FALSE(fs::is_symlink(inner + "/file"));
  EXPECT_EQ(fs::status(inner + "/file").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  // A directory that is a link is refused.
  fs::create_directory_symlink("/tmp", directory_ + "/link");
  spec.directories = {{directory_ + "/link", 0700, Owner::kServer}};
  const Status status = InstallFiles(spec);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("not a symbolic link"), std::string::npos);
}

TEST_F(ChildTest, InstallLeavesAnEqualFileAlone) {
  ProcessSpec spec = Shell("true");
  spec.files = {{directory_ + "/file", "text", Owner::kServer, 0600}};
  ASSERT_TRUE(InstallFiles(spec).ok());

  struct stat first {};

  struct stat second {};

  ASSERT_EQ(stat((directory_ + "/file").c_str(), &first), 0);
  ASSERT_TRUE(InstallFiles(spec).ok());
  ASSERT_EQ(stat((directory_ + "/file").c_str(), &second), 0);
  EXPECT_EQ(first.st_ino, second.st_ino);
}

}  // namespace
}  // namespace printfleet::child
