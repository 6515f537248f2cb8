// The `args` of a request: what goes together, command by command, and the catalog's bounds, which
// hold for every model. A model's own limits come with the printers (gates.cc).
#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "fleet/parse.h"
#include "printer/job.h"
#include "protocol/topics.h"

namespace printfleet::fleet {
namespace {

using Rejected = std::optional<Rejection>;

Rejection Refused(std::string_view reason, const std::string& path, const std::string& what) {
  return {std::string(reason), path + ": " + what, path};
}

// The row's bounds and words.
Rejected CheckBounds(const ArgumentSpec& spec, const Arguments& args) {
  const std::string name(spec.name);
  const double* number = args.Get<double>(name);
  const int64_t* whole = args.Get<int64_t>(name);
  if (number != nullptr || whole != nullptr) {
    const double value = number != nullptr ? *number : static_cast<double>(*whole);
    if (value >= spec.min.value_or(-HUGE_VAL) && value <= spec.max.value_or(HUGE_VAL)) {
      return std::nullopt;
    }
    return Refused("out_of_range", "args." + name,
                   NumberText(value) + " is not within " + RangeText(spec));
  }
  const std::string* text = args.Get<std::string>(name);
  const bool cleared = text != nullptr && text->empty() && spec.nullable;
  if (text == nullptr || cleared || spec.values.empty() ||
      std::ranges::find(spec.values, *text) != spec.values.end()) {
    return std::nullopt;
  }
  return Refused("out_of_range", "args." + name,
                 "expected one of " + RangeText(spec) + (spec.nullable ? ", null" : ""));
}

Rejected CheckUrl(const Arguments& args) {
  const std::string* url = args.Get<std::string>("url");
  if (url == nullptr || url->starts_with("http://") || url->starts_with("https://")) {
    return std::nullopt;
  }
  return Refused("out_of_range", "args.url", "expected an address with http:// or https://");
}

Rejected CheckMd5(const Arguments& args) {
  const std::string* md5 = args.Get<std::string>("md5");
  const auto hex = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  if (md5 == nullptr || (md5->size() == 32 && std::ranges::all_of(*md5, hex))) {
    return std::nullopt;
  }
  return Refused("out_of_range", "args.md5", "expected 32 hex digits");
}

Rejected NeedAll(const Arguments& args, std::initializer_list<const char*> names,
                 std::string_view why) {
  for (const char* name : names) {
    const std::string* text = args.Get<std::string>(name);
    if (!args.Has(name) || (text != nullptr && text->empty())) {
      return Refused("missing_argument", std::string("args.") + name,
                     "missing: " + std::string(why));
    }
  }
  return std::nullopt;
}

Rejected CheckTransfer(const Arguments& args) {
  auto rejected = CheckUrl(args);
  return rejected ? rejected : CheckMd5(args);
}

Rejected CheckStart(const Arguments& args) {
  const int sources = int{args.Has("artifact")} + int{args.Has("url")} + int{args.Has("file")};
  if (sources != 1) {
    return Refused(sources == 0 ? "missing_argument" : "unknown_argument", "args",
                   "print.start needs exactly one of artifact, url and file");
  }
  if (args.Has("artifact")) {
    return Refused("unsupported", "args.artifact",
                   "the library comes with a later version; use url or file");
  }
  if (args.Has("file")) {
    for (const char* name : {"md5", "size_bytes", "filename"}) {
      if (args.Has(name)) {
        return Refused("unknown_argument", std::string("args.") + name,
                       "goes with url, not with file");
      }
    }
  } else if (auto rejected = NeedAll(args, {"md5", "size_bytes", "filename"}, "goes with url")) {
    return rejected;
  }
  return CheckTransfer(args);
}

Rejected CheckFirmware(const Arguments& args) {
  if (args.Has("artifact")) {
    return Refused("unsupported", "args.artifact",
                   "the library comes with a later version; use url, md5, size_bytes, version, "
                   "name");
  }
  if (auto rejected = NeedAll(args, {"url", "md5", "size_bytes", "version", "name"},
                              "the firmware's record has it")) {
    return rejected;
  }
  const std::string& version = *args.Get<std::string>("version");
  if (!protocol::CompareVersions(version, version)) {
    return Refused("out_of_range", "args.version", "expected a version like 3.1.2");
  }
  return CheckTransfer(args);
}

Rejected CheckUpdate(const Arguments& args) {
  constexpr std::array kSettings = {"nozzle_target_c", "bed_target_c", "fan_ratio",
                                    "print_speed_mode", "z_offset_mm"};
  if (std::ranges::none_of(kSettings, [&](const char* name) { return args.Has(name); })) {
    return Refused("missing_argument", "args",
                   "needs any of nozzle_target_c, bed_target_c, fan_ratio, print_speed_mode, "
                   "z_offset_mm");
  }
  return std::nullopt;
}

Rejected CheckDelete(const Arguments& args) {
  const std::string* encoded = args.Get<std::string>("filename_b64");
  if ((encoded != nullptr) == args.Has("filename")) {
    return Refused("missing_argument", "args.filename",
                   "needs exactly one of filename and filename_b64");
  }
  std::string bytes;
  if (encoded != nullptr && (!DecodeBase64(*encoded, bytes) || bytes.empty())) {
    return Refused("out_of_range", "args.filename_b64", "no base64");
  }
  return encoded != nullptr ? std::nullopt : NeedAll(args, {"filename"}, "a name");
}

Rejected CheckCapture(const Arguments& args) {
  return args.empty()
             ? std::nullopt
             : NeedAll(args, {"region", "tmp_secret_key", "tmp_secret_id", "session_token"},
                       "all four, or none");
}

std::string LowerTrimmed(std::string_view text) {
  std::string lower;
  for (const char c : text) {
    if (c != ' ') {
      lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return lower;
}

bool IsWireWord(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-';
  });
}

Rejected CheckRaw(const Arguments& args) {
  const std::string& type = *args.Get<std::string>("type");
  const std::string& action = *args.Get<std::string>("action");
  const std::string name = LowerTrimmed(type) + "/" + LowerTrimmed(action);
  if (name == "print/start" || name == "ota/update") {
    return Refused("unsupported", "args.action",
                   name + " cannot be sent raw; use print.start or ota.update");
  }
  if (!IsWireWord(type)) {
    return Refused("out_of_range", "args.type", "expected a word of letters, digits, _ and -");
  }
  if (!IsWireWord(action)) {
    return Refused("out_of_range", "args.action", "expected a word of letters, digits, _ and -");
  }
  return std::nullopt;
}

Rejected CheckPrinterSet(const Arguments& args) {
  if (args.empty()) {
    return Refused("missing_argument", "args", "nothing to set");
  }
  const std::string* firmware = args.Get<std::string>("firmware");
  if (firmware != nullptr && !firmware->empty() &&
      !protocol::CompareVersions(*firmware, *firmware)) {
    return Refused("out_of_range", "args.firmware", "expected a version like 3.1.2");
  }
  return args.Has("name") ? NeedAll(args, {"name"}, "a name") : std::nullopt;
}

Rejected CheckCommandOne(const Arguments& args) {
  if (args.Has("request_id") == args.Has("command_id")) {
    return Refused("missing_argument", "args", "needs exactly one of request_id and command_id");
  }
  const std::string* id = args.Get<std::string>("request_id");
  return id != nullptr && !IsUuid(*id)
             ? Rejected(Refused("out_of_range", "args.request_id", "expected a UUID"))
             : std::nullopt;
}

Rejected CheckCommandList(const Arguments& args) {
  const std::string* since = args.Get<std::string>("since");
  return since != nullptr && !ParseIso8601(*since)
             ? Rejected(
                   Refused("wrong_type", "args.since", "expected a time like 2026-01-01T00:00:00Z"))
             : std::nullopt;
}

Rejected CheckJobList(const Arguments& args) {
  const std::string* state = args.Get<std::string>("state");
  const std::string* outcome = args.Get<std::string>("outcome");
  if (state != nullptr && outcome != nullptr) {
    return Refused("unknown_argument", "args.outcome", "say state or outcome, not both");
  }
  if (state != nullptr && *state != "open" && !printer::ParseJobState(*state) &&
      !printer::ParseOutcome(*state)) {
    return Refused("out_of_range", "args.state", "no state or outcome of a job");
  }
  if (outcome != nullptr && (outcome->empty() || !printer::ParseOutcome(*outcome))) {
    return Refused("out_of_range", "args.outcome",
                   "expected finished, failed, stopped, interrupted or ended_unknown");
  }
  return std::nullopt;
}

// A question, or the offer of a firmware.
Rejected CheckReportVersion(const Arguments& args) {
  return args.empty() ? std::nullopt : CheckFirmware(args);
}

Rejected CheckJobSet(const Arguments& args) {
  return args.Has("verdict") || args.Has("note")
             ? std::nullopt
             : Rejected(Refused("missing_argument", "args", "needs verdict or note"));
}

Rejected CheckEnroll(const Arguments& args) {
  return args.Has("model") && !args.Has("printer_id")
             ? Rejected(Refused("unknown_argument", "args.model", "goes with printer_id"))
             : std::nullopt;
}

struct Check {
  std::string_view command;
  Rejected (*check)(const Arguments&);
};

constexpr std::array kChecks = {
    Check{"file.delete_local", CheckDelete},
    Check{"file.delete_usb", CheckDelete},
    Check{"video.start_capture", CheckCapture},
    Check{"print.start", CheckStart},
    Check{"print.update", CheckUpdate},
    Check{"ota.report_version", CheckReportVersion},
    Check{"ota.update", CheckFirmware},
    Check{"printer.raw", CheckRaw},
    Check{"printer.set", CheckPrinterSet},
    Check{"printer.enroll", CheckEnroll},
    Check{"job.list", CheckJobList},
    Check{"job.set", CheckJobSet},
    Check{"command.list", CheckCommandList},
    Check{"command.get", CheckCommandOne},
    Check{"command.cancel", CheckCommandOne},
};

}  // namespace

std::optional<Rejection> CheckArguments(const CommandSpec& spec, const Arguments& args) {
  const auto check = std::ranges::find(kChecks, spec.name, &Check::command);
  if (check != kChecks.end()) {
    if (auto rejected = check->check(args)) {
      return rejected;
    }
  }
  for (const ArgumentSpec& argument : spec.arguments) {
    if (auto rejected = CheckBounds(argument, args)) {
      return rejected;
    }
  }
  return std::nullopt;
}

}  // namespace printfleet::fleet
