// printer.set, enroll, reject, retire, replace: what we keep of printers. Done at once.
#include "fleet/registry.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "fleet/plan.h"

namespace printfleet::fleet {
namespace {

using printer::Enrolment;
using printer::Registration;

constexpr size_t kNameBytesMax = 128;

const std::string* Text(const Request& request, std::string_view name) {
  return request.args.Get<std::string>(name);
}

std::optional<Rejection> CheckName(const World& world, const Request& request,
                                   const std::vector<PrinterId>& printers) {
  const std::string* name = Text(request, "name");
  if (name == nullptr) {
    return std::nullopt;
  }
  if (printers.size() > 1) {
    return Rejection{
        "too_many",
        "args.name: names are unique, but " + std::to_string(printers.size()) + " printers matched",
        "args.name"};
  }
  if (name->empty() || name->size() > kNameBytesMax) {
    return Rejection{"out_of_range", "args.name: expected 1 to 128 bytes", "args.name"};
  }
  const printer::Printer* other = FindPrinter(world, *name);
  if (other == nullptr || printers.empty() || other->registration.id == printers.front()) {
    return std::nullopt;
  }
  return Rejection{
      "conflict", "args.name: " + *name + " is the name or id of printer " + other->registration.id,
      "args.name"};
}

void SetLabels(const Request& request, Registration& registration) {
  if (const auto* set = request.args.Get<std::map<std::string, std::string>>("labels")) {
    for (const auto& [name, value] : *set) {
      registration.labels[name] = value;
    }
  }
  if (const auto* removed = request.args.Get<std::vector<std::string>>("labels.removed")) {
    for (const std::string& name : *removed) {
      registration.labels.erase(name);
    }
  }
}

void SetRegistration(const Request& request, Registration& registration) {
  if (const std::string* name = Text(request, "name")) {
    registration.name = *name;
  }
  if (const auto* groups = request.args.Get<std::vector<std::string>>("groups")) {
    const std::set<std::string> unique(groups->begin(), groups->end());
    registration.groups.assign(unique.begin(), unique.end());
  }
  SetLabels(request, registration);
  if (const std::string* reason = Text(request, "maintenance")) {
    registration.maintenance = reason->empty() ? std::nullopt : std::optional(*reason);
  }
  if (const std::string* bed = Text(request, "bed")) {
    registration.bed = printer::ParseBed(*bed).value_or(registration.bed);
  }
  if (const std::string* firmware = Text(request, "firmware")) {
    registration.firmware = *firmware;
  }
  if (const std::string* form = Text(request, "topic_form")) {
    registration.topic_form = protocol::ParseTopicForm(*form);
  }
  if (const std::string* note = Text(request, "note")) {
    registration.note = *note;
  }
}

// "" when it was done, else why not.
using Change = std::string (*)(Turn&, const Request&, printer::Printer&);

std::string Set(Turn&, const Request& request, printer::Printer& printer) {
  SetRegistration(request, printer.registration);
  return "";
}

// A printer that was retired gave its name away: is it another's by now?
bool LostName(const World& world, const Registration& registration) {
  return registration.enrolment == Enrolment::kRetired &&
         FindPrinter(world, registration.name) != nullptr;
}

std::string Enroll(Turn& turn, const Request& request, printer::Printer& printer) {
  Registration& registration = printer.registration;
  if (const std::string* name = Text(request, "name")) {
    registration.name = *name;
  } else if (registration.name.empty() || LostName(turn.world, registration)) {
    registration.name = printer::DefaultName(registration);
  }
  registration.enrolment = Enrolment::kEnrolled;
  registration.retired_at.reset();
  registration.replaced_by.clear();
  return "";
}

std::string RejectPrinter(Turn&, const Request&, printer::Printer& printer) {
  printer.registration.enrolment = Enrolment::kRejected;
  return "";
}

std::string Retire(Turn& turn, const Request&, printer::Printer& printer) {
  if (printer.job && printer.job->open()) {
    return "it has a job; stop it first";
  }
  printer.registration.enrolment = Enrolment::kRetired;
  printer.registration.retired_at = turn.now.wall;
  return "";
}

std::string Replace(Turn& turn, const Request& request, printer::Printer& printer) {
  ReplacePrinter(turn, request, printer);
  return "";
}

struct Row {
  std::string_view command;
  Change change;
  std::string_view happening;
};

constexpr Row kRows[] = {
    {"printer.set", Set, "printer_set"},
    {"printer.enroll", Enroll, "printer_enrolled"},
    {"printer.reject", RejectPrinter, "printer_rejected"},
    {"printer.retire", Retire, "printer_retired"},
    {"printer.replace", Replace, "printer_replaced"},
};

Execution ChangeOne(Turn& turn, const Request& request, const Row& row, const PrinterId& id) {
  printer::Printer& printer = turn.world.printers.Mutable(id);
  Execution execution;
  execution.message = row.change(turn, request, printer);
  execution.key.printer_id = id;
  execution.printer_name = printer.registration.name;
  execution.finished_at = turn.now.wall;
  const bool done = execution.message.empty();
  execution.state = done ? ExecutionState::kSucceeded : ExecutionState::kFailed;
  if (done) {
    printer.dirty = true;
    json::Writer body;
    body.BeginObject()
        .Member("author", request.reply_to.author)
        .Member("name", printer.registration.name);
    if (!printer.registration.replaced_by.empty()) {
      body.Member("replaced_by", printer.registration.replaced_by);
    }
    body.Key("args").Raw(request.args_json).EndObject();
    turn.output.happenings.push_back({std::string(row.happening), id, body.Take()});
  }
  turn.output.finished.push_back({request.spec->name, execution.state, milliseconds(0)});
  return execution;
}

// Which printers are meant: those of the target, or the one of args.printer_id.
std::variant<Plan, Rejection> MakeRegistryPlan(const Turn& turn, const Request& request) {
  if (!request.args.Has("printer_id")) {
    return MakePlan(turn.world, turn.rules, request);
  }
  if (auto rejected = CheckEnrollById(turn.world, turn.rules, request)) {
    return *rejected;
  }
  Plan plan;
  plan.selection.printers = {*Text(request, "printer_id")};
  plan.selection.target_hash = TargetHash(plan.selection.printers);
  plan.gates.resize(1);
  return plan;
}

Preview PreviewOfPlan(const Turn& turn, const Request& request, const Plan& plan) {
  if (!request.args.Has("printer_id")) {
    return PreviewOf(turn.world, plan, "would_change");
  }
  const Registration registration =
      PrinterToEnroll(turn.world, turn.rules, request, turn.now).registration;
  Preview preview;
  preview.target_hash = plan.selection.target_hash;
  preview.rows.push_back({registration.id, registration.name, "would_change", "", ""});
  return preview;
}

std::optional<Rejection> Check(const World& world, const Request& request,
                               const std::vector<PrinterId>& printers) {
  return request.spec->name == "printer.replace" ? CheckReplace(world, request, printers.front())
                                                 : CheckName(world, request, printers);
}

}  // namespace

void HandleRegistryCommand(Turn& turn, const Request& request) {
  auto planned = MakeRegistryPlan(turn, request);
  if (const auto* rejection = std::get_if<Rejection>(&planned)) {
    Reject(turn, request, *rejection);
    return;
  }
  const Plan& plan = std::get<Plan>(planned);
  if (auto rejected = Check(turn.world, request, plan.selection.printers)) {
    Reject(turn, request, *rejected);
    return;
  }
  if (request.options.dry_run) {
    RespondDryRun(turn, request, PreviewOfPlan(turn, request, plan));
    Audit(turn, request, request.spec->name, "dry_run");
    return;
  }
  if (request.args.Has("printer_id")) {
    turn.world.printers.Put(plan.selection.printers.front(),
                            PrinterToEnroll(turn.world, turn.rules, request, turn.now));
  }
  const Row& row = *std::ranges::find(kRows, request.spec->name, &Row::command);
  Command command = MakeCommand(turn, request, plan.selection);
  std::vector<Execution> executions;
  for (const PrinterId& id : plan.selection.printers) {
    executions.push_back(ChangeOne(turn, request, row, id));
    executions.back().key.command_id = command.id;
  }
  const auto changed =
      std::ranges::count(executions, ExecutionState::kSucceeded, &Execution::state);
  command.result = "{\"changed\":" + std::to_string(changed) + "}";
  FinishAtOnce(turn, std::move(command), std::move(executions));
}

}  // namespace printfleet::fleet
