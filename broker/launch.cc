#include "broker/launch.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "base/digest.h"
#include "broker/access.h"
#include "broker/config.h"
#include "broker/password.h"
#include "broker/port.h"
#include "broker/version.h"

namespace printfleet::broker {

namespace {

constexpr const char* kPrivateAddress = "127.0.0.1";
constexpr uint64_t kOpenFilesReserve = 1024;  // people, the daemon, Mosquitto's own files
constexpr uint64_t kSocketsPerPrinter = 2;    // the old one lives on for a while after a reconnect

std::string Directory(const settings::Settings& settings) {
  return std::filesystem::absolute(settings.data_dir).lexically_normal() / "broker";
}

std::optional<std::string> ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return std::nullopt;
  }
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A port kept in a file: decimal digits and a newline.
std::optional<uint16_t> KeptPort(const std::string& path) {
  const std::optional<std::string> text = ReadText(path);
  uint16_t port = 0;
  if (!text.has_value() ||
      std::from_chars(text->data(), text->data() + text->size(), port).ec != std::errc() ||
      port == 0) {
    return std::nullopt;
  }
  return port;
}

std::string PortFile(size_t index) {
  return "listener-" + std::to_string(index + 1) + ".port";
}

Error NotChosenYet(const std::string& what) {
  return Error{Errc::kUnavailable,
               "broker: " + what +
                   " is not known yet: start the broker first (`printfleet broker` with the same "
                   "data_dir), and run both as the same user"};
}

// Fills a Launch step by step; each step may fail.
class Preparation {
 public:
  Preparation(const settings::Settings& settings, const LaunchOptions& options)
      : settings_(settings),
        options_(options),
        directory_(Directory(settings)),
        run_as_(geteuid() == 0 ? settings.broker.run_as : ""),
        as_root_(geteuid() == 0 && (run_as_.empty() || run_as_ == "root")) {
    launch_.listeners = settings.broker.listeners;
    launch_.ready_socket = directory_ + "/" + kReadySocket;
  }

  Status SettlePorts();
  Status SettlePrivatePort();
  Status SettleSecret();
  Status AddAccess(const settings::Users& users);
  Status AddCertificates();
  Status AddConfig();
  void DescribeProcess();
  void Warn();

  Launch Take() { return std::move(launch_); }

 private:
  [[nodiscard]] std::string Path(const std::string& name) const { return directory_ + "/" + name; }

  void AddFile(const std::string& name, std::string content, Owner owner) {
    launch_.process.files.push_back({Path(name), std::move(content), owner, 0600});
  }

  Status SettleListenerPort(size_t index);
  Result<uint16_t> ChoosePort(const std::string& address);
  Status AddCertificate(size_t index, const std::string& what, const std::string& source);
  [[nodiscard]] uint64_t OpenFilesWanted() const;

  const settings::Settings& settings_;
  const LaunchOptions options_;
  const std::string directory_;
  const std::string run_as_;  // empty: the server keeps our user
  const bool as_root_;        // the server will be root
  std::set<uint16_t> taken_;  // port numbers of our listeners
  Launch launch_;
};

// A free port whose number no listener of ours has.
Result<uint16_t> Preparation::ChoosePort(const std::string& address) {
  constexpr int kTriesMax = 20;
  for (int i = 0; i < kTriesMax; ++i) {
    const Result<uint16_t> port = FreePort(address);
    if (!port.ok()) {
      return port.error().Within("broker");
    }
    if (taken_.insert(*port).second) {
      return *port;
    }
  }
  return Error{Errc::kUnavailable, "broker: no free port on " + address};
}

Status Preparation::SettleListenerPort(size_t index) {
  settings::BrokerListener& listener = launch_.listeners[index];
  if (listener.port != 0) {
    const Status free =
        options_.running ? Status(Ok{}) : CheckPort(listener.address, listener.port, as_root_);
    return free.ok() ? free : free.error().Within("broker");
  }
  const std::optional<uint16_t> kept = KeptPort(Path(PortFile(index)));
  if (options_.running && !kept.has_value()) {
    return NotChosenYet("the port of listener " + std::to_string(index + 1));
  }
  const bool usable = kept.has_value() && taken_.insert(*kept).second &&
                      (options_.running || CheckPort(listener.address, *kept, as_root_).ok());
  if (usable) {
    listener.port = *kept;
  } else {
    const Result<uint16_t> chosen = ChoosePort(listener.address);
    if (!chosen.ok()) {
      return chosen.error();
    }
    listener.port = *chosen;
  }
  AddFile(PortFile(index), std::to_string(listener.port) + "\n", Owner::kDaemon);
  return Ok{};
}

Status Preparation::SettlePrivatePort() {
  const std::optional<uint16_t> kept = KeptPort(Path("private.port"));
  if (options_.running && !kept.has_value()) {
    return NotChosenYet("its private port");
  }
  const bool usable = kept.has_value() && !taken_.contains(*kept) &&
                      (options_.running || CheckPort(kPrivateAddress, *kept, as_root_).ok());
  uint16_t port = kept.value_or(0);
  if (!usable) {
    const Result<uint16_t> chosen = ChoosePort(kPrivateAddress);
    if (!chosen.ok()) {
      return chosen.error();
    }
    port = *chosen;
    if (kept.has_value()) {
      launch_.warnings.push_back("the daemon's private broker port " + std::to_string(*kept) +
                                 " is taken by another program; now it is " + std::to_string(port));
    }
  }
  AddFile("private.port", std::to_string(port) + "\n", Owner::kDaemon);
  launch_.daemon.address = kPrivateAddress;
  launch_.daemon.port = port;
  return Ok{};
}

Status Preparation::SettlePorts() {
  for (const settings::BrokerListener& listener : launch_.listeners) {
    taken_.insert(listener.port);
  }
  for (size_t i = 0; i < launch_.listeners.size(); ++i) {
    Status status = SettleListenerPort(i);
    if (!status.ok()) {
      return status;
    }
  }
  return SettlePrivatePort();
}

Status Preparation::SettleSecret() {
  constexpr size_t kSecretBytes = 32;
  std::string secret = ReadText(Path("private.secret")).value_or("");
  secret = secret.substr(0, secret.find('\n'));
  if (secret.size() != kSecretBytes) {
    if (options_.running) {
      return NotChosenYet("the daemon's password");
    }
    secret = RandomSecret();
  }
  const Result<std::string> hash = HashPassword(secret, kSecretIterations);
  if (!hash.ok()) {
    return hash.error();
  }
  AddFile("private.secret", secret + "\n", Owner::kDaemon);
  AddFile(kPrivatePasswordFile, std::string(kPrivateUser) + ":" + *hash + "\n", Owner::kServer);
  launch_.daemon.user = kPrivateUser;
  launch_.daemon.password = secret;
  return Ok{};
}

Status Preparation::AddAccess(const settings::Users& users) {
  const std::string& root = settings_.fleet.topic_root;
  // The daemon may clear what it wrote when it was switched on.
  const std::string& prefix = settings_.home_assistant.discovery_prefix;
  const std::string shown = settings_.home_assistant.enabled ? prefix : "";
  const Result<std::string> passwords = PasswordFileText(users);
  if (!passwords.ok()) {
    return passwords.error();
  }
  for (size_t i = 0; i < launch_.listeners.size(); ++i) {
    AddFile(AccessFile(i), ListenerAccess(launch_.listeners[i], root, shown), Owner::kServer);
    if (launch_.listeners[i].login == settings::Login::kPassword) {
      AddFile(PasswordFile(i), *passwords, Owner::kServer);
    }
  }
  AddFile(kPrivateAccessFile, PrivateAccess(root, prefix), Owner::kServer);
  AddFile(kReadyAccessFile, NoAccess(), Owner::kServer);
  return Ok{};
}

Status Preparation::AddCertificate(size_t index, const std::string& what,
                                   const std::string& source) {
  if (source.empty()) {
    return Ok{};
  }
  std::optional<std::string> text = ReadText(source);
  if (!text.has_value() || text->empty()) {
    return Error{Errc::kNotFound, "broker: tls." + what + "_file " + source +
                                      ": cannot be read (does it exist, and may the daemon's user "
                                      "read it?)"};
  }
  AddFile(TlsFile(index, what), *std::move(text), Owner::kServer);
  return Ok{};
}

// Copies, because the server's user can often not read the originals.
Status Preparation::AddCertificates() {
  for (size_t i = 0; i < launch_.listeners.size(); ++i) {
    const std::optional<settings::Tls>& tls = launch_.listeners[i].tls;
    if (!tls.has_value()) {
      continue;
    }
    for (const auto& [what, source] : {std::pair<std::string, std::string>{"ca", tls->ca_file},
                                       {"cert", tls->cert_file},
                                       {"key", tls->key_file}}) {
      Status status = AddCertificate(i, what, source);
      if (!status.ok()) {
        return status;
      }
    }
  }
  return Ok{};
}

Status Preparation::AddConfig() {
  settings::Broker resolved = settings_.broker;
  resolved.listeners = launch_.listeners;
  ConfigInput input;
  input.broker = &resolved;
  input.private_port = launch_.daemon.port;
  input.run_as = run_as_;
  input.log_denied = options_.log_denied;
  Result<std::string> text = ConfigText(input);
  if (!text.ok()) {
    return text.error();
  }
  AddFile(kConfigFile, *std::move(text), Owner::kServer);
  return Ok{};
}

uint64_t Preparation::OpenFilesWanted() const {
  return static_cast<uint64_t>(std::max(settings_.fleet.printers_max, 0)) * kSocketsPerPrinter +
         kOpenFilesReserve;
}

void Preparation::DescribeProcess() {
  ProcessSpec& process = launch_.process;
  process.name = "broker";
  process.program = settings_.broker.binary;
  process.arguments = {"-c", kConfigFile};
  process.run_as = run_as_;
  process.working_dir = directory_;
  process.lock_file = LockPath(settings_);
  process.directories = {{directory_, 0700, Owner::kServer}};
  process.open_files_wanted = OpenFilesWanted();
  process.stop_signals = {SIGTERM};
  process.parent_death_signal = SIGTERM;  // saves, as a wanted stop does
  process.start_timeout = settings_.broker.start_timeout;
  process.stop_timeout = settings_.broker.stop_timeout;
}

void Preparation::Warn() {
  if (const std::optional<std::string> old = CheckVersion(); old.has_value()) {
    launch_.warnings.push_back(*old);
  }
  rlimit limit{};
  if (geteuid() != 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
      limit.rlim_max < OpenFilesWanted()) {
    launch_.warnings.push_back(
        "the broker may open " + std::to_string(limit.rlim_max) + " files, but " +
        std::to_string(OpenFilesWanted()) +
        " are wanted for fleet.printers_max printers: raise the limit (LimitNOFILE= in the unit, "
        "ulimit -n)");
  }
}

}  // namespace

std::string LockPath(const settings::Settings& settings) {
  return Directory(settings) + "/server.lock";
}

Result<PrivateAccessPoint> AccessOfRunning(const settings::Settings& settings) {
  LaunchOptions options;
  options.running = true;
  Preparation preparation(settings, options);
  Status status = preparation.SettlePrivatePort();
  if (status.ok()) {
    status = preparation.SettleSecret();
  }
  if (!status.ok()) {
    return status.error();
  }
  return preparation.Take().daemon;
}

Result<Launch> Prepare(const settings::Settings& settings, const settings::Users& users,
                       const LaunchOptions& options) {
  if (access(settings.broker.binary.c_str(), X_OK) != 0) {
    return Error{Errc::kNotFound, "broker: " + settings.broker.binary +
                                      ": no such program; install it (apt-get install mosquitto) "
                                      "or set broker.binary"};
  }
  Preparation preparation(settings, options);
  Status status = CheckListeners(settings.broker);
  if (status.ok()) {
    status = CheckTopicRoot(settings.fleet.topic_root);
  }
  if (status.ok()) {
    status = preparation.SettlePorts();
  }
  if (status.ok()) {
    status = preparation.SettleSecret();
  }
  if (status.ok()) {
    status = preparation.AddAccess(users);
  }
  if (status.ok()) {
    status = preparation.AddCertificates();
  }
  if (status.ok()) {
    status = preparation.AddConfig();
  }
  if (!status.ok()) {
    return status.error();
  }
  preparation.DescribeProcess();
  preparation.Warn();
  return preparation.Take();
}

}  // namespace printfleet::broker
