#include "setup/init.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/digest.h"
#include "broker/certificates.h"
#include "broker/password.h"
#include "settings/load.h"
#include "setup/authority.h"
#include "setup/config_text.h"
#include "setup/files.h"
#include "setup/kobra_unleashed.h"

namespace printfleet::setup {

namespace {

constexpr const char* kAdmin = "admin";
constexpr size_t kAuthorityNameBytesMax = 60;

// A certificate that runs out sooner is not worth taking over, or not worth insisting on.
constexpr std::chrono::days kServerLeftMin{60};
constexpr std::chrono::days kClientLeftMin{180};

// The vendor's broker: in the certificate too, for farms whose DNS answers with this machine.
constexpr const char* kVendorNames[] = {"mqtt-universe.anycubic.com", "mqtt.anycubic.com"};

struct File {
  std::string path;
  std::string text;
  unsigned mode = 0644;
};

bool Lasts(const std::string& certificate, WallTime now, std::chrono::days at_least) {
  const auto read = broker::ReadCertificates(certificate);
  return read.ok() && read->front().not_after - now >= at_least;
}

// One init, step by step: everything is prepared in memory, then written.
class Preparation {
 public:
  Preparation(const Plan& plan, WallTime now)
      : plan_(plan),
        now_(now),
        folder_(std::filesystem::path(plan.config).parent_path().string()),
        tls_{folder_ + "/tls/ca.crt", folder_ + "/tls/server.crt", folder_ + "/tls/server.key"} {}

  Status TakeOver();
  Status PrepareAuthority();
  Status PrepareServer();
  void DecideAboutClients();
  Status PrepareConfig();
  Status PrepareUser();
  Status Write();
  void SayWhatNext();

  std::vector<std::string> lines;

 private:
  void Say(std::string line) { lines.push_back(std::move(line)); }

  void Add(const std::string& path, std::string text, unsigned mode) {
    files_.push_back({path, std::move(text), mode});
  }

  [[nodiscard]] std::vector<std::string> ServerNames() const;
  Status TakeServer();

  Plan plan_;
  const WallTime now_;
  const std::string folder_;
  const TlsFiles tls_;
  std::optional<KobraUnleashed> old_;
  broker::Credentials authority_;
  settings::Users users_;
  std::vector<File> files_;
};

Status Preparation::TakeOver() {
  if (plan_.kobra_unleashed.empty()) {
    return Ok{};
  }
  auto found = ReadKobraUnleashed(plan_.kobra_unleashed);
  if (!found.ok()) {
    return found.error();
  }
  old_ = *std::move(found);
  for (const std::string& note : old_->notes) {
    Say(note);
  }
  if (!old_->names.empty()) {
    Add(folder_ + "/printers.yaml", NamesText(old_->names), 0644);
  }
  if (old_->client) {
    Add(folder_ + "/tls/client.crt", old_->client->certificate, 0644);
    Add(folder_ + "/tls/client.key", old_->client->key, 0600);
  }
  return Ok{};
}

// One that is there stays: printers trust it.
Status Preparation::PrepareAuthority() {
  if (plan_.plain) {
    return Ok{};
  }
  const auto there = ReadText(tls_.ca);
  if (there.ok() && old_ && *there != old_->authority.certificate) {
    return Error{Errc::kConflict, tls_.ca +
                                      ": is another authority than the one to take over; "
                                      "move it away, or use another --config"};
  }
  if (there.ok()) {
    const auto key = ReadText(KeyFileOf(tls_.ca));
    authority_ = {*there, key.ok() ? *key : ""};
    Say("kept: " + tls_.ca);
    return Ok{};
  }
  if (old_) {
    authority_ = old_->authority;
  } else {
    const std::string name = plan_.farm_name.substr(0, kAuthorityNameBytesMax) + " CA";
    auto made = broker::MakeAuthority(name, now_);
    if (!made.ok()) {
      return made.error();
    }
    authority_ = *std::move(made);
    Say("made: the farm's authority \"" + name + "\", valid for 20 years");
  }
  Add(tls_.ca, authority_.certificate, 0644);
  if (!authority_.key.empty()) {
    Add(KeyFileOf(tls_.ca), authority_.key, 0600);
  }
  return Ok{};
}

std::vector<std::string> Preparation::ServerNames() const {
  std::vector<std::string> names;
  const auto add = [&names](const std::string& name) {
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(name);
    }
  };
  for (const std::string& address : {plan_.printers_address, plan_.people_address}) {
    if (address == "0.0.0.0" || address == "::") {
      std::ranges::for_each(LocalAddresses(), add);
    } else {
      add(address);
    }
  }
  std::ranges::for_each(plan_.names, add);
  std::ranges::for_each(kVendorNames, add);
  return names;
}

// The printers know it; but one that a strict peer refuses is replaced where that can be done.
Status Preparation::TakeServer() {
  if (!old_->server) {
    return Error{Errc::kNotFound, ""};
  }
  const Status good = broker::CheckIssued(authority_.certificate, old_->server->certificate,
                                          broker::Purpose::kServer, now_);
  const bool lasts = Lasts(old_->server->certificate, now_, kServerLeftMin);
  if (!(good.ok() && lasts) && !authority_.key.empty()) {
    Say("not taken: the broker's certificate: " +
        (good.ok()
             ? "it runs out soon"
             : good.error().message + " (its script, with the questions left empty, gives all "
                                      "certificates one name: strict clients refuse them)"));
    return Error{Errc::kNotFound, ""};
  }
  if (!good.ok()) {
    Say("warning: strict clients refuse the broker's certificate (" + good.error().message +
        "), and without ca.key no better one can be issued");
  }
  Say("taken: the broker's certificate");
  Add(tls_.cert, old_->server->certificate, 0644);
  Add(tls_.key, old_->server->key, 0600);
  return Ok{};
}

Status Preparation::PrepareServer() {
  if (plan_.plain) {
    return Ok{};
  }
  if (Exists(tls_.cert) && Exists(tls_.key) && !plan_.force) {
    Say("kept: " + tls_.cert);
    return Ok{};
  }
  if (old_ && TakeServer().ok()) {
    return Ok{};
  }
  if (authority_.key.empty()) {
    return Error{Errc::kNotFound,
                 "no certificate for the broker: there is none to take over, and "
                 "none can be issued without " +
                     KeyFileOf(tls_.ca)};
  }
  const auto names = ServerNames();
  auto issued = broker::IssueServer(authority_, names, now_);
  if (!issued.ok()) {
    return issued.error().Within("the broker's certificate");
  }
  std::string list;
  for (const std::string& name : names) {
    list += (list.empty() ? "" : ", ") + name;
  }
  Say("made: the broker's certificate for " + list + ", valid for 20 years");
  Add(tls_.cert, std::move(issued->certificate), 0644);
  Add(tls_.key, std::move(issued->key), 0600);
  return Ok{};
}

// Insists on the shared certificate only where it would be accepted, and for a good while.
void Preparation::DecideAboutClients() {
  if (!old_ || plan_.require_certificate) {
    return;
  }
  if (!old_->client) {
    Say("require_certificate: false, because the printers' certificate was not found");
    plan_.require_certificate = false;
    return;
  }
  const Status good = broker::CheckIssued(authority_.certificate, old_->client->certificate,
                                          broker::Purpose::kClient, now_);
  const bool lasts = Lasts(old_->client->certificate, now_, kClientLeftMin);
  plan_.require_certificate = good.ok() && lasts;
  if (good.ok() && lasts) {
    Say("require_certificate: true: only printers with the shared certificate are admitted; each "
        "is "
        "who its client id says");
  } else {
    Say("require_certificate: false: the broker would refuse the printers' certificate (" +
        (good.ok() ? std::string("it runs out soon") : good.error().message) +
        "); each is who its client id says");
  }
}

Status Preparation::PrepareConfig() {
  std::string text = ConfigText(plan_, tls_);
  const settings::Loaded loaded = settings::LoadText(text, plan_.config);
  if (!loaded.ok()) {
    std::string problems;
    for (const settings::Problem& problem : loaded.problems) {
      problems += problem.warning ? "" : "\n  " + problem.message;
    }
    return Error{Errc::kInvalid, "with these answers the configuration would be wrong:" + problems};
  }
  Add(plan_.config, std::move(text), 0644);
  return Ok{};
}

Status Preparation::PrepareUser() {
  auto users = settings::LoadUsers(plan_.data_dir + "/users");
  if (!users.ok()) {
    return users.error();
  }
  users_ = *std::move(users);
  if (users_.contains(kAdmin)) {
    Say("kept: the user \"admin\"");
    users_.clear();
    return Ok{};
  }
  const std::string password = RandomSecret();
  auto hash = broker::HashPassword(password);
  if (!hash.ok()) {
    return hash.error();
  }
  settings::User& admin = users_[kAdmin];
  admin.name = kAdmin;
  admin.role = settings::Role::kAdmin;
  admin.password_hash = *std::move(hash);
  const std::string file = folder_ + "/admin.password";
  Add(file, password + "\n", 0600);
  Say("made: the user \"admin\"; the password is in " + file);
  return Ok{};
}

Status Preparation::Write() {
  for (const File& file : files_) {
    if (!plan_.force && Exists(file.path)) {
      return Error{Errc::kConflict,
                   file.path + ": is there already; nothing was written (--force overwrites)"};
    }
  }
  // The configuration is last: when it is there, all that it names is.
  std::stable_partition(files_.begin(), files_.end(),
                        [this](const File& file) { return file.path != plan_.config; });
  for (const File& file : files_) {
    if (Status written = WriteText(file.path, file.text, file.mode, plan_.force); !written.ok()) {
      return written;
    }
    // The daemon, which need not be root, reads this one; the authority's key is none of its
    // business.
    if (file.path == tls_.key) {
      if (Status given = GiveToOwnerOf(file.path, plan_.data_dir); !given.ok()) {
        return given;
      }
    }
    Say("wrote: " + file.path);
  }
  return users_.empty() ? Status(Ok{}) : settings::SaveUsers(plan_.data_dir + "/users", users_);
}

void Preparation::SayWhatNext() {
  const std::string config = " --config " + plan_.config;
  Say("");
  Say("Next:");
  Say("  printfleet check" + config);
  Say("  printfleet serve" + config);
  Say("  printers connect to " + plan_.printers_address + ":" +
      std::to_string(plan_.printers_port.value_or(0)) +
      (plan_.plain ? "" : " with TLS, and trust " + tls_.ca));
  if (old_) {
    Say("  stop kobra-unleashed's broker first: it has the port; the printers need no change");
  } else if (!plan_.plain) {
    Say("  printfleet ca issue <printer id>" + config + "    the files for a printer's /user/");
  }
  Say("  printfleet enroll --pending" + config + "    when they have connected");
  if (old_ && !old_->names.empty()) {
    Say("  printfleet printers import " + folder_ + "/printers.yaml" + config + "    their names");
  }
}

}  // namespace

Result<std::vector<std::string>> Init(const Plan& plan, WallTime now) {
  Preparation preparation(plan, now);
  for (const auto step :
       {&Preparation::TakeOver, &Preparation::PrepareAuthority, &Preparation::PrepareServer}) {
    if (const Status done = (preparation.*step)(); !done.ok()) {
      return done.error();
    }
  }
  preparation.DecideAboutClients();
  for (const auto step :
       {&Preparation::PrepareConfig, &Preparation::PrepareUser, &Preparation::Write}) {
    if (const Status done = (preparation.*step)(); !done.ok()) {
      return done.error();
    }
  }
  preparation.SayWhatNext();
  return std::move(preparation.lines);
}

}  // namespace printfleet::setup
