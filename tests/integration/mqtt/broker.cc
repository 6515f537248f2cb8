#include "broker.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/check.h"

namespace printfleet::mqtt {
namespace {

constexpr char kMosquitto[] = "/usr/sbin/mosquitto";

pid_t Spawn(const std::vector<std::string>& arguments, const std::string& output) {
  std::vector<char*> pointers;
  std::vector<std::string> copies = arguments;
  for (std::string& argument : copies) {
    pointers.push_back(argument.data());
  }
  pointers.push_back(nullptr);
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    execvp(pointers[0], pointers.data());
    _exit(127);
  }
  return pid;
}

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool Answers(uint16_t port) {
  const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  const bool answered =
      connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(file);
  return answered;
}

ino_t Inode(const std::string& path) {
  struct stat status {};

  return stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

}  // namespace

Instant Now() {
  using std::chrono::floor;
  return {floor<milliseconds>(std::chrono::system_clock::now()),
          MonoTime(floor<milliseconds>(std::chrono::steady_clock::now().time_since_epoch()))};
}

bool WaitFor(const std::function<bool()>& condition, milliseconds timeout) {
  const MonoTime deadline = Now().mono + timeout;
  while (!condition()) {
    if (Now().mono >= deadline) {
      return false;
    }
    poll(nullptr, 0, 5);
  }
  return true;
}

bool Run(const std::vector<std::string>& arguments) {
  const pid_t pid = Spawn(arguments, "/dev/null");
  int status = 0;
  return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

uint16_t FreePort() {
  const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  CHECK(bind(file, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  CHECK(getsockname(file, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(file);
  return ntohs(address.sin_port);
}

Broker::Broker() : port_(FreePort()), login_port_(FreePort()), tls_port_(FreePort()) {
  std::string directory = (std::filesystem::temp_directory_path() / "mqtt_test_XXXXXX").string();
  CHECK(mkdtemp(directory.data()) != nullptr);
  directory_ = directory;
  CHECK(
      Run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
           "-nodes", "-keyout", directory_ + "/key.pem", "-out", directory_ + "/cert.pem", "-days",
           "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"}));
  WriteConfiguration();
  Start();
}

Broker::~Broker() {
  Kill();
  std::filesystem::remove_all(directory_);
}

void Broker::WriteConfiguration() const {
  std::ofstream file(directory_ + "/mosquitto.conf");
  file << "per_listener_settings true\n"
       << "user " << (geteuid() == 0 ? "root" : "mosquitto") << "\n"
       << "persistence true\npersistence_location " << directory_ << "/\n"
       << "autosave_interval 1800\nmax_queued_messages 0\nmax_inflight_messages 200\n"
       << "listener " << port_ << " 127.0.0.1\nallow_anonymous true\n"
       << "listener " << login_port_ << " 127.0.0.1\nallow_anonymous false\n"
       << "listener " << tls_port_ << " 127.0.0.1\nallow_anonymous true\n"
       << "certfile " << directory_ << "/cert.pem\nkeyfile " << directory_ << "/key.pem\n";
}

void Broker::Start() {
  pid_ = Spawn({kMosquitto, "-c", directory_ + "/mosquitto.conf"}, directory_ + "/log");
  CHECK(WaitFor([this] { return Answers(port_); }));
}

void Broker::Kill() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
}

void Broker::Save() {
  const std::string snapshot = directory_ + "/mosquitto.db";
  const ino_t before = Inode(snapshot);
  kill(pid_, SIGUSR1);
  CHECK(WaitFor([&] { return Inode(snapshot) != before; }));
}

void Broker::Freeze() const {
  kill(pid_, SIGSTOP);
}

void Broker::Thaw() const {
  kill(pid_, SIGCONT);
}

void Broker::SkipLog() {
  std::ifstream file(directory_ + "/log", std::ios::ate);
  log_read_ = static_cast<size_t>(std::max<std::streamoff>(0, file.tellg()));
}

bool Broker::SawTheEndOf(const std::string& client_id) {
  return WaitFor([&] {
    std::ifstream file(directory_ + "/log");
    const std::string log((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const size_t found = std::min(log.find("Client " + client_id + " disconnected.", log_read_),
                                  log.find("Client " + client_id + " closed its", log_read_));
    if (found == std::string::npos) {
      return false;
    }
    log_read_ = found + 1;
    return true;
  });
}

BrokerAddress Broker::address() const {
  return {"127.0.0.1", port_, "", "", ""};
}

BrokerAddress Broker::login_address() const {
  return {"127.0.0.1", login_port_, "", "", ""};
}

BrokerAddress Broker::tls_address() const {
  return {"127.0.0.1", tls_port_, "", "", directory_ + "/cert.pem"};
}

bool Broker::Publish(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all = {"mosquitto_pub",      "-V", "5", "-h", "127.0.0.1", "-p",
                                  std::to_string(port_)};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return Run(all);
}

}  // namespace printfleet::mqtt
