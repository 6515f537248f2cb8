#include "setup/kobra_unleashed.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <set>

#include "base/text.h"
#include "setup/config_text.h"
#include "setup/files.h"

namespace printfleet::setup {

namespace {

constexpr std::string_view kNameKey = "PRINTERNAME_";
constexpr size_t kNameBytesMax = 64;
constexpr size_t kNamesMax = 10'000;

// Where environments are written down; env files that a compose file names go by these names too.
constexpr std::array<const char*, 7> kEnvironments = {
    "docker-compose.yml", "docker-compose.yaml", "docker-compose.override.yml",
    "compose.yml",        "compose.yaml",        ".env",
    "kobra-unleashed.env"};

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool IsQuote(char c) {
  return c == '"' || c == '\'';
}

// Without quotes around it, or without a comment behind it.
std::string_view Value(std::string_view text) {
  text = Trimmed(text);
  if (text.size() >= 2 && IsQuote(text.front())) {
    const size_t end = text.find(text.front(), 1);
    return end == std::string_view::npos ? text : text.substr(1, end - 1);
  }
  return Trimmed(text.substr(0, text.find(" #")));
}

struct Pair {
  std::string certificate_file;
  std::string certificate;
  std::string key;  // "" where there is none
};

// The first of `names` that has a certificate: <name>.pem or <name>.crt, and <name>.key.
std::optional<Pair> FindPair(const std::string& directory, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    for (const char* extension : {".pem", ".crt"}) {
      auto certificate = ReadText(directory + "/" + name + extension);
      if (certificate.ok()) {
        const auto key = ReadText(directory + "/" + name + ".key");
        return Pair{name + extension, *std::move(certificate), key.ok() ? *key : ""};
      }
    }
  }
  return std::nullopt;
}

std::string EndOf(const std::string& certificate) {
  const auto read = broker::ReadCertificates(certificate);
  return read.ok() ? "valid until " + FormatIso8601(read->front().not_after).substr(0, 10)
                   : read.error().message;
}

class Reader {
 public:
  explicit Reader(const std::string& directory) : directory_(directory) {
    certs_ = Exists(directory + "/certs") ? directory + "/certs" : directory;
  }

  Status ReadAuthority();
  Status ReadPair(const std::vector<std::string>& names, const std::string& what,
                  std::optional<broker::Credentials>& out);
  void ReadNames();
  void ReadPort();

  KobraUnleashed found;

 private:
  void Note(std::string note) { found.notes.push_back(std::move(note)); }

  std::string directory_;
  std::string certs_;
};

Status Reader::ReadAuthority() {
  auto pair = FindPair(certs_, {"ca"});
  if (!pair) {
    return Error{Errc::kNotFound,
                 directory_ +
                     ": neither certs/ca.pem nor certs/ca.crt is there: is it the "
                     "folder of kobra-unleashed, and was its generate_certs.sh run?"};
  }
  found.authority = {pair->certificate, pair->key};
  if (const auto read = broker::ReadCertificates(pair->certificate); !read.ok()) {
    return read.error().Within(certs_ + "/" + pair->certificate_file);
  }
  if (!pair->key.empty()) {
    if (const Status fits = broker::CheckPair(found.authority); !fits.ok()) {
      return fits.error().Within(certs_ + "/ca.key");
    }
  }
  Note("taken: its authority, " + pair->certificate_file + ", " + EndOf(pair->certificate));
  Note(pair->key.empty() ? "not found: ca.key. No further certificates can be issued by it"
                         : "taken: ca.key, for further certificates (printfleet ca issue)");
  return Ok{};
}

Status Reader::ReadPair(const std::vector<std::string>& names, const std::string& what,
                        std::optional<broker::Credentials>& out) {
  auto pair = FindPair(certs_, names);
  if (!pair || pair->key.empty()) {
    Note("not found: " + what + " with its key, " + names.front() + ".pem and .key");
    return Ok{};
  }
  broker::Credentials credentials{pair->certificate, pair->key};
  if (const Status fits = broker::CheckPair(credentials); !fits.ok()) {
    return fits.error().Within(certs_ + "/" + pair->certificate_file);
  }
  Note("found: " + what + ", " + pair->certificate_file + ", " + EndOf(pair->certificate));
  out = std::move(credentials);
  return Ok{};
}

void Reader::ReadNames() {
  for (const char* name : kEnvironments) {
    const auto text = ReadText(directory_ + "/" + name);
    if (!text.ok()) {
      continue;
    }
    for (auto& [id, value] : EnvironmentValues(*text, kNameKey)) {
      if (!value.empty() && !id.empty() && found.names.size() < kNamesMax) {
        found.names.emplace(id, CleanText(value, kNameBytesMax));
      }
    }
    const auto roots = EnvironmentValues(*text, "ROOT_URL");
    if (const auto root = roots.find(""); root != roots.end() && found.root_url.empty()) {
      found.root_url = root->second;
    }
  }
  Note(found.names.empty()
           ? "not found: names of printers (PRINTERNAME_<id> in its compose file or .env)"
           : "taken: the names of " + std::to_string(found.names.size()) + " printers");
  Note(
      "not there to be taken: names given in its web page, which are a browser's cookies; and its "
      "uploads");
}

void Reader::ReadPort() {
  if (const auto text = ReadText(directory_ + "/mosquitto.conf"); text.ok()) {
    found.port = TlsPort(*text);
  }
}

}  // namespace

Result<KobraUnleashed> ReadKobraUnleashed(const std::string& directory) {
  Reader reader(directory);
  Status status = reader.ReadAuthority();
  if (status.ok()) {
    status = reader.ReadPair({"verification_cert", "server"}, "the broker's certificate",
                             reader.found.server);
  }
  if (status.ok()) {
    status =
        reader.ReadPair({"client"}, "the certificate that all printers share", reader.found.client);
  }
  if (!status.ok()) {
    return status.error();
  }
  reader.ReadNames();
  reader.ReadPort();
  return std::move(reader.found);
}

std::map<std::string, std::string> EnvironmentValues(std::string_view text,
                                                     std::string_view prefix) {
  std::map<std::string, std::string> values;
  for (std::string_view line : Lines(text)) {
    line = Trimmed(line);
    if (line.starts_with('#')) {
      continue;
    }
    if (line.starts_with('-')) {
      line = Trimmed(line.substr(1));
    }
    // - "KEY=value": the quotes are around both.
    const bool whole = !line.empty() && IsQuote(line.front());
    if (whole) {
      line = Value(line);
    }
    if (line.starts_with("export ")) {
      line = Trimmed(line.substr(7));
    }
    if (!line.starts_with(prefix)) {
      continue;
    }
    line.remove_prefix(prefix.size());
    const size_t split = line.find_first_of("=:");
    if (split == std::string_view::npos) {
      continue;
    }
    const std::string_view value = line.substr(split + 1);
    values.emplace(Trimmed(line.substr(0, split)), whole ? Trimmed(value) : Value(value));
  }
  return values;
}

std::optional<uint16_t> TlsPort(std::string_view mosquitto_conf) {
  uint16_t port = 0;
  for (std::string_view line : Lines(mosquitto_conf)) {
    line = Trimmed(line);
    if (line.starts_with("listener ")) {
      const std::string_view number = Trimmed(line.substr(9));
      const auto read = std::from_chars(number.data(), number.data() + number.size(), port);
      port = read.ec == std::errc() ? port : uint16_t{0};
    } else if (line.starts_with("certfile ") && port != 0) {
      return port;
    }
  }
  return std::nullopt;
}

std::string NamesText(const std::map<std::string, std::string>& names) {
  std::string text =
      "# The printers' names, taken over from kobra-unleashed. When they have connected:\n"
      "#   printfleet printers import printers.yaml\n\nprinters:\n";
  std::set<std::string> taken;
  for (const auto& [id, name] : names) {
    const bool again = !taken.insert(name).second;
    text += "  - id: " + Quoted(id) + "\n";
    text += again ? "    # Another printer has this name too; give it one of its own.\n    # name: "
                  : "    name: ";
    text += Quoted(name) + "\n";
  }
  return text;
}

}  // namespace printfleet::setup
