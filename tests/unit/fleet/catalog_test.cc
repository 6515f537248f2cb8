#include "fleet/catalog.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

namespace printfleet::fleet {
namespace {

struct Row {
  const char* name;
  int deadline_s;
  int total_s;
  const char* arguments;
};

// interface.md's table of commands to printers.
constexpr Row kPrinterCommands[] = {
    {"file.list_local", 15, 15, "path"},
    {"file.list_usb", 15, 15, "path"},
    {"file.delete_local", 15, 15, "path filename filename_b64"},
    {"file.delete_usb", 15, 15, "path filename filename_b64"},
    {"cloud.recommend_list", 15, 15, "records"},
    {"status.query", 10, 10, ""},
    {"video.start_capture", 15, 15, "region tmp_secret_key tmp_secret_id session_token"},
    {"print.slice_params", 15, 15, ""},
    {"print.query", 10, 10, "task_id"},
    {"print.map_local_task", 15, 15, "task_id local_task"},
    {"print.start", 120, 1800, "artifact url md5 size_bytes filename file project_type"},
    {"print.pause", 60, 60, "task_id if_job"},
    {"print.resume", 60, 60, "task_id if_job"},
    {"print.stop", 60, 60, "task_id if_job"},
    {"print.cancel", 60, 60, "task_id if_job"},
    {"print.update", 15, 15,
     "nozzle_target_c bed_target_c fan_ratio print_speed_mode z_offset_mm confirm unattended_ok"},
    {"fan.set", 15, 15, "fan_ratio"},
    {"ota.report_version", 15, 15, "artifact url md5 size_bytes version name force_update confirm"},
    {"ota.update", 900, 3600, "artifact url md5 size_bytes version name force_update confirm"},
    {"printer.raw", 15, 15, "type action data"},
};

TEST(Catalog, HasEveryPrinterCommandWithItsDeadlinesAndArguments) {
  for (const Row& row : kPrinterCommands) {
    const CommandSpec* spec = FindCommand(row.name);
    ASSERT_NE(spec, nullptr) << row.name;
    EXPECT_EQ(spec->kind, CommandKind::kPrinter) << row.name;
    EXPECT_EQ(spec->deadline.count(), row.deadline_s) << row.name;
    EXPECT_EQ(spec->total.count(), row.total_s) << row.name;
    std::string wanted(row.arguments);
    for (size_t at = 0; at < wanted.size();) {
      const size_t blank = std::min(wanted.find(' ', at), wanted.size());
      const std::string name = wanted.substr(at, blank - at);
      bool found = false;
      for (const ArgumentSpec& argument : spec->arguments) {
        found |= argument.name == name;
      }
      EXPECT_TRUE(found) << row.name << " " << name;
      at = blank + 1;
    }
  }
}

TEST(Catalog, HasEveryFleetCommand) {
  for (const char* name :
       {"printer.list",    "printer.get",     "printer.set",       "printer.enroll",
        "printer.reject",  "printer.retire",  "printer.replace",   "printer.diagnose",
        "fleet.hold",      "fleet.release",   "job.list",          "job.get",
        "job.set",         "job.reprint",     "command.list",      "command.get",
        "command.cancel",  "event.list",      "file.library.list", "file.library.remove",
        "rollout.create",  "rollout.dry_run", "rollout.start",     "rollout.pause",
        "rollout.resume",  "rollout.cancel",  "rollout.get",       "rollout.list",
        "rollout.rollback"}) {
    EXPECT_NE(FindCommand(name), nullptr) << name;
  }
  EXPECT_EQ(FindCommand("print.Pause"), nullptr);
}

TEST(Catalog, EveryRowIsDocumentedAndUnique) {
  std::set<std::string_view> names;
  for (const CommandSpec& spec : Catalog()) {
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    EXPECT_FALSE(spec.help.empty()) << spec.name;
    EXPECT_FALSE(spec.succeeded.empty()) << spec.name;
    for (const ArgumentSpec& argument : spec.arguments) {
      EXPECT_FALSE(argument.help.empty()) << spec.name << " " << argument.name;
    }
  }
}

// What people read is what the daemon goes by: all commands, in the catalog's order.
TEST(Catalog, RolesAreThoseOfTheTable) {
  std::ifstream file(PRINTFLEET_SOURCE_DIR "/schema/roles.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::string table = "| command | role |\n|---|---|\n";
  for (const CommandSpec& spec : Catalog()) {
    table +=
        "| `" + std::string(spec.name) + "` | " + std::string(settings::Name(spec.role)) + " |\n";
  }
  EXPECT_TRUE(text.ends_with("\n" + table)) << "schema/roles.md must end with:\n" << table;
}

TEST(Catalog, WhatCannotBeTakenBackIsForAdmins) {
  for (const char* name :
       {"file.delete_local", "file.delete_usb", "file.library.remove", "ota.update", "printer.raw",
        "printer.replace", "printer.retire", "rollout.create", "rollout.start", "rollout.resume",
        "rollout.rollback"}) {
    EXPECT_EQ(FindCommand(name)->role, settings::Role::kAdmin) << name;
  }
  // Whoever may print may stop.
  for (const char* name : {"print.stop", "print.pause", "print.update", "fleet.hold",
                           "command.cancel", "rollout.pause", "rollout.cancel"}) {
    EXPECT_EQ(FindCommand(name)->role, settings::Role::kOperator) << name;
  }
}

TEST(Catalog, SecretsAreTheFourOfTheCamera) {
  int secrets = 0;
  for (const CommandSpec& spec : Catalog()) {
    for (const ArgumentSpec& argument : spec.arguments) {
      secrets += argument.secret ? 1 : 0;
      EXPECT_TRUE(!argument.secret || spec.name == "video.start_capture");
    }
  }
  EXPECT_EQ(secrets, 4);
}

TEST(Catalog, SecretsAreFoundOnTheWire) {
  EXPECT_EQ(SecretWirePaths("video", "startCapture"),
            (std::vector<std::string_view>{"data.region", "data.tmpSecretKey", "data.tmpSecretId",
                                           "data.sessionToken"}));
  EXPECT_TRUE(SecretWirePaths("print", "pause").empty());
}

TEST(Catalog, RangesAreSaidInWords) {
  ArgumentSpec argument;
  EXPECT_EQ(RangeText(argument), "");
  argument.min = 1;
  EXPECT_EQ(RangeText(argument), "") << "a text's characters are not said";
  argument.type = ArgumentType::kNumber;
  EXPECT_EQ(RangeText(argument), "1 or more");
  argument.max = 2.5;
  EXPECT_EQ(RangeText(argument), "1 to 2.5");
  argument.range = "the model's limit";
  EXPECT_EQ(RangeText(argument), "the model's limit");
  constexpr std::string_view kWords[] = {"a", "b"};
  ArgumentSpec text;
  text.values = kWords;
  EXPECT_EQ(RangeText(text), "a, b");
}

TEST(Catalog, StartsAndUpdatesOfFirmwareAreNeverRepeated) {
  for (const char* name : {"print.start", "ota.update"}) {
    EXPECT_FALSE(FindCommand(name)->repeatable) << name;
    EXPECT_TRUE(FindCommand(name)->needs_fresh) << name;
  }
  EXPECT_TRUE(FindCommand("print.stop")->repeatable);
  EXPECT_TRUE(FindCommand("print.pause")->repeatable);
}

}  // namespace
}  // namespace printfleet::fleet
