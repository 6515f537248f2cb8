// printer.diagnose: whom it is about and for how long; core listens and answers (core/diagnose.h).
#include <algorithm>

#include "fleet/plan.h"

namespace printfleet::fleet {
namespace {

constexpr size_t kPrintersMax = 20;
constexpr int64_t kListenDefaultS = 10;

}  // namespace

void HandleDiagnose(Turn& turn, const Request& request) {
  Diagnosis diagnosis;
  diagnosis.reply_to = request.reply_to;
  diagnosis.request_id = request.id;
  const int64_t* listen_s = request.args.Get<int64_t>("seconds");
  diagnosis.listen = seconds(listen_s != nullptr ? *listen_s : kListenDefaultS);
  if (const std::string* id = request.args.Get<std::string>("printer_id"); id && !id->empty()) {
    diagnosis.printers.push_back(*id);
  }
  if (!request.target.empty()) {
    auto selected = Select(turn.world, turn.rules, request.target);
    if (const auto* rejection = std::get_if<Rejection>(&selected)) {
      Reject(turn, request, *rejection);
      return;
    }
    const auto& printers = std::get<Selection>(selected).printers;
    diagnosis.printers.insert(diagnosis.printers.end(), printers.begin(), printers.end());
  }
  if (diagnosis.printers.empty()) {
    Reject(turn, request,
           {"empty_target", "target: names no printers; args.printer_id names an unknown one",
            "target"});
    return;
  }
  if (diagnosis.printers.size() > kPrintersMax) {
    Reject(turn, request,
           {"too_many",
            "target: " + std::to_string(diagnosis.printers.size()) + " printers, more than " +
                std::to_string(kPrintersMax) + " at a time",
            "target"});
    return;
  }
  turn.output.diagnoses.push_back(std::move(diagnosis));
}

}  // namespace printfleet::fleet
