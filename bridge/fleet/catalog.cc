// The table of commands. Times, argument names and meanings are interface.md's.
#include "fleet/catalog.h"

#include <algorithm>
#include <array>

namespace printfleet::fleet {
namespace {

using enum ArgumentType;
using settings::Role;

constexpr ArgumentSpec Needs(std::string_view name, ArgumentType type, std::string_view help) {
  return {.name = name, .type = type, .required = true, .help = help};
}

constexpr ArgumentSpec May(std::string_view name, ArgumentType type, std::string_view help) {
  return {.name = name, .type = type, .help = help};
}

constexpr ArgumentSpec Secret(std::string_view name, std::string_view help) {
  return {.name = name, .secret = true, .help = help};
}

constexpr ArgumentSpec Clearable(std::string_view name, ArgumentType type, std::string_view help) {
  return {.name = name, .type = type, .help = help, .nullable = true};
}

constexpr ArgumentSpec kLimit = May("limit", kInteger, "how many at most on this page");

constexpr std::array kListFiles = {May("path", kText, "folder on the printer, default /")};
constexpr std::array kDeleteFile = {
    May("path", kText, "folder on the printer, default /"),
    May("filename", kText, "the file's name"),
    May("filename_b64", kText, "the name's bytes in base64, for names that are not UTF-8"),
};
constexpr std::array kRecommend = {
    Needs("records", kArray, "objects {md5, url, size_bytes, image_url, estimated_s}"),
};
constexpr std::array kCapture = {
    Secret("region", "region of the temporary storage"),
    Secret("tmp_secret_key", "temporary key"),
    Secret("tmp_secret_id", "temporary id"),
    Secret("session_token", "token of the session"),
};
constexpr std::array kQueryPrint = {May("task_id", kText, "default: the current job's")};
constexpr std::array kMapTask = {
    Needs("task_id", kText, "the task to map to"),
    Needs("local_task", kText, "the printer's own name of the job"),
};
constexpr std::array kStart = {
    May("artifact", kText, "name or sha256 of a file in the library"),
    May("url", kText, "http or https address the printer fetches the file from"),
    May("md5", kText, "of the file at url, 32 hex digits"),
    May("size_bytes", kInteger, "of the file at url, 1 or more"),
    May("filename", kText, "name to store it under"),
    May("file", kObject, "{storage: local|usb, path, filename}: a file the printer has"),
    May("project_type", kInteger, "the vendor's project type, 0 to 1000"),
    May("bed_unknown_ok", kBool, "start although nobody said whether the bed is clear"),
};
constexpr std::array kControl = {
    May("task_id", kText, "default: the current job's"),
    May("if_job", kInteger, "job id: do nothing unless this is still the printer's job"),
};
constexpr std::array kUpdate = {
    May("nozzle_target_c", kNumber, "degrees Celsius, 0 (off) to the model's limit"),
    May("bed_target_c", kNumber, "degrees Celsius, 0 (off) to the model's limit"),
    May("fan_ratio", kNumber, "0 to 1"),
    May("print_speed_mode", kText, "silent, standard or sport"),
    May("z_offset_mm", kNumber, "millimetres, within the model's limits"),
    May("if_job", kInteger, "job id: do nothing unless this is still the printer's job"),
    May("confirm", kBool, "change the z offset of more than one printer"),
    May("unattended_ok", kBool, "heat a printer that has no job"),
};
constexpr std::array kFan = {Needs("fan_ratio", kNumber, "0 to 1")};
constexpr std::array kReportVersion = {
    May("artifact", kText, "firmware of the library to offer; without: a question"),
};
constexpr std::array kOta = {
    May("artifact", kText, "name or sha256 of a firmware in the library"),
    May("url", kText, "http or https address of the image"),
    May("md5", kText, "of the image, 32 hex digits"),
    May("size_bytes", kInteger, "of the image, 1 or more"),
    May("version", kText, "the firmware's version, like 3.1.2"),
    May("name", kText, "the image's name, like update.bin"),
    May("force_update", kBool, "the vendor's flag, default false"),
    May("confirm", kBool, "required: a failed update can cost the printer"),
};
constexpr std::array kRaw = {
    Needs("type", kText, "message type, like print"),
    Needs("action", kText, "like query"),
    May("data", kObject, "any JSON"),
};
constexpr std::array kPrinterList = {
    kLimit,
    May("after", kText, "the `after` of the page before"),
};
constexpr std::array kPrinterSet = {
    May("name", kText, "unique in the fleet; one printer at a time"),
    May("groups", kArray, "all its groups"),
    May("labels", kObject, "added to its labels; null removes one"),
    Clearable("maintenance", kText, "the reason; null or false ends it"),
    May("bed", kText, "unknown, clear or occupied"),
    Clearable("firmware", kText, "what it runs, when it does not say"),
    Clearable("topic_form", kText, "short or long; null: by its firmware"),
    Clearable("note", kText, "free text"),
};
constexpr std::array kEnroll = {May("name", kText, "unique in the fleet; one printer at a time")};
constexpr std::array kHold = {May("reason", kText, "shown to everybody")};
constexpr std::array kJobList = {
    kLimit,
    May("after", kInteger, "the `after` of the page before"),
    May("state", kText, "a job's state, an outcome, or open"),
    May("outcome", kText, "finished, failed, stopped, interrupted or ended_unknown"),
};
constexpr std::array kJobGet = {Needs("job_id", kInteger, "as job.list shows it")};
constexpr std::array kJobSet = {
    Needs("job_id", kInteger, "as job.list shows it"),
    Clearable("verdict", kText, "good or scrap; null: none"),
    Clearable("note", kText, "free text"),
};
constexpr std::array kCommandList = {
    kLimit,
    May("after", kInteger, "the `after` of the page before"),
    May("state", kText, "accepted, done or rejected"),
};
constexpr std::array kCommandOne = {
    May("request_id", kText, "the id its sender gave it"),
    May("author", kText, "whose request_id; default: yours"),
    May("command_id", kInteger, "ours"),
};
constexpr std::array kEventList = {
    kLimit,
    May("since", kInteger, "event id: only later ones"),
    May("after", kInteger, "the same as since"),
    May("kind", kText, "like job_ended"),
};

constexpr CommandSpec Question(std::string_view name, std::string_view help,
                               std::span<const ArgumentSpec> arguments) {
  return {.name = name,
          .kind = CommandKind::kQuestion,
          .role = Role::kViewer,
          .help = help,
          .succeeded = "the answer",
          .arguments = arguments};
}

constexpr CommandSpec Ours(std::string_view name, CommandKind kind, std::string_view help,
                           std::span<const ArgumentSpec> arguments) {
  return {.name = name,
          .kind = kind,
          .help = help,
          .succeeded = "it is stored",
          .arguments = arguments};
}

constexpr CommandSpec Later(std::string_view name, std::string_view help) {
  return {.name = name,
          .kind = CommandKind::kFleet,
          .help = help,
          .succeeded = "with a later version",
          .later = true};
}

// A message to printers that may be repeated.
constexpr CommandSpec Message(std::string_view name, seconds deadline, std::string_view help,
                              std::string_view succeeded, std::span<const ArgumentSpec> arguments) {
  return {.name = name,
          .help = help,
          .succeeded = succeeded,
          .arguments = arguments,
          .deadline = deadline,
          .total = deadline};
}

constexpr CommandSpec Once(CommandSpec spec) {
  spec.repeatable = false;
  return spec;
}

constexpr CommandSpec ForAdmins(CommandSpec spec) {
  spec.role = Role::kAdmin;
  return spec;
}

constexpr CommandSpec Long(CommandSpec spec, seconds total) {
  spec.total = total;
  spec.needs_fresh = true;
  return Once(spec);
}

constexpr seconds kAnswer{15};
constexpr seconds kQuick{10};
constexpr seconds kMinute{60};
constexpr auto kRegistry = CommandKind::kRegistry;
constexpr auto kFleet = CommandKind::kFleet;

// clang-format off
constexpr std::array kCatalog = {
  Message("file.list_local", kAnswer, "list the files in the printer's memory", "it sent the list", kListFiles),
  Message("file.list_usb", kAnswer, "list the files on its USB stick", "it sent the list", kListFiles),
  Message("file.delete_local", kAnswer, "delete a file in the printer's memory", "it says success", kDeleteFile),
  Message("file.delete_usb", kAnswer, "delete a file on its USB stick", "it says success", kDeleteFile),
  Message("cloud.recommend_list", kAnswer, "send the cloud's list of recommended files; its effect is unknown", "it says done", kRecommend),
  Message("status.query", kQuick, "ask whether it is free or busy", "it said so (workReport)", {}),
  Message("video.start_capture", kAnswer, "start its camera; all four secrets or none", "initSuccess or joinSuccess", kCapture),
  Message("print.slice_params", kAnswer, "ask for the slice parameters of the job", "it sent them", {}),
  Message("print.query", kQuick, "ask for the job; an idle printer is silent", "the job block, or silence of an idle printer (no_job)", kQueryPrint),
  Message("print.map_local_task", kAnswer, "map a job started at the panel to a task id; its effect is unknown", "it says done", kMapTask),
  Long(Message("print.start", seconds{120}, "start a print", "preheating or printing with our task id", kStart), seconds{1800}),
  Message("print.pause", kMinute, "pause the job; always goes out", "it says paused", kControl),
  Once(Message("print.resume", kMinute, "resume the job", "it says resumed or printing", kControl)),
  Message("print.stop", kMinute, "stop the job; always goes out", "it says stoped", kControl),
  Once(Message("print.cancel", kMinute, "cancel the job; its effect is unknown, print.stop stops", "it says stoped or free", kControl)),
  Message("print.update", kAnswer, "set temperatures, fan, speed or z offset; heaters at 0 always go out", "it says updated", kUpdate),
  Message("fan.set", kAnswer, "set the fan", "it says updated, or its next report shows it", kFan),
  Message("ota.report_version", kAnswer, "ask for the firmware version", "it reported it", kReportVersion),
  Long(Message("ota.update", seconds{900}, "install a firmware on one idle printer", "it later reports the target version", kOta), seconds{3600}),
  ForAdmins(Once(Message("printer.raw", kAnswer, "send any message to one printer; never a start or an update of firmware", "any report of that type and action", kRaw))),

  Question("printer.list", "the printers' state documents", kPrinterList),
  Question("printer.get", "the state document of printers", {}),
  Ours("printer.set", kRegistry, "name, groups, labels, maintenance, bed … of printers", kPrinterSet),
  Ours("printer.enroll", kRegistry, "let pending printers take commands", kEnroll),
  Ours("printer.reject", kRegistry, "let printers take no commands but stops", {}),
  ForAdmins(Ours("printer.retire", kRegistry, "forget printers: muted, their state cleared, their history kept", {})),
  Ours("fleet.hold", kFleet, "refuse starts, heat and firmware updates in the whole fleet", kHold),
  Ours("fleet.release", kFleet, "end fleet.hold", {}),
  Question("job.list", "print jobs, newest first", kJobList),
  Question("job.get", "one print job", kJobGet),
  Ours("job.set", kFleet, "verdict and note of a job", kJobSet),
  Question("command.list", "commands, newest first", kCommandList),
  Question("command.get", "one command with its executions", kCommandOne),
  Ours("command.cancel", kFleet, "cancel what is still queued of a command; what was sent goes on", kCommandOne),
  Question("event.list", "events, oldest first", kEventList),

  Later("printer.replace", "move a printer's name and settings to another"),
  Later("printer.diagnose", "find out why a printer is not heard"),
  Later("job.reprint", "print a job again"),
  Later("file.library.list", "files and firmware in the library"),
  Later("file.library.remove", "remove a file from the library"),
  Later("rollout.create", "a firmware rollout"),
  Later("rollout.dry_run", "what a rollout would do"),
  Later("rollout.start", "start a rollout"),
  Later("rollout.pause", "pause a rollout"),
  Later("rollout.resume", "resume a rollout"),
  Later("rollout.cancel", "cancel a rollout"),
  Later("rollout.get", "one rollout"),
  Later("rollout.list", "rollouts"),
  Later("rollout.rollback", "roll back a rollout"),
};
// clang-format on

}  // namespace

std::span<const CommandSpec> Catalog() {
  return kCatalog;
}

const CommandSpec* FindCommand(std::string_view name) {
  const auto found = std::ranges::find(kCatalog, name, &CommandSpec::name);
  return found == kCatalog.end() ? nullptr : &*found;
}

}  // namespace printfleet::fleet
