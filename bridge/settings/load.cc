#include "settings/load.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "settings/installed.h"
#include "settings/reader.h"
#include "settings/sections.h"

namespace printfleet::settings {
namespace {

constexpr size_t kInstanceBytesMax = 64;

bool IsInstanceName(const std::string& text) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return text.size() <= kInstanceBytesMax && text.find_first_not_of(kAllowed) == std::string::npos;
}

Result<std::string> ReadWholeFile(const std::string& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) {
    return Error{Errc::kInvalid, "is a directory"};
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return Error{errno == ENOENT ? Errc::kNotFound : Errc::kUnavailable,
                 std::string("cannot be read: ") + std::strerror(errno)};  // NOLINT
  }
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void ReadInstance(Section& root, std::string& instance) {
  std::string text;
  root.Text("instance", text);
  if (text.empty()) {
    return;
  }
  if (IsInstanceName(text)) {
    instance = text;
  } else {
    root.Error("instance", "\"" + text +
                               "\" must be letters, digits, \".\", \"_\" and \"-\", at most 64: it "
                               "is a level of topics");
  }
}

// The command line and the simulator find a taken port faster than a daemon's log does.
void CheckPortsBetweenServices(Section& root, const Settings& settings) {
  for (const auto& http : settings.http.listeners) {
    for (const auto& broker : settings.broker.listeners) {
      if (http.port != 0 && http.port == broker.port) {
        root.Error(root.Has("http") ? "http" : "broker", "port " + std::to_string(http.port) +
                                                             " is used by broker.listeners and by "
                                                             "http.listeners");
        return;
      }
    }
  }
}

Settings ReadSettings(const YamlNode& node, Notes& notes) {
  Settings settings;
  Section root(node, "", Place{}, notes);
  root.Path("data_dir", settings.data_dir);
  ReadInstance(root, settings.instance);
  root.Path("models_file", settings.models_file);
  root.Path("error_codes_file", settings.error_codes_file);
  root.Path("users_file", settings.users_file);
  ReadBroker(root.Child("broker"), settings.broker);
  ReadDatabase(root.Child("database"), settings.database);
  ReadHttp(root.Child("http"), settings.http);
  ReadFleet(root.Child("fleet"), settings.fleet);
  ReadInbound(root.Child("inbound"), settings.inbound);
  ReadCommands(root.Child("commands"), settings.commands);
  ReadStore(root.Child("store"), settings.store);
  ReadSpool(root.Child("spool"), settings.spool);
  ReadLibrary(root.Child("library"), settings.library);
  ReadNotify(root.Child("notify"), settings.notify);
  ReadHomeAssistant(root.Child("home_assistant"), settings.home_assistant);
  root.Word<std::string_view>(
      "log_level",
      {{"debug", "debug"}, {"info", "info"}, {"warning", "warning"}, {"error", "error"}},
      settings.log_level);
  if (!root.Has("data_dir")) {
    root.Error("",
               "data_dir is missing: where the daemon keeps its identity, and a managed broker "
               "and database their files");
  }
  CheckPortsBetweenServices(root, settings);
  root.Finish();
  return settings;
}

// What `load` makes of the file `chosen`, or of the one installed as `name`.
template <typename Value>
Value LoadBeside(const std::string& chosen, const std::string& name,
                 Value (*load)(const std::string&, const std::string&, std::vector<Problem>&),
                 std::vector<Problem>& problems) {
  const std::string file = chosen.empty() ? InstalledFile(name) : chosen;
  const auto text = ReadWholeFile(file);
  if (!text.ok()) {
    problems.push_back({file, 0, 0, text.error().message, false});
    return {};
  }
  return load(*text, file, problems);
}

}  // namespace

std::string Problem::Text() const {
  std::string text = file;
  if (line != 0) {
    text += ":" + std::to_string(line) + ":" + std::to_string(column);
  }
  return text + ": " + (warning ? "warning: " : "") + message;
}

bool Loaded::ok() const {
  return std::all_of(problems.begin(), problems.end(),
                     [](const Problem& problem) { return problem.warning; });
}

Loaded LoadText(const std::string& text, const std::string& file) {
  Loaded loaded;
  Notes notes;
  notes.file = file;
  const auto root = ParseYaml(text, file, notes.problems);
  if (root && root->kind == YamlNode::Kind::kNull) {
    notes.problems.push_back({file, 0, 0, "is empty: it needs at least data_dir", false});
  } else if (root) {
    loaded.settings = ReadSettings(*root, notes);
  }
  loaded.problems = std::move(notes.problems);
  SortByPlace(loaded.problems);
  const Settings& settings = loaded.settings;
  loaded.models = LoadBeside(settings.models_file, "models.yaml", LoadModels, loaded.problems);
  loaded.error_codes =
      LoadBeside(settings.error_codes_file, "error_codes.yaml", LoadErrorCodes, loaded.problems);
  return loaded;
}

Loaded LoadFile(const std::string& file) {
  const auto text = ReadWholeFile(file);
  if (!text.ok()) {
    Loaded loaded;
    loaded.problems.push_back({file, 0, 0, text.error().message, false});
    return loaded;
  }
  return LoadText(*text, file);
}

std::vector<std::string> KnownKeys() {
  std::set<std::string> keys;
  Notes notes;
  notes.known_keys = &keys;
  ReadSettings(YamlNode{}, notes);
  return {keys.begin(), keys.end()};
}

std::string InstalledFile(const std::string& name) {
#ifdef PRINTFLEET_CONFIG_DIR
  return InstalledPath(name, PRINTFLEET_CONFIG_DIR "/" + name);
#else
  return InstalledPath(name, "");
#endif
}

}  // namespace printfleet::settings
