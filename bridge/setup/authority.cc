#include "setup/authority.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "setup/files.h"

namespace printfleet::setup {

namespace {

constexpr size_t kIdBytesMax = 64;  // of a CN

struct Content {
  const char* name;
  const std::string& text;
  unsigned mode;
};

}  // namespace

Result<std::string> AuthorityFile(const settings::Settings& settings) {
  for (const settings::BrokerListener& listener : settings.broker.listeners) {
    if (listener.for_printers && listener.tls && !listener.tls->ca_file.empty()) {
      return listener.tls->ca_file;
    }
  }
  return Error{Errc::kNotFound,
               "no listener for printers has tls.ca_file, the farm's authority: printfleet init "
               "makes one, --ca-file names another"};
}

std::string KeyFileOf(const std::string& ca_file) {
  return std::filesystem::path(ca_file).replace_extension(".key").string();
}

Result<broker::Credentials> LoadAuthority(const std::string& ca_file) {
  auto certificate = ReadText(ca_file);
  if (!certificate.ok()) {
    return certificate.error();
  }
  auto key = ReadText(KeyFileOf(ca_file));
  if (!key.ok()) {
    return key.error().Within("the authority's key");
  }
  broker::Credentials authority{*std::move(certificate), *std::move(key)};
  if (const Status fits = broker::CheckPair(authority); !fits.ok()) {
    return fits.error().Within(ca_file);
  }
  return authority;
}

Status CheckPrinterId(const std::string& printer_id) {
  const bool plain = std::all_of(printer_id.begin(), printer_id.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_';
  });
  if (printer_id.empty() || printer_id.size() > kIdBytesMax || !plain) {
    return Error{Errc::kInvalid, "\"" + printer_id +
                                     "\" is no printer id: the 32 hex digits in its topics, as "
                                     "`printfleet printers --json` shows them"};
  }
  return Ok{};
}

Result<std::vector<std::string>> IssueForPrinter(const std::string& ca_file,
                                                 const std::string& printer_id,
                                                 const std::string& directory, bool overwrite,
                                                 WallTime now) {
  if (const Status id = CheckPrinterId(printer_id); !id.ok()) {
    return id.error();
  }
  const auto authority = LoadAuthority(ca_file);
  if (!authority.ok()) {
    return authority.error();
  }
  const auto client = broker::IssueClient(*authority, printer_id, now);
  if (!client.ok()) {
    return client.error();
  }
  const std::array<Content, 3> contents = {{{"ca.crt", authority->certificate, 0644},
                                            {"client.crt", client->certificate, 0644},
                                            {"client.key", client->key, 0600}}};
  std::vector<std::string> files;
  for (const Content& content : contents) {
    files.push_back(directory + "/" + content.name);
    if (!overwrite && Exists(files.back())) {
      return Error{Errc::kConflict, files.back() + ": is there already (--force overwrites)"};
    }
  }
  for (size_t i = 0; i < contents.size(); ++i) {
    if (Status written = WriteText(files[i], contents[i].text, contents[i].mode, overwrite);
        !written.ok()) {
      return written.error();
    }
  }
  return files;
}

}  // namespace printfleet::setup
