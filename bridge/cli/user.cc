// printfleet user: who may log in at the managed broker. Works on local files, tells the daemon.
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <iostream>

#include "base/digest.h"
#include "base/json.h"
#include "cli/broker_address.h"
#include "cli/conversation.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/subcommands.h"
#include "settings/load.h"

namespace printfleet::cli {
namespace {

constexpr size_t kPasswordBytesMax = 512;

// Standard input without echo while it lives.
class SilentInput {
 public:
  SilentInput() : known_(tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (known_) {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
  }

  ~SilentInput() {
    if (known_) {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
  }

  SilentInput(const SilentInput&) = delete;
  SilentInput& operator=(const SilentInput&) = delete;

 private:
  termios before_{};
  bool known_;
};

std::string AskSilently(const char* prompt) {
  const SilentInput silent;
  PrintError(prompt);
  std::string line;
  std::getline(std::cin, line);
  PrintError("\n");
  return line;
}

Result<std::string> NewPassword(const UserArguments& arguments) {
  std::string password;
  if (!arguments.password_file.empty()) {
    auto text = ReadFile(arguments.password_file);
    if (!text.ok()) {
      return text.error();
    }
    password = text->substr(0, text->find_first_of("\r\n"));
  } else if (isatty(STDIN_FILENO) == 0) {
    return Error{Errc::kInvalid, "no terminal to ask for the password: say --password-file FILE"};
  } else {
    password = AskSilently("Password: ");
    if (password != AskSilently("Again: ")) {
      return Error{Errc::kInvalid, "the two are not the same"};
    }
  }
  if (password.empty() || password.size() > kPasswordBytesMax) {
    return Error{Errc::kInvalid, "the password is empty, or longer than 512 bytes"};
  }
  return password;
}

// The daemon's pid, when data_dir/printfleet.pid names a process that is one; else 0.
pid_t DaemonPid(const std::string& data_dir) {
  const auto text = ReadFile(data_dir + "/printfleet.pid");
  pid_t pid = 0;
  if (text.ok()) {
    std::from_chars(text->data(), text->data() + text->size(), pid);
  }
  if (pid <= 1) {
    return 0;
  }
  const auto name = ReadFile("/proc/" + std::to_string(pid) + "/comm");
  return name.ok() && *name == "printfleet\n" ? pid : 0;
}

// Says what became of it.
std::string TellDaemon(const settings::Settings& settings) {
  const pid_t pid = DaemonPid(settings.data_dir);
  if (pid != 0 && kill(pid, SIGHUP) == 0) {
    return "told the daemon (pid " + std::to_string(pid) + ") to take it up\n";
  }
  return "restart or `kill -HUP` the daemon to take it up, if one is running\n";
}

int List(const settings::Users& users, bool json) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, user] : users) {
    if (json) {
      json::Writer out;
      out.BeginObject().Member("name", name).Member("role", std::string(Name(user.role)));
      out.EndObject();
      Print(out.Take() + "\n");
    } else {
      rows.push_back({name, std::string(Name(user.role))});
    }
  }
  if (!json && !rows.empty()) {
    Print(Table({"NAME", "ROLE"}, rows, Style{WantsColor()}));
  }
  return kDone;
}

Status Add(const UserArguments& arguments, const HashPassword& hash_password,
           settings::Users& users) {
  if (auto status = settings::CheckUserName(arguments.name); !status.ok()) {
    return status;
  }
  const auto password = NewPassword(arguments);
  if (!password.ok()) {
    return password.error();
  }
  auto hash = hash_password(*password);
  if (!hash.ok()) {
    return hash.error();
  }
  settings::User& user = users[arguments.name];
  user.name = arguments.name;
  user.role = *arguments.role;
  user.password_hash = *std::move(hash);
  return Ok{};
}

// A new key, or none any more. `key` is shown once the users are saved.
Status ChangeKeys(const UserArguments& arguments, settings::Users& users, std::string& key) {
  const auto found = users.find(arguments.name);
  if (found == users.end()) {
    return Error{Errc::kNotFound, "no user \"" + arguments.name + "\"; printfleet user add"};
  }
  std::vector<std::string>& digests = found->second.key_digests;
  if (arguments.revoke) {
    digests.clear();
    return Ok{};
  }
  if (digests.size() == settings::kKeysMax) {
    return Error{Errc::kConflict, arguments.name + " has " + std::to_string(digests.size()) +
                                      " keys already; --revoke makes all of them void"};
  }
  key = RandomSecret();
  digests.push_back(Sha256Hex(key));
  return Ok{};
}

// Where the key goes: a file of its own, or once on the terminal.
Status GiveKey(const UserArguments& arguments, const std::string& key) {
  if (arguments.key_file.empty()) {
    Print(key + "\n");
    return Ok{};
  }
  const int fd = open(arguments.key_file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const std::string line = key + "\n";
  const bool written =
      fd >= 0 && write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  if (fd >= 0) {
    close(fd);
  }
  return written ? Status(Ok{})
                 : Error{Errc::kUnavailable, arguments.key_file + ": cannot be made"};
}

Status Change(const UserArguments& arguments, const HashPassword& hash_password,
              settings::Users& users, std::string& key) {
  if (arguments.action == UserAction::kKey) {
    return ChangeKeys(arguments, users, key);
  }
  if (arguments.action == UserAction::kAdd) {
    return Add(arguments, hash_password, users);
  }
  if (users.erase(arguments.name) == 0) {
    return Error{Errc::kNotFound, "no user \"" + arguments.name + "\""};
  }
  return Ok{};
}

}  // namespace

int User(const UserArguments& arguments, const HashPassword& hash_password) {
  const auto config = FindConfig(arguments.config);
  if (!config.ok()) {
    return Complain(config.error());
  }
  const settings::Loaded loaded = settings::LoadFile(*config);
  if (!loaded.ok()) {
    PrintError("printfleet: see printfleet check --config " + *config + "\n");
    return kUsage;
  }
  const std::string file = loaded.settings.users_file.empty() ? loaded.settings.data_dir + "/users"
                                                              : loaded.settings.users_file;
  auto users = settings::LoadUsers(file);
  if (!users.ok()) {
    return Complain(users.error());
  }
  if (arguments.action == UserAction::kList) {
    return List(*users, arguments.json);
  }
  std::string key;
  if (auto status = Change(arguments, hash_password, *users, key); !status.ok()) {
    return Complain(status.error());
  }
  if (!key.empty()) {
    if (auto status = GiveKey(arguments, key); !status.ok()) {
      return Complain(status.error());
    }
  }
  if (auto status = settings::SaveUsers(file, *users); !status.ok()) {
    return Complain(status.error());
  }
  if (arguments.action == UserAction::kKey) {
    PrintError(arguments.name + (arguments.revoke ? " has no key any more\n" : " has a new key\n") +
               TellDaemon(loaded.settings));
    return kDone;
  }
  Print(arguments.name + (arguments.action == UserAction::kAdd ? " is in " : " is no longer in ") +
        file + "\n" + TellDaemon(loaded.settings));
  return kDone;
}

}  // namespace printfleet::cli
