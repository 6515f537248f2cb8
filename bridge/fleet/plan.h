// From an accepted request to a command: selection, gates, preview. Used by HandleRequest and by
// the files of the kinds of commands.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "fleet/gates.h"
#include "fleet/respond.h"
#include "fleet/select.h"
#include "fleet/turn.h"

namespace printfleet::fleet {

struct Plan {
  Selection selection;
  std::vector<Gate> gates;  // one a printer, in the selection's order
};

// Selects and judges; changes nothing. The same for a dry run, a run, and a stop ahead of its
// batch.
std::variant<Plan, Rejection> MakePlan(const World& world, const Rules& rules,
                                       const Request& request);

// `would_do` is the state of a printer whose gate is open.
Preview PreviewOf(const World& world, const Plan& plan, std::string_view would_do);

// The same with what each printer would be sent.
Preview PreviewOfMessages(const World& world, const Rules& rules, const Request& request,
                          const Plan& plan);

// A command for `request`, not yet in the world: with an id, its times and its printers.
Command MakeCommand(Turn& turn, const Request& request, const Selection& selection);

// Its request is remembered from now on.
void Remember(Turn& turn, const Command& command);

// A command that is done at once, with its executions (final ones) and result; answered, kept for
// repetitions.
void FinishAtOnce(Turn& turn, Command command, std::vector<Execution> executions);

void Audit(Turn& turn, const Request& request, std::string_view command, std::string outcome);

void Reject(Turn& turn, const Request& request, const Rejection& rejection);

// The kinds of commands. Requires: parsed without rejection, not seen before.
void AcceptPrinterCommand(Turn& turn, const Request& request, const StopPlan* sent);
void HandleRegistryCommand(Turn& turn, const Request& request);
void HandleFleetCommand(Turn& turn, const Request& request);
void HandleQuestion(Turn& turn, const Request& request);
void HandleDiagnose(Turn& turn, const Request& request);

}  // namespace printfleet::fleet
