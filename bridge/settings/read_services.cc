// The sections `database` and `http`, and what sections about services share.
#include <arpa/inet.h>

#include <algorithm>
#include <cctype>

#include "settings/sections.h"
#include "settings/url.h"

namespace printfleet::settings {
namespace {

enum class Served { kMetrics, kFiles, kConsole };

bool IsAddress(const std::string& text) {
  in6_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) == 1 ||
      inet_pton(AF_INET6, text.c_str(), &address) == 1) {
    return true;
  }
  const bool host_name = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.';
  });
  const bool digits = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isdigit(c) != 0 || c == '.';  // 300.1.1.1 is no host name but a mistake
  });
  return host_name && !digits && text.size() <= 253 && text.front() != '-' && text.front() != '.';
}

bool IsWildcard(const std::string& address) {
  return address == "0.0.0.0" || address == "::";
}

bool SamePlace(const HttpListener& a, const HttpListener& b) {
  return a.port != 0 && a.port == b.port &&
         (a.address == b.address || IsWildcard(a.address) || IsWildcard(b.address));
}

HttpListener ReadHttpListener(Section& section) {
  HttpListener listener;
  ReadAddress(section, listener.address);
  section.Integer("port", {0, 65535}, listener.port);
  const auto served = section.WordList<Served>(
      "serve",
      {{"metrics", Served::kMetrics}, {"files", Served::kFiles}, {"console", Served::kConsole}});
  if (served) {
    const auto has = [&](Served what) {
      return std::find(served->begin(), served->end(), what) != served->end();
    };
    listener.serve_metrics = has(Served::kMetrics);
    listener.serve_files = has(Served::kFiles);
    listener.serve_console = has(Served::kConsole);
  }
  section.Finish();
  return listener;
}

}  // namespace

void ReadAddress(Section& section, std::string& address) {
  std::string text;
  section.Text("address", text);
  if (text.empty()) {
    return;
  }
  if (!IsAddress(text)) {
    section.Error("address", "\"" + text +
                                 "\" is neither an IP address nor a host name (0.0.0.0 listens on "
                                 "every address)");
    return;
  }
  address = text;
}

void RefuseOtherMode(const Section& section, Mode mode,
                     std::initializer_list<std::string_view> managed_only,
                     std::initializer_list<std::string_view> external_only) {
  const bool managed = mode == Mode::kManaged;
  for (const auto key : managed ? external_only : managed_only) {
    if (section.Has(key)) {
      section.Error(key, managed ? "is only for mode: external" : "is only for mode: managed");
    }
  }
}

void CheckUrl(const Section& section, std::string_view key, const std::string& url,
              std::initializer_list<std::string_view> schemes) {
  if (url.empty()) {
    return;
  }
  const std::string password_file = key == "url" ? "password_file" : "owner_password_file";
  const auto parsed = ParseUrl(url);
  if (!parsed.ok()) {
    section.Error(key, parsed.error().message);
    return;
  }
  if (std::find(schemes.begin(), schemes.end(), parsed->scheme) == schemes.end()) {
    std::string wanted;
    for (const auto scheme : schemes) {
      wanted += (wanted.empty() ? "" : " or ") + std::string(scheme) + "://";
    }
    section.Error(key, "begins with " + parsed->scheme + "://, wanted " + wanted);
  } else if (parsed->password || parsed->rest.find("password=") != std::string::npos) {
    section.Error(key, "holds a password: put it into a file and name that as " + password_file);
  } else if (parsed->host.empty() && !parsed->rest.starts_with("/")) {
    section.Error(key, "names no host");
  }
}

// The daemon works as a role that cannot change audit_log; only `printfleet migrate` is the owner.
void CheckOwner(const Section& section, const Database& database) {
  CheckUrl(section, "owner_url", database.owner_url, {"postgresql", "postgres"});
  const auto own = ParseUrl(database.url);
  const auto owner = ParseUrl(database.owner_url);
  if (!section.Has("owner_url")) {
    if (section.Has("owner_password_file")) {
      section.Error("owner_password_file", "is for owner_url, which is missing");
    }
    if (own.ok() && own->scheme.starts_with("postgres") && !own->password) {
      section.Warning(
          "url",
          "without owner_url the role that the daemon works as also owns the tables and "
          "could change audit_log: name the owner there, for printfleet migrate");
    }
    return;
  }
  if (own.ok() && own->user.empty()) {
    section.Error("url", "names no role: printfleet migrate has to know whom to give the rights");
  } else if (own.ok() && owner.ok() && own->user == owner->user) {
    section.Error("owner_url", "names the same role as url: the daemon could change audit_log");
  }
}

void ReadDatabase(Section section, Database& database) {
  section.Word<Mode>("mode", {{"managed", Mode::kManaged}, {"external", Mode::kExternal}},
                     database.mode);
  section.Word<Lifetime>("lifetime",
                         {{"with_daemon", Lifetime::kWithDaemon}, {"own", Lifetime::kOwn}},
                         database.lifetime);
  section.Text("url", database.url);
  section.Path("password_file", database.password_file);
  section.Path("binaries_dir", database.binaries_dir);
  section.Text("owner_url", database.owner_url);
  section.Path("owner_password_file", database.owner_password_file);
  section.Text("run_as", database.run_as);
  section.Time<seconds>("start_timeout_s", {1, 86400}, database.start_timeout);
  section.Time<seconds>("stop_timeout_s", {1, 3600}, database.stop_timeout);
  section.Time<milliseconds>("restart_wait_max_ms", {250, 600'000}, database.restart_wait_max);
  section.Time<milliseconds>("request_timeout_ms", {100, 600'000}, database.request_timeout);
  section.Time<milliseconds>("connect_timeout_ms", {100, 600'000}, database.connect_timeout);
  section.Time<milliseconds>("retry_max_ms", {100, 600'000}, database.retry_max);
  section.Integer("shared_buffers_mib", {16, 1 << 20}, database.shared_buffers_mib);
  RefuseOtherMode(section, database.mode,
                  {"lifetime", "binaries_dir", "run_as", "start_timeout_s", "stop_timeout_s",
                   "restart_wait_max_ms", "shared_buffers_mib"},
                  {"url", "password_file", "owner_url", "owner_password_file"});
  if (database.mode == Mode::kExternal) {
    if (!section.Has("url")) {
      section.Error("mode",
                    "external needs url, like postgresql://printfleet@db.example/printfleet");
    }
    CheckUrl(section, "url", database.url, {"postgresql", "postgres"});
    CheckOwner(section, database);
  }
  section.Finish();
}

void ReadHttp(Section section, Http& http) {
  if (auto sections = section.Children("listeners")) {
    std::vector<HttpListener> listeners;
    for (auto& listener : *sections) {
      listeners.push_back(ReadHttpListener(listener));
      for (size_t i = 0; i + 1 < listeners.size(); ++i) {
        if (SamePlace(listeners[i], listeners.back())) {
          listener.Error("port", std::to_string(listeners.back().port) +
                                     " is the port of listener " + std::to_string(i) + " too");
          break;
        }
      }
    }
    http.listeners = std::move(listeners);  // an empty list: no HTTP
  }
  section.Text("public_url", http.public_url);
  if (!http.public_url.empty()) {
    const auto url = ParseUrl(http.public_url);
    if (!url.ok() || (url->scheme != "http" && url->scheme != "https") || url->host.empty() ||
        url->password) {
      section.Error("public_url",
                    "wanted what printers use to fetch files, like http://192.0.2.1:8080");
    }
  }
  section.Integer("worker_threads", {1, 64}, http.worker_threads);
  constexpr int64_t kRateMax = int64_t{1} << 40;
  section.Integer("streams_max", {1, 1000}, http.streams_max);
  section.Integer("uploads_max", {1, 64}, http.uploads_max);
  section.Time<seconds>("stall_timeout_s", {1, 600}, http.stall_timeout);
  section.Integer("stream_bytes_per_second_max", {0, kRateMax}, http.stream_bytes_per_second_max);
  section.Integer("streams_bytes_per_second_max", {0, kRateMax}, http.streams_bytes_per_second_max);
  section.Finish();
}

}  // namespace printfleet::settings
