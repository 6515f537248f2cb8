// The tracker: from an accepted command to its last result. Sends under the limits, probes,
// re-sends, ends executions, says so. Every change of an execution's state goes through Apply.
#pragma once

#include <optional>
#include <string>

#include "fleet/lifecycle.h"
#include "fleet/turn.h"

namespace printfleet::fleet {

// A done command stays this long for repetitions of its request.
constexpr seconds kForgetAfter{60};

// What is known of why, for an execution's row.
struct Ending {
  std::optional<int64_t> code = {};
  std::string message = {};
  std::string result = {};  // JSON text
  SkipReason reason = SkipReason::kNone;
};

// One event of one execution, by the lifecycle's table; false when the table ignores it. Does the
// books of its command and printer; starts nothing new (Settle does). Requires: it exists.
bool Apply(Turn& turn, const ExecutionKey& key, ExecutionEvent event, Ending ending = {});

// Nothing of it is out, as far as this process sent it: it may be taken back.
bool IsUnsent(const Execution& execution);

// Starts executions of the command while the limits allow. Stops know no limits.
void Pump(Turn& turn, CommandId id);

// After an execution ended: who waited for its place goes on, in its command, at its printer, and
// in the farm; a command without open executions is done.
void Settle(Turn& turn, const ExecutionKey& key);

// Executions that waited for this printer get their turn.
void TryPrinter(Turn& turn, const PrinterId& id);

// Sends the message of a started execution, or ends it when it may not be sent any more.
void SendExecution(Turn& turn, const ExecutionKey& key);

// Gates again, then sends: its probe was answered.
void EndProbe(Turn& turn, const ExecutionKey& key);

// Gates again, then the next attempt: outbound did not send the one before. Its kind is
// repeatable.
void Resend(Turn& turn, const ExecutionKey& key);

// A start that was answered by a stop or not at all, told to the printer's state.
void GiveUpJob(Turn& turn, const Execution& execution, std::string_view why);

// Marks the command done when all its executions are, and says so.
void CompleteIfDone(Turn& turn, CommandId id);

// Sends what changed since the last `execution` response.
void ReportChanges(Turn& turn, CommandId id);

// Puts the command and its executions into the world: books, open_commands. Executions that are
// final already count as such.
void AddCommand(World& world, Command command, std::vector<Execution> executions);

}  // namespace printfleet::fleet
