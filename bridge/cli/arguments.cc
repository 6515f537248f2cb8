#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <utility>

#include "capture/sensitive.h"
#include "cli/arguments_parts.h"
#include "cli/exit_code.h"
#include "cli/setup_options.h"

namespace printfleet::cli {
namespace {

constexpr int64_t kCaptureTimeMaxS = 365 * 86400;
constexpr int64_t kTimeoutMaxS = 7 * 86400;
constexpr int64_t kPrintersMax = 10000;
constexpr size_t kHelpColumn = 26;
constexpr int64_t kIntervalMaxMs = 3'600'000;

// What every parsed subcommand is written to; the subcommand that was there says which is meant.
struct Everything {
  ServerArguments server;
  SendArguments send;
  EnrollArguments enroll;
  PrintersArguments printers;
  PrintersFileArguments printers_file;
  WatchArguments watch;
  JobsArguments jobs;
  CommandsArguments commands;
  FilesArguments files;
  UserArguments user;
  InitArguments init;
  CaArguments ca;
  CaptureArguments capture;
  ExplainArguments explain;
  std::function<Parsed()> chosen;
};

void AddList(CLI::App& app, const std::string& name, std::vector<std::string>& values,
             const std::string& help) {
  // Without allow_extra_args(false) a list would swallow the words behind it.
  app.add_option(name, values, help)
      ->option_text("A,B")
      ->allow_extra_args(false)
      ->delimiter(',')
      ->group("Selectors");
}

void AddSelectors(CLI::App& app, Selectors& selectors) {
  app.add_flag("--all", selectors.all, "Every printer")->group("Selectors");
  AddList(app, "--printer", selectors.printers, "Printer id or name; may be repeated, also a,b");
  AddList(app, "--model", selectors.models, "K2Pro, K2Plus, K2Max");
  AddList(app, "--group", selectors.groups, "A group the printer is in");
  AddList(app, "--state", selectors.states, "idle, printing, paused, …");
  AddList(app, "--bed", selectors.beds, "clear, occupied, unknown");
  AddList(app, "--enrolment", selectors.enrolments, "pending, enrolled, rejected, retired");
  AddList(app, "--label", selectors.labels, "k=v");
  AddList(app, "--exclude", selectors.exclude, "Printer id or name to leave out");
  app.add_option("--firmware", selectors.firmware, "'<3.1.2', '>=3.0.9', '3.1.0'")
      ->option_text("WHICH")
      ->group("Selectors");
  app.add_option("--limit", selectors.limit, "At most so many printers")
      ->option_text("N")
      ->check(CLI::PositiveNumber)
      ->group("Selectors");
  app.add_option("--percent", selectors.percent, "At most this share of the matched, 0 to 100")
      ->option_text("SHARE")
      ->check(CLI::Range(0.0, 100.0))
      ->group("Selectors");
}

void AddServer(CLI::App& app, Everything& all) {
  const std::pair<const char*, std::pair<ServerAction, const char*>> kActions[] = {
      {"serve", {ServerAction::kServe, "Run the daemon"}},
      {"broker", {ServerAction::kBroker, "Run just the managed Mosquitto, in the foreground"}},
      {"database", {ServerAction::kDatabase, "Run just the managed PostgreSQL, in the foreground"}},
      {"check", {ServerAction::kCheck, "Name everything that is wrong in a configuration"}},
      {"migrate", {ServerAction::kMigrate, "Bring the database's schema up to date"}},
      {"retain", {ServerAction::kRetain, "Delete what is old, as the owner of the tables, now"}},
  };
  for (const auto& [name, what] : kActions) {
    CLI::App* sub = app.add_subcommand(name, what.second);
    AddConfig(*sub, all.server.config);
    sub->callback([&all, action = what.first] {
      all.server.action = action;
      all.chosen = [&all] { return Parsed(all.server); };
    });
  }
}

void AddBackup(CLI::App& app, Everything& all) {
  CLI::App* backup = app.add_subcommand("backup", "Write the managed database into one file");
  backup
      ->add_option("--to", all.server.target, "The file; without it one named after the time, here")
      ->option_text("FILE");
  CLI::App* restore = app.add_subcommand("restore", "Make the managed database of such a file");
  restore->add_option("file", all.server.target, "What `printfleet backup` has written")
      ->option_text("FILE")
      ->required();
  restore->add_flag("--replace", all.server.replace,
                    "Also where there is a database: it is set aside, not deleted");
  for (const auto& [sub, action] :
       {std::pair(backup, ServerAction::kBackup), std::pair(restore, ServerAction::kRestore)}) {
    AddConfig(*sub, all.server.config);
    sub->callback([&all, action = action] {
      all.server.action = action;
      all.chosen = [&all] { return Parsed(all.server); };
    });
  }
}

void AddNotify(CLI::App& app, Everything& all) {
  CLI::App* notify = app.add_subcommand("notify", "What `notify` of the configuration tells");
  notify->require_subcommand(1);
  CLI::App* test = notify->add_subcommand("test", "Send a test message to one target, now");
  test->add_option("target", all.server.target, "Its name in notify.targets")
      ->option_text("TARGET")
      ->required();
  AddConfig(*test, all.server.config);
  test->callback([&all] {
    all.server.action = ServerAction::kTestNotify;
    all.chosen = [&all] { return Parsed(all.server); };
  });
}

constexpr const char* kSendExamples =
    "Examples:\n"
    "  printfleet send print.pause --group rack-a                   pause one rack\n"
    "  printfleet send print.update bed_target_c=65 --model K2Plus --state printing\n"
    "                                                               a warmer bed on one model\n"
    "  printfleet send print.stop --all --dry-run                   who would be sent what\n"
    "  printfleet commands --command print.stop --since 48h         how yesterday's stop ended\n"
    "\n"
    "It shows which printers are meant and asks before it acts on more than one. On a terminal a\n"
    "table shows what failed and what is still open. Ctrl-C leaves the command running: --attach\n"
    "follows it again. Exit codes: 0 done, 1 some printers failed, 2 usage or refused, 3 not\n"
    "reachable, 4 timed out, 130 interrupted.\n\n";

constexpr const char* kCommandsExamples =
    "Yesterday's bulk stop:\n"
    "  printfleet commands --command print.stop --since 48h\n"
    "  printfleet commands 1234        the ID that the first one shows: what went wrong is on "
    "top\n\n";

// Examples before the usage: what most people look for.
class ExamplesFirst : public CLI::Formatter {
 public:
  explicit ExamplesFirst(std::string examples) : examples_(std::move(examples)) {
    column_width(kHelpColumn);
  }

  std::string make_usage(const CLI::App* app, std::string name) const override {
    return examples_ + CLI::Formatter::make_usage(app, std::move(name));
  }

 private:
  std::string examples_;
};

void AddPace(CLI::App& app, SendArguments& send) {
  const std::map<std::string, int64_t> kSeconds = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
  const std::map<std::string, int64_t> kMilliseconds = {{"ms", 1}, {"s", 1000}, {"m", 60'000}};
  const char* const kGroup = "When and how fast";
  app.add_option("--timeout", send.timeout_s,
                 "How long the printers have, 90 (seconds), 15m, 2h; instead of the default")
      ->option_text("TIME")
      ->transform(CLI::AsNumberWithUnit(kSeconds))
      ->check(CLI::Range(int64_t{1}, kTimeoutMaxS))
      ->group(kGroup);
  app.add_option("--on-offline", send.on_offline,
                 "skip or wait: what becomes of a printer that is offline (default skip)")
      ->option_text("WORD")
      ->check(CLI::IsMember({"skip", "wait"}))
      ->group(kGroup);
  app.add_option("--expires-at", send.expires_at,
                 "What is not sent by then is not sent: 15m, \"in 2h\", 2026-01-01T08:00:00Z")
      ->option_text("TIME")
      ->group(kGroup);
  app.add_option("--max-in-flight", send.max_in_flight,
                 "Printers that may be at it at the same time, 1 to 10000 (default 100)")
      ->option_text("N")
      ->check(CLI::Range(int64_t{1}, kPrintersMax))
      ->group(kGroup);
  app.add_option("--interval", send.interval_ms,
                 "Pause between one printer and the next: 500ms, 2s (at most 60m)")
      ->option_text("TIME")
      ->transform(CLI::AsNumberWithUnit(kMilliseconds))
      ->check(CLI::Range(int64_t{0}, kIntervalMaxMs))
      ->group(kGroup);
  app.add_option("--heating-limit", send.heating_limit,
                 "Printers that may heat at the same time, so that breakers hold; 1 to 10000")
      ->option_text("N")
      ->check(CLI::Range(int64_t{1}, kPrintersMax))
      ->group(kGroup);
}

void AddSendOptions(CLI::App& app, SendArguments& send) {
  app.add_flag("-n,--dry-run", send.dry_run,
               "Only say who would be sent what, and who not and why");
  app.add_flag("-y,--yes", send.yes, "Do not preview, do not ask");
  app.add_flag("--json", send.json, "Responses as they come, one JSON object a line");
  app.add_flag("--no-wait", send.no_wait, "Do not wait for results");
  app.add_option("--id", send.id, "The request's UUID: the same again does nothing twice")
      ->option_text("UUID");
  app.add_option("--first", send.first,
                 "Only so many of the printers that nothing holds back, by name")
      ->check(CLI::Range(int64_t{1}, int64_t{10000}))
      ->option_text("N");
  app.add_option("--if-matched", send.if_matched,
                 "Only if the selectors match what a dry run matched: its hash")
      ->option_text("HASH");
  app.add_option(
         "--attach", send.attach,
         "Follow a command that was sent before, by its request's UUID; or see how it ended")
      ->option_text("UUID");
  AddPace(app, send);
}

// An option that makes no sense with --attach; empty: none was given.
std::string OtherThanAttach(const CLI::App& app) {
  const std::array<std::string_view, 8> kGoWithIt = {"--help",    "--attach",    "--json",
                                                     "--config",  "--user",      "--password-file",
                                                     "--ca-file", "--topic-root"};
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_name();
    if (option->count() > 0 && name != "--broker" && name != "-h,--help" &&
        std::find(kGoWithIt.begin(), kGoWithIt.end(), name) == kGoWithIt.end()) {
      return name;
    }
  }
  return "";
}

void AddSend(CLI::App& app, Everything& all, const std::vector<CommandHelp>& commands) {
  SendArguments& send = all.send;
  CLI::App* sub = app.add_subcommand("send", "Send a command to printers or to the fleet");
  sub->add_option("COMMAND", send.command, "See below");
  sub->add_option("key=value", send.values,
                  "Arguments of the command: bed_target_c=60, file.storage=local, key=@FILE");
  AddSelectors(*sub, send.selectors);
  AddConnection(*sub, send.connection);
  AddSendOptions(*sub, send);
  sub->formatter(std::make_shared<ExamplesFirst>(kSendExamples));
  sub->footer(HelpText(commands));
  sub->callback([&all, sub] {
    const bool attaches = !all.send.attach.empty();
    if (attaches && !all.send.command.empty()) {
      throw CLI::ExcludesError("--attach", "COMMAND");
    }
    if (!attaches && all.send.command.empty()) {
      throw CLI::RequiredError("COMMAND");
    }
    if (const auto other = OtherThanAttach(*sub); attaches && !other.empty()) {
      throw CLI::ExcludesError("--attach", other);
    }
    all.chosen = [&all] { return Parsed(all.send); };
  });
}

void AddEnroll(CLI::App& app, Everything& all) {
  EnrollArguments& enroll = all.enroll;
  CLI::App* sub = app.add_subcommand("enroll", "Let printers take commands");
  CLI::Option_group* which = sub->add_option_group("Which");
  which->add_option("PRINTER", enroll.printers, "Printer id or name");
  which->add_flag("--pending", enroll.pending, "Every printer that waits for it");
  CLI::Option* file = which->add_option(
      "--connect-info", enroll.connect_info,
      "A copy of the printer's /user/ac_mqtt_connect_info: the printer whose id is "
      "in it, also before it has connected");
  which->require_option(1);
  sub->add_option("--name", enroll.name, "Its name in the fleet; one printer at a time");
  sub->add_option("--model", enroll.model,
                  "K2Pro, K2Plus, K2Max: needed for one that has never connected")
      ->needs(file);
  auto* show =
      sub->add_flag("--show", enroll.show,
                    "List them first; once enrolled each that is idle runs its fan for 5 s, "
                    "one after the other, so that you see which is which");
  AddConnection(*sub, enroll.connection);
  sub->add_flag("-n,--dry-run", enroll.dry_run, "Only say what would be done");
  sub->add_flag("-y,--yes", enroll.yes, "Do not preview, do not ask");
  sub->add_flag("--json", enroll.json, "Responses as they come, one JSON object a line");
  show->excludes(file)->excludes("--dry-run")->excludes("--json");
  sub->callback([&all] { all.chosen = [&all] { return Parsed(all.enroll); }; });
}

void AddPrintersFile(CLI::App& printers, Everything& all) {
  PrintersFileArguments& file = all.printers_file;
  const auto choose = [&all](PrintersFileAction action) {
    return [&all, action] {
      all.printers_file.action = action;
      all.chosen = [&all] { return Parsed(all.printers_file); };
    };
  };
  CLI::App* out = printers.add_subcommand(
      "export", "Write names, groups, labels, maintenance and notes as a file (printers.yaml)");
  out->add_option("--out", file.file, "File to write; default: standard output");
  AddSelectors(*out, file.selectors);
  AddConnection(*out, file.connection);
  out->callback(choose(PrintersFileAction::kExport));

  CLI::App* in = printers.add_subcommand(
      "import", "Make the printers what a file says; shows what changes, and asks");
  in->add_option("FILE", file.file, "As export writes it; what it does not say is left alone")
      ->required();
  in->add_flag("-n,--dry-run", file.dry_run, "Only show what would change");
  in->add_flag("-y,--yes", file.yes, "Do not ask");
  AddConnection(*in, file.connection);
  in->callback(choose(PrintersFileAction::kImport));
}

void AddQuestions(CLI::App& app, Everything& all) {
  CLI::App* printers = app.add_subcommand("printers", "List the printers");
  AddSelectors(*printers, all.printers.selectors);
  AddConnection(*printers, all.printers.connection);
  printers->add_flag("--json", all.printers.json, "State documents, one a line");
  AddPrintersFile(*printers, all);
  printers->callback([&all, printers] {
    if (printers->get_subcommands().empty()) {
      all.chosen = [&all] { return Parsed(all.printers); };
    }
  });

  CLI::App* watch = app.add_subcommand("watch", "Show the printers and what happens, live");
  AddConnection(*watch, all.watch.connection);
  watch->add_flag("--json", all.watch.json, "Documents as they come, one a line");
  watch->callback([&all] { all.chosen = [&all] { return Parsed(all.watch); }; });

  CLI::App* jobs = app.add_subcommand("jobs", "List print jobs, newest first");
  AddConnection(*jobs, all.jobs.connection);
  AddList(*jobs, "--printer", all.jobs.printers, "Printer id or name");
  jobs->add_option("--state,--outcome", all.jobs.state,
                   "open, or a job's state, or how it ended: finished, failed, stopped, "
                   "interrupted, ended_unknown")
      ->group("Selectors");
  jobs->add_option("--limit", all.jobs.limit, "At most so many (default 50)")
      ->check(CLI::PositiveNumber)
      ->group("Selectors");
  jobs->add_flag("--json", all.jobs.json, "One JSON object a line");
  jobs->callback([&all] { all.chosen = [&all] { return Parsed(all.jobs); }; });
}

void AddCommands(CLI::App& app, Everything& all) {
  CommandsArguments& commands = all.commands;
  CLI::App* sub = app.add_subcommand("commands", "What was sent, newest first, and how it ended");
  CLI::Option* id =
      sub->add_option("ID", commands.id,
                      "One command, by its number or its request's UUID: each printer's outcome");
  id->option_text(" ");
  sub->add_option("--author", commands.author, "Who sent it; with a UUID the default is you");
  const auto of_list = [&](const char* name, std::string& value, const char* help) {
    sub->add_option(name, value, help)->option_text("TEXT")->group("Selectors")->excludes(id);
  };
  of_list("--command", commands.command, "Only this command, like print.stop");
  of_list("--since", commands.since, "Only those since 24h, 7d, 2026-01-01, 2026-01-01T08:00:00Z");
  of_list("--printer", commands.printer, "Only those that meant this printer, an id or a name");
  sub->add_flag("--open", commands.open, "Only those that have not ended")
      ->option_text(" ")
      ->group("Selectors")
      ->excludes(id);
  sub->add_option("--limit", commands.limit, "At most so many (default 50)")
      ->option_text("N")
      ->check(CLI::PositiveNumber)
      ->group("Selectors")
      ->excludes(id);
  sub->add_flag("--json", commands.json,
                "One JSON object a line; of one command its executions, too");
  AddConnection(*sub, commands.connection);
  sub->formatter(std::make_shared<ExamplesFirst>(kCommandsExamples));
  sub->callback([&all] { all.chosen = [&all] { return Parsed(all.commands); }; });
}

std::string CaptureNotes() {
  std::string text = "Taken out unless --keep-secrets is given:\n";
  for (const auto& what : capture::kRedactedByDefault) {
    text.append("  ").append(what).append("\n");
  }
  text += "Types, words, numbers, times and the names of files stay.";
  return text;
}

void AddCapture(CLI::App& app, Everything& all) {
  const std::map<std::string, int64_t> kUnits = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
  CaptureArguments& capture = all.capture;
  CLI::App* sub = app.add_subcommand(
      "capture", "Record what printers say and are told, as lines of JSON; works on this machine");
  auto* every = sub->add_flag("--all", capture.all, "Every printer");
  AddList(*sub, "--printer", capture.printers, "Printer id or name; may be repeated, also a,b");
  every->excludes("--printer");
  sub->add_option("--out", capture.file, "File to write, readable by you alone")->required();
  sub->add_option("--for", capture.time_s, "End after 90s, 15m, 1h, 1d; default: at Ctrl-C")
      ->transform(CLI::AsNumberWithUnit(kUnits))
      ->check(CLI::Range(int64_t{1}, kCaptureTimeMaxS));
  sub->add_option("--max-bytes", capture.bytes_max, "End before the file is larger (default 1GiB)")
      ->transform(CLI::AsSizeValue(false));
  sub->add_flag("--force", capture.overwrite, "Overwrite the file if it is there");
  sub->add_flag("--keep-secrets", capture.keep_secrets, "Take nothing out: for your eyes only");
  sub->add_flag("--redact-filenames", capture.redact_filenames, "Names of files go, too")
      ->excludes("--keep-secrets");
  AddConnection(*sub, capture.connection);
  sub->footer(CaptureNotes());
  sub->callback([&all, every] {
    if (every->count() == 0 && all.capture.printers.empty()) {
      throw CLI::RequiredError("--printer or --all");
    }
    all.chosen = [&all] { return Parsed(all.capture); };
  });
}

void AddExplain(CLI::App& app, Everything& all) {
  CLI::App* sub = app.add_subcommand(
      "explain", "Say of each message of a recording what printfleet makes of it");
  sub->add_option("FILE", all.explain.file,
                  "A capture, or lines of mosquitto_sub -v or -F %j; -: standard input")
      ->required();
  sub->add_flag("--json", all.explain.json, "One JSON object a message, then the summary's");
  sub->footer(
      "Of each message: what it says, in our units; => what becomes of the printer; ! what the\n"
      "printers' protocol as it is known does not have, or has otherwise; members nobody reads.");
  sub->callback([&all] { all.chosen = [&all] { return Parsed(all.explain); }; });
}

}  // namespace

void AddConfig(CLI::App& app, std::string& config) {
  app.add_option("--config", config,
                 "Configuration; default: $PRINTFLEET_CONFIG, ./printfleet.yaml, "
                 "/etc/printfleet/printfleet.yaml");
}

void AddConnection(CLI::App& app, ConnectionArguments& connection) {
  AddConfig(app, connection.config);
  app.add_option("--broker", connection.broker,
                 "mqtt://host[:port] or mqtts://…, instead of a configuration");
  app.add_option("--user", connection.user, "Your name at the broker");
  app.add_option("--password-file", connection.password_file, "File with your password");
  app.add_option("--ca-file", connection.ca_file, "Authority of the broker's certificate");
  app.add_option("--topic-root", connection.topic_root,
                 "With --broker: the fleet's topics (default fleet/v1)");
}

Parsed ParseArguments(int argc, const char* const* argv, const std::vector<CommandHelp>& commands) {
  Everything all;
  CLI::App app("printfleet: a farm of Kobra 2 printers over MQTT and PostgreSQL", "printfleet");
  try {
    app.set_version_flag("--version", "printfleet " PRINTFLEET_VERSION);
    app.require_subcommand(1);
    app.footer(
        "Exit codes: 0 done, 1 some printers failed, 2 usage or configuration, "
        "3 not reachable, 4 timed out.");
    AddServer(app, all);
    AddBackup(app, all);
    AddNotify(app, all);
    AddSend(app, all, commands);
    AddEnroll(app, all);
    AddQuestions(app, all);
    AddCommands(app, all);
    AddFiles(app, all.files, [&all] { all.chosen = [&all] { return Parsed(all.files); }; });
    AddUser(app, all.user, [&all] { all.chosen = [&all] { return Parsed(all.user); }; });
    AddInit(app, all.init, [&all] { all.chosen = [&all] { return Parsed(all.init); }; });
    AddCa(app, all.ca, [&all] { all.chosen = [&all] { return Parsed(all.ca); }; });
    AddCapture(app, all);
    AddExplain(app, all);
    app.parse(argc, argv);
    return all.chosen();
  } catch (const CLI::ParseError& error) {
    std::ostringstream text;
    const int code = app.exit(error, text, text);
    const CommandHelp* asked_about = FindHelp(commands, all.send.command);
    if (code == 0 && asked_about != nullptr) {  // send COMMAND --help
      return Finished{kDone, HelpText(*asked_about)};
    }
    return Finished{code == 0 ? kDone : kUsage, text.str()};
  } catch (const std::exception& error) {
    return Finished{kUsage, std::string(error.what()) + "\n"};
  }
}

}  // namespace printfleet::cli
