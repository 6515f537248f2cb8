// The `args` of a request: what goes together, command by command. A schema could say that as anyOf
// and oneOf, but a failed one does not tell which of them was meant. A model's own limits come with
// the printers (gates.cc).
#include <algorithm>
#include <array>

#include "base/text.h"
#include "fleet/parse.h"

namespace printfleet::fleet {
namespace {

using Rejected = std::optional<Rejection>;

Rejection Refused(std::string_view reason, const std::string& path, const std::string& what) {
  return {std::string(reason), path + ": " + what, path};
}

Rejected NeedAll(const Arguments& args, std::initializer_list<const char*> names,
                 std::string_view why) {
  for (const char* name : names) {
    if (!args.Has(name)) {
      return Refused("missing_argument", std::string("args.") + name,
                     "missing: " + std::string(why));
    }
  }
  return std::nullopt;
}

Rejected CheckStart(const Arguments& args) {
  const int sources = int{args.Has("artifact")} + int{args.Has("url")} + int{args.Has("file")};
  if (sources != 1) {
    return Refused(sources == 0 ? "missing_argument" : "unknown_argument", "args",
                   "print.start needs exactly one of artifact, url and file");
  }
  if (!args.Has("url")) {
    for (const char* name : {"md5", "size_bytes", "filename"}) {
      if (args.Has(name)) {
        return Refused("unknown_argument", std::string("args.") + name,
                       "goes with url, not with artifact or file");
      }
    }
    return std::nullopt;
  }
  return NeedAll(args, {"md5", "size_bytes", "filename"}, "goes with url");
}

Rejected CheckFirmware(const Arguments& args) {
  if (args.Has("artifact")) {
    return Refused("unsupported", "args.artifact",
                   "firmware in the library comes with a later version; use url, md5, size_bytes, "
                   "version, name");
  }
  return NeedAll(args, {"url", "md5", "size_bytes", "version", "name"},
                 "the firmware's record has it");
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
  return std::nullopt;
}

Rejected CheckCapture(const Arguments& args) {
  return args.empty()
             ? std::nullopt
             : NeedAll(args, {"region", "tmp_secret_key", "tmp_secret_id", "session_token"},
                       "all four, or none");
}

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

Rejected CheckRaw(const Arguments& args) {
  const std::string& type = *args.Get<std::string>("type");
  const std::string& action = *args.Get<std::string>("action");
  const std::string name = Lower(type + "/" + action);
  if (name == "print/start" || name == "ota/update") {
    return Refused("unsupported", "args.action",
                   name + " cannot be sent raw; use print.start or ota.update");
  }
  return std::nullopt;
}

Rejected CheckPrinterSet(const Arguments& args) {
  if (args.empty()) {
    return Refused("missing_argument", "args", "nothing to set");
  }
  return std::nullopt;
}

Rejected CheckCommandOne(const Arguments& args) {
  if (args.Has("request_id") == args.Has("command_id")) {
    return Refused("missing_argument", "args", "needs exactly one of request_id and command_id");
  }
  return std::nullopt;
}

Rejected CheckCommandList(const Arguments& args) {
  const std::string* since = args.Get<std::string>("since");
  return since != nullptr && !ParseIso8601(*since)
             ? Rejected(
                   Refused("wrong_type", "args.since", "expected a time like 2026-01-01T00:00:00Z"))
             : std::nullopt;
}

Rejected CheckJobList(const Arguments& args) {
  if (args.Has("state") && args.Has("outcome")) {
    return Refused("unknown_argument", "args.outcome", "say state or outcome, not both");
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
  return check != kChecks.end() ? check->check(args) : std::nullopt;
}

}  // namespace printfleet::fleet
