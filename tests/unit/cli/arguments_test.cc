#include "cli/arguments.h"

#include <gtest/gtest.h>

namespace printfleet::cli {
namespace {

Parsed Parse(std::vector<const char*> words) {
  words.insert(words.begin(), "printfleet");
  CommandHelp pause;
  pause.name = "print.pause";
  pause.help = "Pauses the job";
  pause.succeeded = "it says paused";
  pause.role = "operator";
  pause.on_printers = true;
  pause.deadline_s = 60;
  pause.total_s = 120;
  pause.arguments = {
      {"if_job", ArgumentKind::kJson, false, false, "only while this is the job", "1 or more"}};
  return ParseArguments(static_cast<int>(words.size()), words.data(), {pause});
}

TEST(Arguments, SendTakesSelectorsBetweenItsWords) {
  const Parsed parsed =
      Parse({"send",        "--printer", "a-01", "print.pause",  "if_job=3", "--model",
             "K2Pro,K2Max", "--printer", "a-02", "--firmware",   "<3.1.2",   "--label",
             "row=3",       "--percent", "50",   "--limit",      "4",        "z=-1",
             "-y",          "--timeout", "30",   "--on-offline", "wait",     "--json"});
  const auto* send = std::get_if<SendArguments>(&parsed);
  ASSERT_NE(send, nullptr) << std::get<Finished>(parsed).text;
  EXPECT_EQ(send->command, "print.pause");
  EXPECT_EQ(send->values, (std::vector<std::string>{"if_job=3", "z=-1"}));
  Selectors selectors;
  selectors.printers = {"a-01", "a-02"};
  selectors.models = {"K2Pro", "K2Max"};
  selectors.firmware = "<3.1.2";
  selectors.labels = {"row=3"};
  selectors.percent = 50;
  selectors.limit = 4;
  EXPECT_EQ(send->selectors, selectors);
  EXPECT_TRUE(send->yes);
  EXPECT_TRUE(send->json);
  EXPECT_FALSE(send->dry_run);
  EXPECT_EQ(send->timeout_s, 30);
  EXPECT_EQ(send->on_offline, "wait");
}

TEST(Arguments, SendTakesItsPace) {
  const Parsed parsed =
      Parse({"send", "x", "--interval", "500ms", "--heating-limit", "4", "--expires-at", "in 10m",
             "--max-in-flight", "20", "--if-matched", "hash", "--timeout", "15m", "--all"});
  const auto* send = std::get_if<SendArguments>(&parsed);
  ASSERT_NE(send, nullptr) << std::get<Finished>(parsed).text;
  EXPECT_EQ(send->interval_ms, 500);
  EXPECT_EQ(send->heating_limit, 4);
  EXPECT_EQ(send->expires_at, "in 10m");
  EXPECT_EQ(send->max_in_flight, 20);
  EXPECT_EQ(send->if_matched, "hash");
  EXPECT_EQ(send->timeout_s, 900);
  EXPECT_EQ(std::get<SendArguments>(Parse({"send", "x", "--interval", "2s"})).interval_ms, 2000);
  EXPECT_EQ(std::get<SendArguments>(Parse({"send", "x", "--timeout", "90"})).timeout_s, 90);
}

TEST(Arguments, SendAttachesToOneThing) {
  const auto send = std::get<SendArguments>(
      Parse({"send", "--attach", "x", "--json", "--broker", "mqtt://h", "--config", "c"}));
  EXPECT_EQ(send.attach, "x");
  EXPECT_TRUE(send.json);
  for (const auto& words : std::vector<std::vector<const char*>>{{"print.pause"},
                                                                 {"--all"},
                                                                 {"--dry-run"},
                                                                 {"--id", "y"},
                                                                 {"--timeout", "5"},
                                                                 {"--interval", "5s"}}) {
    auto all = words;
    all.insert(all.begin(), {"send", "--attach", "x"});
    const auto finished = std::get<Finished>(Parse(all));
    EXPECT_EQ(finished.code, 2);
    EXPECT_NE(finished.text.find("attach"), std::string::npos) << finished.text;
  }
}

TEST(Arguments, CommandsAreAListOrOne) {
  const auto list = std::get<CommandsArguments>(
      Parse({"commands", "--command", "print.stop", "--author", "anna", "--since", "48h", "--open",
             "--limit", "5", "--printer", "a-03"}));
  EXPECT_EQ(list.command, "print.stop");
  EXPECT_EQ(list.author, "anna");
  EXPECT_EQ(list.since, "48h");
  EXPECT_EQ(list.printer, "a-03");
  EXPECT_TRUE(list.open);
  EXPECT_EQ(list.limit, 5);
  EXPECT_EQ(std::get<CommandsArguments>(Parse({"commands", "17", "--json"})).id, "17");
  EXPECT_EQ(std::get<Finished>(Parse({"commands", "17", "--since", "24h"})).code, 2);
  EXPECT_EQ(std::get<Finished>(Parse({"commands", "-h"})).code, 0);
}

TEST(Arguments, EachSubcommandIsRecognized) {
  EXPECT_EQ(std::get<ServerArguments>(Parse({"serve", "--config", "x"})).config, "x");
  EXPECT_EQ(std::get<ServerArguments>(Parse({"migrate"})).action, ServerAction::kMigrate);
  EXPECT_EQ(std::get<ServerArguments>(Parse({"retain"})).action, ServerAction::kRetain);
  EXPECT_EQ(std::get<ServerArguments>(Parse({"check"})).action, ServerAction::kCheck);
  EXPECT_TRUE(std::get<PrintersArguments>(Parse({"printers", "--all"})).selectors.all);
  EXPECT_TRUE(std::get<WatchArguments>(Parse({"watch", "--json"})).json);
  EXPECT_EQ(std::get<JobsArguments>(Parse({"jobs", "--outcome", "failed"})).state, "failed");
  const auto user = std::get<UserArguments>(Parse({"user", "add", "anna", "--role", "operator"}));
  EXPECT_EQ(user.action, UserAction::kAdd);
  EXPECT_EQ(user.name, "anna");
  EXPECT_EQ(user.role, settings::Role::kOperator);
  EXPECT_EQ(std::get<UserArguments>(Parse({"user", "remove", "anna"})).action, UserAction::kRemove);
  EXPECT_EQ(std::get<UserArguments>(Parse({"user", "list"})).action, UserAction::kList);
}

TEST(Arguments, PrintersAreListedOrAFile) {
  const auto out = std::get<PrintersFileArguments>(
      Parse({"printers", "export", "--out", "f", "--group", "rack-a", "--config", "c"}));
  EXPECT_EQ(out.action, PrintersFileAction::kExport);
  EXPECT_EQ(out.file, "f");
  EXPECT_EQ(out.selectors.groups, (std::vector<std::string>{"rack-a"}));
  EXPECT_EQ(out.connection.config, "c");
  const auto in = std::get<PrintersFileArguments>(Parse({"printers", "import", "f", "-n", "-y"}));
  EXPECT_EQ(in.action, PrintersFileAction::kImport);
  EXPECT_EQ(in.file, "f");
  EXPECT_TRUE(in.dry_run);
  EXPECT_TRUE(in.yes);
  EXPECT_EQ(std::get<Finished>(Parse({"printers", "import"})).code, 2);
  EXPECT_EQ(std::get<Finished>(Parse({"printers", "export", "-h"})).code, 0);
  EXPECT_TRUE(std::holds_alternative<PrintersArguments>(Parse({"printers", "--group", "x"})));
}

TEST(Arguments, CaptureReadsTimesAndSizes) {
  const Parsed parsed = Parse({"capture", "--printer", "a-01,a-02", "--out", "x.jsonl", "--for",
                               "90m", "--max-bytes", "2MiB", "--redact-filenames"});
  const auto* capture = std::get_if<CaptureArguments>(&parsed);
  ASSERT_NE(capture, nullptr) << std::get<Finished>(parsed).text;
  EXPECT_EQ(capture->printers, (std::vector<std::string>{"a-01", "a-02"}));
  EXPECT_EQ(capture->file, "x.jsonl");
  EXPECT_EQ(capture->time_s, 90 * 60);
  EXPECT_EQ(capture->bytes_max, uint64_t{2} << 20);
  EXPECT_TRUE(capture->redact_filenames);
  EXPECT_FALSE(capture->keep_secrets);
  for (const auto& words : std::vector<std::vector<const char*>>{
           {"capture", "--out", "x"},
           {"capture", "--all"},
           {"capture", "--all", "--printer", "a", "--out", "x"},
           {"capture", "--all", "--out", "x", "--for", "0"},
           {"capture", "--all", "--out", "x", "--for", "1y"},
           {"capture", "--all", "--out", "x", "--keep-secrets", "--redact-filenames"}}) {
    EXPECT_EQ(std::get<Finished>(Parse(words)).code, 2) << words.back();
  }
}

TEST(Arguments, EnrollTakesPrintersOrTheirFile) {
  const auto named = std::get<EnrollArguments>(Parse({"enroll", "a-01", "a-02", "-y"}));
  EXPECT_EQ(named.printers, (std::vector<std::string>{"a-01", "a-02"}));
  EXPECT_TRUE(named.yes);
  EXPECT_TRUE(std::get<EnrollArguments>(Parse({"enroll", "--pending"})).pending);
  const auto file = std::get<EnrollArguments>(
      Parse({"enroll", "--connect-info", "f", "--name", "a-03", "--model", "K2Pro"}));
  EXPECT_EQ(file.connect_info, "f");
  EXPECT_EQ(file.name, "a-03");
  EXPECT_EQ(file.model, "K2Pro");
  EXPECT_EQ(std::get<Finished>(Parse({"enroll", "-h"})).code, 0);
}

TEST(Arguments, HelpIsEverywhereAndExits0) {
  const std::vector<std::vector<const char*>> kCases = {
      {"--help"},           {"--version"},       {"serve", "--help"},   {"broker", "--help"},
      {"database", "-h"},   {"check", "--help"}, {"migrate", "--help"}, {"send", "--help"},
      {"printers", "-h"},   {"watch", "--help"}, {"jobs", "--help"},    {"user", "--help"},
      {"user", "add", "-h"}};
  for (const auto& words : kCases) {
    const auto finished = std::get<Finished>(Parse(words));
    EXPECT_EQ(finished.code, 0) << words[0];
    EXPECT_FALSE(finished.text.empty());
  }
  const auto help = std::get<Finished>(Parse({"send", "--help"})).text;
  EXPECT_NE(help.find("print.pause"), std::string::npos);
  EXPECT_NE(help.find("Pauses the job"), std::string::npos);
  EXPECT_NE(help.find("only while this is the job"), std::string::npos);
}

TEST(Arguments, HelpOfOneCommandIsAboutThatCommand) {
  const auto finished = std::get<Finished>(Parse({"send", "print.pause", "--help"}));
  EXPECT_EQ(finished.code, 0);
  for (const char* part : {"print.pause: Pauses the job", "Succeeded when: it says paused",
                           "60 s, renewed by progress, 120 s in all", "operator",
                           "only while this is the job [1 or more]", "send --help"}) {
    EXPECT_NE(finished.text.find(part), std::string::npos) << part << "\n" << finished.text;
  }
  const auto of_all = std::get<Finished>(Parse({"send", "print.puase", "--help"}));
  EXPECT_NE(of_all.text.find("--dry-run"), std::string::npos) << of_all.text;
}

TEST(Arguments, MistakesExit2) {
  const std::vector<std::vector<const char*>> kCases = {
      {},
      {"sned"},
      {"send"},
      {"send", "x", "--on-offline", "maybe"},
      {"send", "x", "--interval", "61m"},
      {"send", "x", "--interval", "5 parsec"},
      {"send", "x", "--heating-limit", "0"},
      {"send", "x", "--max-in-flight", "10001"},
      {"send", "x", "--timeout", "8d"},
      {"enroll"},
      {"enroll", "a-01", "--pending"},
      {"enroll", "a-01", "--connect-info", "f"},
      {"enroll", "--pending", "--model", "K2Pro"},
      {"send", "x", "--percent", "120"},
      {"send", "x", "--limit", "0"},
      {"send", "x", "--colour"},
      {"user"},
      {"user", "add", "anna"},
      {"user", "add", "anna", "--role", "boss"},
      {"user", "add", "anna", "--role", "admin", "--password", "x"}};
  for (const auto& words : kCases) {
    EXPECT_EQ(std::get<Finished>(Parse(words)).code, 2);
  }
}

}  // namespace
}  // namespace printfleet::cli
