// YAML -> Settings, ModelRegistry, ErrorCodes and Users; every error at once, each with its place.
//
// Called at start and on reload, from `printfleet check` and from the command line. Reads files;
// writes none. Requires nothing; never throws.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "settings/error_codes.h"
#include "settings/models.h"
#include "settings/settings.h"

namespace printfleet::settings {

// One thing that is wrong (or, as a warning, dangerous) in a file.
struct Problem {
  std::string file;
  int line = 0;    // 1-based; 0: the file as a whole
  int column = 0;  // 1-based
  std::string message;
  bool warning = false;

  // "file:line:column: message".
  [[nodiscard]] std::string Text() const;
};

struct Loaded {
  Settings settings;
  ModelRegistry models;
  ErrorCodes error_codes;
  std::vector<Problem> problems;  // errors and warnings, in the order of the file

  [[nodiscard]] bool ok() const;
};

// Parses and validates `text`; `file` is for messages. Unknown keys are errors with a suggestion.
// The registry and the codes are read from settings.models_file and settings.error_codes_file
// (default: next to the configuration's examples, see InstalledFile()).
Loaded LoadText(const std::string& text, const std::string& file);

Loaded LoadFile(const std::string& file);

// models.yaml -> the registry; what is wrong is appended to `problems`.
ModelRegistry LoadModels(const std::string& text, const std::string& file,
                         std::vector<Problem>& problems);

// error_codes.yaml -> the codes, likewise.
ErrorCodes LoadErrorCodes(const std::string& text, const std::string& file,
                          std::vector<Problem>& problems);

// Every key a configuration may have: "broker.listeners[].port". Sorted.
std::vector<std::string> KnownKeys();

// Where config/<name> is: see InstalledPath().
std::string InstalledFile(const std::string& name);

// The people of the farm, from settings.users_file (lines "name:role:password hash[:key digests]",
// made by `printfleet user`); the file need not exist.
struct User {
  std::string name;
  Role role = Role::kViewer;
  std::string password_hash;  // Mosquitto's "$7$…" form
  // SHA-256 in hex of each of the keys for HTTP (X-Api-Key). A key is 128 random bits: a plain
  // digest gives nothing away.
  std::vector<std::string> key_digests = {};
};

using Users = std::map<std::string, User, std::less<>>;

constexpr size_t kKeysMax = 10;  // of one user

// The user that has this key; nullptr: nobody.
const User* FindByKey(const Users& users, std::string_view key);

// Letters, digits, ".", "_", "-" and "@", at most 64: it is a level of topics. "local" and names
// that begin with "printfleet" are taken.
Status CheckUserName(std::string_view name);

// kMalformed names `file` and the line.
Result<Users> ParseUsers(std::string_view text, const std::string& file);
std::string UsersText(const Users& users);

// kNotFound never: a missing file is nobody. Else as ParseUsers.
Result<Users> LoadUsers(const std::string& file);

// Replaces the file atomically, mode 0600.
Status SaveUsers(const std::string& file, const Users& users);

}  // namespace printfleet::settings
