// printer.enroll with args.printer_id: by the id alone, so that a printer can be known before it
// connects for the first time.
#include "base/text.h"
#include "fleet/registry.h"
#include "fleet/select.h"
#include "protocol/topics.h"

namespace printfleet::fleet {
namespace {

const settings::Model* ModelOf(const Rules& rules, const Request& request) {
  const std::string* model = request.args.Get<std::string>("model");
  return model != nullptr ? rules.models.FindByIdOrName(*model) : nullptr;
}

// A printer that is known already, by this id or by it as its name.
std::optional<Rejection> CheckKnown(const printer::Printer& printer, const std::string& id,
                                    const settings::Model* model) {
  const printer::Registration& registration = printer.registration;
  if (registration.id != id) {
    return Rejection{"conflict", "args.printer_id: it is the name of printer " + registration.id,
                     "args.printer_id"};
  }
  if (model != nullptr && model->id != registration.model_id) {
    return Rejection{
        "conflict", "args.model: the printer is a " + registration.model + ", not a " + model->name,
        "args.model"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Rejection> CheckEnrollById(const World& world, const Rules& rules,
                                         const Request& request) {
  const std::string& id = *request.args.Get<std::string>("printer_id");
  if (!request.target.empty()) {
    return Rejection{"unknown_argument", "target: args.printer_id says which printer", "target"};
  }
  if (!protocol::IsPrinterId(id)) {
    return Rejection{"out_of_range",
                     "args.printer_id: expected 1 to " +
                         std::to_string(protocol::kPrinterIdBytesMax) + " bytes without / + and #",
                     "args.printer_id"};
  }
  const settings::Model* model = ModelOf(rules, request);
  if (model == nullptr && request.args.Has("model")) {
    return UnknownModel(rules, "args.model", *request.args.Get<std::string>("model"));
  }
  if (const printer::Printer* known = FindPrinter(world, id)) {
    return CheckKnown(*known, id, model);
  }
  if (model == nullptr) {
    return Rejection{"missing_argument",
                     "args.model: missing: the printer has never connected, so nobody knows its "
                     "model",
                     "args.model"};
  }
  if (world.printers.size() >= static_cast<size_t>(rules.settings.fleet.printers_max)) {
    return Rejection{"too_many", "args.printer_id: fleet.printers_max is reached",
                     "args.printer_id"};
  }
  return std::nullopt;
}

printer::Printer PrinterToEnroll(const World& world, const Rules& rules, const Request& request,
                                 const Instant& now) {
  const std::string& id = *request.args.Get<std::string>("printer_id");
  if (const printer::Printer* known = world.printers.Find(id)) {
    return *known;
  }
  const settings::Model& model = *ModelOf(rules, request);
  return printer::NewPrinter(id, model.id, model.name, now.wall);
}

}  // namespace printfleet::fleet
