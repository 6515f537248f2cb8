#include "fleet/gates.h"

#include <algorithm>
#include <array>

#include "fleet/build.h"
#include "fleet/parse.h"
#include "fleet/select.h"
#include "fleet/stop.h"

namespace printfleet::fleet {
namespace {

using printer::Presence;
using printer::State;
using protocol::TopicForm;

bool Flag(const Request& request, std::string_view name) {
  const bool* flag = request.args.Get<bool>(name);
  return flag != nullptr && *flag;
}

bool Is(const Request& request, std::string_view name) {
  return request.spec->name == name;
}

bool IsHeat(const Request& request) {
  if (!Is(request, "print.update")) {
    return false;
  }
  const auto heats = [&request](std::string_view name) {
    const double* target = request.args.Get<double>(name);
    return target != nullptr && *target > 0;
  };
  return heats("nozzle_target_c") || heats("bed_target_c");
}

bool IsStart(const Request& request) {
  return Is(request, "print.start");
}

// An offer counts as an update: what a printer does with one is its own affair.
bool IsOta(const Request& request) {
  return Is(request, "ota.update") || IsFirmwareOffer(request);
}

// A raw message that may heat or move: everything but what asks or stops.
bool RawMayAct(const Request& request) {
  if (!Is(request, "printer.raw")) {
    return false;
  }
  constexpr std::array<std::string_view, 8> kHarmless = {
      "query", "pause", "stop", "cancel", "getSliceParam", "listLocal", "listUdisk", "getInfo"};
  const std::string* action = request.args.Get<std::string>("action");
  if (action != nullptr && *action == "reportVersion") {
    return request.args.Has("data");  // with data it offers a firmware
  }
  return action == nullptr || std::ranges::find(kHarmless, *action) == kHarmless.end();
}

// Asks, and changes nothing at the printer.
bool IsQuestion(const Request& request) {
  constexpr std::array<std::string_view, 6> kQuestions = {
      "file.list_local", "file.list_usb",      "status.query",
      "print.query",     "print.slice_params", "ota.report_version"};
  return std::ranges::find(kQuestions, request.spec->name) != kQuestions.end() &&
         !IsFirmwareOffer(request);
}

bool IsIdle(const printer::Printer& printer) {
  return printer.work_state == State::kIdle && !(printer.job && printer.job->open());
}

bool HasJob(const printer::Printer& printer) {
  return printer.job && printer.job->open();
}

Gate Closed(SkipReason reason, std::string message = "") {
  return {reason, std::move(message)};
}

// if_job holds back everything, stops too: that is what it is for.
Gate CheckJob(const GateQuestion& question) {
  const int64_t* wanted = question.request.args.Get<int64_t>("if_job");
  if (wanted == nullptr) {
    return {};
  }
  if (HasJob(question.printer) && question.printer.job->id.value == *wanted) {
    return {};
  }
  return Closed(SkipReason::kNoJob, "job " + std::to_string(*wanted) + " is not its job");
}

// The file is for one model only, where the sender says which.
// What the file itself says: its slicer made it for one printer.
Gate CheckArtifactModel(const GateQuestion& question) {
  const Artifact* artifact = question.request.artifact.get();
  if (artifact == nullptr || artifact->model.empty() || Flag(question.request, "other_model_ok") ||
      artifact->model_id == question.printer.registration.model_id) {
    return {};
  }
  return Closed(
      SkipReason::kWrongModel,
      "the file is for " + artifact->model +
          (artifact->model_id.empty() ? ", which models.yaml does not know (slicer_names)" : ""));
}

Gate CheckFileModel(const GateQuestion& question) {
  const std::string* wanted = question.request.args.Get<std::string>("for_model");
  const printer::Registration& registration = question.printer.registration;
  if (wanted == nullptr || *wanted == registration.model || *wanted == registration.model_id) {
    return {};
  }
  return Closed(SkipReason::kWrongModel, "the file is for " + *wanted);
}

Gate CheckWhom(const World& world, const Rules& rules, const GateQuestion& question) {
  const Request& request = question.request;
  const printer::Registration& registration = question.printer.registration;
  if (registration.enrolment != printer::Enrolment::kEnrolled) {
    return Closed(SkipReason::kPending, "it is not enrolled");
  }
  const bool acts = !IsQuestion(request);
  if (acts && rules.models.Find(registration.model_id) == nullptr) {
    return Closed(SkipReason::kUnsupported, "model " + registration.model_id + " is not known");
  }
  for (const auto& check : {CheckFileModel, CheckArtifactModel}) {
    if (Gate gate = check(question); !gate.open()) {
      return gate;
    }
  }
  const bool moves = IsStart(request) || IsOta(request) || IsHeat(request) ||
                     Is(request, "print.resume") || RawMayAct(request);
  if (moves && registration.maintenance) {
    return Closed(SkipReason::kMaintenance, *registration.maintenance);
  }
  const bool held = IsStart(request) || IsOta(request) || IsHeat(request) || RawMayAct(request);
  if (held && world.ledger.get().hold) {
    return Closed(SkipReason::kHold, *world.ledger.get().hold);
  }
  return {};
}

Gate CheckPresence(const GateQuestion& question) {
  const Presence presence = question.printer.presence;
  if (question.ignore_presence || presence == Presence::kOnline || presence == Presence::kSuspect) {
    return {};
  }
  // A printer not heard of yet may still be asked.
  if (presence == Presence::kUnknown && IsQuestion(question.request)) {
    return {};
  }
  return Closed(SkipReason::kOffline,
                presence == Presence::kUnknown ? "not heard since the bridge came up" : "");
}

bool OthersExclude(const World& world, const GateQuestion& question) {
  const auto* open = world.open_commands.Find(question.printer.registration.id);
  if (open == nullptr) {
    return false;
  }
  return std::ranges::any_of(*open, [&](CommandId id) {
    const Command* command = world.commands.Find(id);
    return id != question.self && command != nullptr && IsExclusive(*command->request.spec);
  });
}

// A new print, or a new firmware: the printer must be idle and nothing else on its way.
Gate CheckIdle(const World& world, const GateQuestion& question) {
  if (OthersExclude(world, question)) {
    return Closed(SkipReason::kBusy, "another start or update of firmware is on its way");
  }
  if (HasJob(question.printer)) {
    return Closed(SkipReason::kBusy, "it has a job");
  }
  const State state = question.printer.work_state;
  if (state == State::kIdle) {
    return {};
  }
  if (state == State::kUnknown || state == State::kFault) {
    return Closed(SkipReason::kWrongState, "its state is " + std::string(printer::Name(state)));
  }
  return Closed(SkipReason::kBusy, "its state is " + std::string(printer::Name(state)));
}

Gate CheckBed(const GateQuestion& question) {
  const printer::Bed bed = question.printer.registration.bed;
  if (bed == printer::Bed::kOccupied) {
    return Closed(SkipReason::kBedNotClear, "clear it, then printer.set bed=clear");
  }
  if (bed == printer::Bed::kUnknown && !Flag(question.request, "bed_unknown_ok")) {
    return Closed(SkipReason::kBedNotClear,
                  "nobody said whether it is clear: printer.set bed=clear, or bed_unknown_ok");
  }
  return {};
}

Gate CheckWork(const World& world, const GateQuestion& question) {
  const Request& request = question.request;
  if (IsStart(request) || IsOta(request)) {
    if (Gate gate = CheckIdle(world, question); !gate.open()) {
      return gate;
    }
    return IsStart(request) ? CheckBed(question) : Gate{};
  }
  if (IsHeat(request) && !HasJob(question.printer)) {
    if (OthersExclude(world, question)) {
      return Closed(SkipReason::kBusy, "a start or update of firmware is on its way");
    }
    if (!Flag(request, "unattended_ok")) {
      return Closed(SkipReason::kNoJob, "heating without a job needs args.unattended_ok");
    }
  }
  const bool of_job = Is(request, "print.resume") || Is(request, "print.cancel");
  if (of_job && IsIdle(question.printer) && !request.args.Has("task_id")) {
    return Closed(SkipReason::kNoJob);
  }
  return {};
}

Gate CheckFirmware(const Rules& rules, const GateQuestion& question) {
  if (IsQuestion(question.request)) {
    return {};
  }
  const settings::Model* model = rules.models.Find(question.printer.registration.model_id);
  const std::string from =
      model != nullptr ? model->short_topics_from : settings::Model{}.short_topics_from;
  if (printer::EffectiveTopicForm(question.printer, from) != TopicForm::kBoth) {
    return {};
  }
  return Closed(SkipReason::kFirmwareUnknown,
                "it has not said its firmware; printer.set topic_form says which topics it takes");
}

// -- The whole request --

struct Bound {
  std::string_view name;
  double min;
  double max;
};

std::optional<Rejection> CheckModel(const Request& request, const settings::Model& model) {
  const std::array bounds = {
      Bound{"nozzle_target_c", 0, model.nozzle_target_c_max},
      Bound{"bed_target_c", 0, model.bed_target_c_max},
      Bound{"z_offset_mm", model.z_offset_mm_min, model.z_offset_mm_max},
  };
  for (const Bound& bound : bounds) {
    const double* value = request.args.Get<double>(bound.name);
    if (value == nullptr || (*value >= bound.min && *value <= bound.max)) {
      continue;
    }
    const std::string path = "args." + std::string(bound.name);
    const bool above = *value > bound.max;
    return Rejection{"out_of_range",
                     path + ": " + NumberText(*value) + (above ? " is above " : " is below ") +
                         NumberText(above ? bound.max : bound.min) + ", the limit of " + model.name,
                     path};
  }
  const std::string* mode = request.args.Get<std::string>("print_speed_mode");
  if (mode != nullptr && std::ranges::find(model.speed_modes, *mode) == model.speed_modes.end()) {
    return Rejection{"out_of_range",
                     "args.print_speed_mode: " + *mode + " is not a mode of " + model.name,
                     "args.print_speed_mode"};
  }
  return std::nullopt;
}

// A model that nobody knows would skip every printer: it is a mistake.
std::optional<Rejection> CheckFileModelKnown(const Rules& rules, const Request& request) {
  const std::string* wanted = request.args.Get<std::string>("for_model");
  if (wanted == nullptr || rules.models.FindByIdOrName(*wanted) != nullptr) {
    return std::nullopt;
  }
  return UnknownModel(rules, "args.for_model", *wanted);
}

std::optional<Rejection> CheckCount(const Request& request, size_t count) {
  const std::string matched = std::to_string(count) + " printers matched";
  if (((IsOta(request) || Is(request, "printer.raw")) && count > 1) ||
      (Is(request, "printer.replace") && count != 1)) {
    return Rejection{
        count > 1 ? "too_many" : "not_found",
        "target: " + matched + "; " + std::string(request.spec->name) + " goes to exactly one",
        "target"};
  }
  if (IsOta(request) && !Flag(request, "confirm")) {
    return Rejection{"confirm_required",
                     "args.confirm: must be true: a failed update can cost the printer",
                     "args.confirm"};
  }
  if (request.args.Has("z_offset_mm") && count > 1 && !Flag(request, "confirm")) {
    return Rejection{"confirm_required",
                     "args.z_offset_mm: " + matched +
                         "; the offset is one printer's own: one at a time, or args.confirm",
                     "args.confirm"};
  }
  return std::nullopt;
}

}  // namespace

bool IsExclusive(const CommandSpec& spec) {
  return spec.name == "print.start" || spec.name == "ota.update";
}

bool NeedsFresh(const Request& request) {
  return request.spec->needs_fresh || IsHeat(request) || IsFirmwareOffer(request);
}

bool SetsGoing(const Request& request) {
  return IsStart(request) || IsHeat(request) || Is(request, "print.resume");
}

Gate CheckGates(const World& world, const Rules& rules, const GateQuestion& question) {
  Gate gate = CheckJob(question);
  if (!gate.open() || IsStop(question.request)) {
    return gate;
  }
  gate = CheckWhom(world, rules, question);
  if (gate.open()) {
    gate = CheckPresence(question);
  }
  if (gate.open() && !question.ignore_presence) {
    gate = CheckWork(world, question);
  }
  return gate.open() ? CheckFirmware(rules, question) : gate;
}

std::optional<Rejection> CheckRequest(const World& world, const Rules& rules,
                                      const Request& request,
                                      const std::vector<PrinterId>& printers) {
  if (auto rejected = CheckFileModelKnown(rules, request)) {
    return rejected;
  }
  std::string last;
  for (const PrinterId& id : printers) {
    const std::string& model_id = world.printers.Find(id)->registration.model_id;
    const settings::Model* model = model_id == last ? nullptr : rules.models.Find(model_id);
    last = model_id;
    if (model != nullptr) {
      if (auto rejected = CheckModel(request, *model)) {
        return rejected;
      }
    }
  }
  return CheckCount(request, printers.size());
}

}  // namespace printfleet::fleet
