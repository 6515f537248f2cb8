// printfleet ca: certificates of the farm's own authority. Works on local files.
#include "base/json.h"
#include "broker/certificate_files.h"
#include "broker/certificates.h"
#include "cli/broker_address.h"
#include "cli/conversation.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/subcommands.h"
#include "settings/load.h"
#include "setup/authority.h"

namespace printfleet::cli {
namespace {

Result<settings::Settings> SettingsOf(const CaArguments& arguments) {
  const auto config = FindConfig(arguments.config);
  if (!config.ok()) {
    return config.error();
  }
  settings::Loaded loaded = settings::LoadFile(*config);
  if (!loaded.ok()) {
    return Error{Errc::kInvalid, "see printfleet check --config " + *config};
  }
  return std::move(loaded.settings);
}

Result<std::string> AuthorityOf(const CaArguments& arguments) {
  if (!arguments.ca_file.empty()) {
    return arguments.ca_file;
  }
  const auto settings = SettingsOf(arguments);
  return settings.ok() ? setup::AuthorityFile(*settings) : settings.error();
}

int Issue(const CaArguments& arguments) {
  const auto authority = AuthorityOf(arguments);
  if (!authority.ok()) {
    return Complain(authority.error());
  }
  const std::string directory =
      arguments.directory.empty() ? arguments.printer_id : arguments.directory;
  const auto files = setup::IssueForPrinter(*authority, arguments.printer_id, directory,
                                            arguments.force, WallNow());
  if (!files.ok()) {
    return Complain(files.error());
  }
  for (const std::string& file : *files) {
    Print(file + "\n");
  }
  PrintError("copy these three to the printer's /user/, and keep the ones that are there\n");
  return kDone;
}

// The listeners' files; with --ca-file that one alone.
Result<std::vector<broker::CertificateFile>> FilesOf(const CaArguments& arguments) {
  settings::Broker broker;
  if (arguments.ca_file.empty()) {
    const auto settings = SettingsOf(arguments);
    if (!settings.ok()) {
      return settings.error();
    }
    broker = settings->broker;
  } else {
    broker.mode = settings::Mode::kExternal;
    broker.ca_file = arguments.ca_file;
  }
  return broker::CertificateFiles(broker);
}

int Show(const CaArguments& arguments) {
  const auto files = FilesOf(arguments);
  if (!files.ok()) {
    return Complain(files.error());
  }
  std::vector<std::vector<std::string>> rows;
  for (const broker::CertificateFile& file : *files) {
    const std::string until =
        file.not_after ? FormatIso8601(*file.not_after).substr(0, 10) : file.trouble;
    if (arguments.json) {
      json::Writer out;
      out.BeginObject().Member("listener", file.listener).Member("what", file.what);
      out.Member("file", file.file);
      out.Member("not_after", file.not_after
                                  ? std::optional<std::string>(FormatIso8601(*file.not_after))
                                  : std::nullopt);
      out.EndObject();
      Print(out.Take() + "\n");
    } else {
      rows.push_back({file.listener, file.what, until, file.file});
    }
    if (const auto warning = broker::CertificateWarning(file, WallNow())) {
      PrintError("printfleet: " + file.file + ": " + *warning + "\n");
    }
  }
  if (!rows.empty()) {
    Print(Table({"LISTENER", "WHAT", "VALID UNTIL", "FILE"}, rows, Style{WantsColor()}));
  }
  if (files->empty()) {
    PrintError("no listener has TLS\n");
  }
  return kDone;
}

}  // namespace

int Ca(const CaArguments& arguments) {
  return arguments.action == CaAction::kIssue ? Issue(arguments) : Show(arguments);
}

}  // namespace printfleet::cli
