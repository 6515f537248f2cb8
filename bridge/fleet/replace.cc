// printer.replace: a new mainboard has an id of its own, but it is the same machine in the same
// place.
#include "base/text.h"
#include "fleet/registry.h"
#include "fleet/select.h"
#include "printer/state.h"

namespace printfleet::fleet {
namespace {

using printer::Enrolment;
using printer::Registration;

const std::string& By(const Request& request) {
  return *request.args.Get<std::string>("by");
}

bool Confirmed(const Request& request) {
  const bool* confirm = request.args.Get<bool>("confirm");
  return confirm != nullptr && *confirm;
}

std::optional<Rejection> CheckSuccessor(const World& world, const Request& request,
                                        const Registration& old) {
  const printer::Printer* next = FindPrinter(world, By(request));
  if (next == nullptr) {
    return Rejection{"unknown_printer",
                     "args.by: no printer " + PrintableText(By(request), 80) +
                         "; printer.enroll registers one that has not connected yet",
                     "args.by"};
  }
  const Registration& registration = next->registration;
  if (registration.id == old.id) {
    return Rejection{"conflict", "args.by: a printer cannot replace itself", "args.by"};
  }
  if (registration.enrolment != Enrolment::kPending &&
      registration.enrolment != Enrolment::kEnrolled) {
    return Rejection{"conflict",
                     "args.by: " + registration.id + " is " +
                         std::string(printer::Name(registration.enrolment)) +
                         "; it must be pending or enrolled",
                     "args.by"};
  }
  if (registration.model_id != old.model_id && !Confirmed(request)) {
    return Rejection{"confirm_required",
                     "args.by: it is a " + registration.model + ", the old one a " + old.model +
                         "; args.confirm if that is meant",
                     "args.confirm"};
  }
  return std::nullopt;
}

// What says that the old printer still lives; "" when nothing does.
std::string SignOfLife(const World& world, const printer::Printer& old) {
  if (printer::IsThere(old)) {
    return "is online";
  }
  if (old.job && old.job->open()) {
    return "has a job";
  }
  const auto* open = world.open_commands.Find(old.registration.id);
  return open != nullptr && !open->empty() ? "has commands on their way" : "";
}

}  // namespace

std::optional<Rejection> CheckReplace(const World& world, const Request& request,
                                      const PrinterId& old_id) {
  const printer::Printer& old = *world.printers.Find(old_id);
  if (old.registration.enrolment == Enrolment::kRetired) {
    return Rejection{"conflict", "target: " + old_id + " is retired already", "target"};
  }
  if (auto rejected = CheckSuccessor(world, request, old.registration)) {
    return rejected;
  }
  const std::string sign = SignOfLife(world, old);
  if (sign.empty() || Confirmed(request)) {
    return std::nullopt;
  }
  return Rejection{"confirm_required",
                   "target: " + old.registration.name + " " + sign +
                       "; args.confirm if it is to be retired nevertheless",
                   "args.confirm"};
}

void ReplacePrinter(Turn& turn, const Request& request, printer::Printer& old_printer) {
  Registration& old = old_printer.registration;
  const PrinterId next_id = FindPrinter(turn.world, By(request))->registration.id;
  const PrinterContext context(turn);
  turn.output.changes.emplace_back(
      old.id, printer::ApplyRetired(old_printer, "the printer was replaced", context.get()));
  old.enrolment = Enrolment::kRetired;
  old.retired_at = turn.now.wall;
  old.replaced_by = next_id;

  printer::Printer& next_printer = turn.world.printers.Mutable(next_id);
  Registration& next = next_printer.registration;
  next.name = old.name;
  next.groups = old.groups;
  next.labels = old.labels;
  next.note = old.note;
  next.maintenance = old.maintenance;
  next.bed = printer::Bed::kUnknown;
  next.enrolment = Enrolment::kEnrolled;
  next_printer.dirty = true;
}

}  // namespace printfleet::fleet
