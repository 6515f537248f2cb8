// argv -> plain structs. CLI11 stays in arguments.cc. Pure but for nothing: reads only argv.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/command_help.h"
#include "settings/settings.h"
#include "setup/plan.h"

namespace printfleet::cli {

// How a client subcommand finds the broker; see broker_address.h.
struct ConnectionArguments {
  std::string config;  // a configuration; empty: the usual places
  std::string broker;  // mqtt://host[:port] or mqtts://…, instead of a configuration
  std::string user;
  std::string password_file;
  std::string ca_file;
  std::string topic_root;  // with `broker`
};

// Which printers. Joined by AND; several values of one selector by OR.
struct Selectors {
  bool all = false;
  std::vector<std::string> printers;
  std::vector<std::string> models;
  std::vector<std::string> groups;
  std::vector<std::string> states;
  std::vector<std::string> beds;
  std::vector<std::string> enrolments;
  std::vector<std::string> labels;  // "k=v"
  std::vector<std::string> exclude;
  std::string firmware;  // "<3.1.2"
  std::optional<int64_t> limit;
  std::optional<double> percent;

  bool operator==(const Selectors&) const = default;
};

enum class ServerAction {
  kServe,
  kBroker,
  kDatabase,
  kMigrate,
  kRetain,
  kBackup,
  kRestore,
  kCheck,
  kTestNotify
};

struct ServerArguments {
  ServerAction action = ServerAction::kServe;
  std::string config;
  std::string target;    // of kTestNotify; the file of kBackup ("": by the time) and kRestore
  bool replace = false;  // of kRestore
};

struct SendArguments {
  ConnectionArguments connection;
  std::string command;
  std::vector<std::string> values;  // "key=value"
  Selectors selectors;
  bool dry_run = false;
  bool yes = false;
  bool json = false;
  bool no_wait = false;
  std::optional<int64_t> timeout_s;
  std::string on_offline;  // "", "skip", "wait"
  std::optional<int64_t> max_in_flight;
  std::optional<int64_t> interval_ms;
  std::optional<int64_t> heating_limit;
  std::optional<int64_t> first;
  std::string expires_at;  // as ParseMoment takes it; empty: by the command's deadline
  std::string if_matched;  // a target_hash
  std::string id;          // a UUID; empty: a fresh one
  std::string attach;      // the id of a request that was sent before: only follow it
};

// Exactly one of printers, pending and connect_info.
struct EnrollArguments {
  ConnectionArguments connection;
  std::vector<std::string> printers;  // ids or names
  bool pending = false;
  std::string connect_info;  // a copy of the printer's /user/ac_mqtt_connect_info
  std::string name;
  std::string model;  // with connect_info
  bool show = false;  // afterwards each runs its fan for a while, if it is idle
  bool dry_run = false;
  bool yes = false;
  bool json = false;
};

struct PrintersArguments {
  ConnectionArguments connection;
  Selectors selectors;
  bool json = false;
};

enum class PrintersFileAction { kExport, kImport };

struct PrintersFileArguments {
  ConnectionArguments connection;
  PrintersFileAction action = PrintersFileAction::kExport;
  Selectors selectors;  // of an export; none: every printer
  std::string file;     // of an export: empty is standard output
  bool dry_run = false;
  bool yes = false;
};

struct WatchArguments {
  ConnectionArguments connection;
  bool json = false;
};

struct JobsArguments {
  ConnectionArguments connection;
  std::vector<std::string> printers;
  std::string state;  // a job's state, an outcome, or "open"
  std::optional<int64_t> limit;
  bool json = false;
};

enum class FilesAction { kAdd, kList, kShow, kRemove };

struct FilesArguments {
  ConnectionArguments connection;
  FilesAction action = FilesAction::kList;
  std::vector<std::string> files;  // to add
  std::string file;                // to show or remove: its name or sha256
  std::string url;                 // of the HTTP server; empty: by the configuration
  std::string key_file;            // empty: $PRINTFLEET_KEY_FILE
  std::optional<int64_t> limit;
  bool json = false;
};

struct CommandsArguments {
  ConnectionArguments connection;
  std::string id;  // of one command: its number or its request's UUID; empty: a list
  std::string author;
  std::string command;
  std::string since;    // as ParseMoment takes it
  std::string printer;  // id or name
  bool open = false;
  std::optional<int64_t> limit;
  bool json = false;
};

enum class UserAction { kAdd, kRemove, kKey, kList };

struct UserArguments {
  UserAction action = UserAction::kList;
  std::string config;
  std::string name;
  std::optional<settings::Role> role;
  std::string password_file;
  std::string key_file;
  bool revoke = false;
  bool json = false;
};

struct InitArguments {
  setup::Plan plan;
  bool yes = false;  // ask nothing
};

enum class CaAction { kIssue, kShow };

struct CaArguments {
  CaAction action = CaAction::kShow;
  std::string config;
  std::string ca_file;     // empty: the configuration's
  std::string printer_id;  // to issue for
  std::string directory;   // empty: named after the printer
  bool force = false;
  bool json = false;
};

struct CaptureArguments {
  ConnectionArguments connection;
  bool all = false;
  std::vector<std::string> printers;
  std::string file;
  std::optional<int64_t> time_s;
  uint64_t bytes_max = uint64_t{1} << 30;
  bool overwrite = false;
  bool keep_secrets = false;
  bool redact_filenames = false;
};

struct ExplainArguments {
  std::string file;  // "-": standard input
  bool json = false;
};

// Help, version or a usage error: `text` is to be printed, on standard error where `code` is not 0.
struct Finished {
  int code = 0;
  std::string text;
};

using Parsed = std::variant<Finished, PrintersFileArguments, ServerArguments, SendArguments,
                            EnrollArguments, PrintersArguments, WatchArguments, JobsArguments,
                            CommandsArguments, FilesArguments, UserArguments, InitArguments,
                            CaArguments, CaptureArguments, ExplainArguments>;

Parsed ParseArguments(int argc, const char* const* argv, const std::vector<CommandHelp>& commands);

}  // namespace printfleet::cli
