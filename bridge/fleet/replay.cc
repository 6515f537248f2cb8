#include "fleet/replay.h"

#include "base/check.h"
#include "fleet/parse.h"
#include "fleet/plan.h"

namespace printfleet::fleet {
namespace {

constexpr int kRowDepthMax = 64;

void RejectConflict(Turn& turn, const Request& request) {
  Reject(turn, request,
         {"conflict", "id: it was used for another request; take a new UUID for this one", "id"});
}

}  // namespace

bool Replay(Turn& turn, const Request& request) {
  const RequestKey key{request.reply_to.author, request.id};
  const RememberedRequest* known = turn.world.requests.Find(key);
  if (known == nullptr) {
    return false;
  }
  if (known->body != request.body) {
    RejectConflict(turn, request);
    return true;
  }
  const Command* found = turn.world.commands.Find(known->command_id);
  if (found == nullptr) {
    AskReplay(turn, request);
    return true;
  }
  Audit(turn, request, request.spec->name, "repeated");
  Command& command = turn.world.commands.Mutable(known->command_id);
  command.request.reply_to = request.reply_to;  // what follows goes to the last who asked
  if (command.request.spec->kind == CommandKind::kPrinter) {
    RespondAccepted(turn, command, request.reply_to);
    std::vector<PrinterId> ended;
    for (const PrinterId& id : *command.printers) {
      const ExecutionState state = turn.world.executions.Find({command.id, id})->state;
      if (IsFinal(state) && state != ExecutionState::kSkipped) {
        ended.push_back(id);
      }
    }
    RespondExecutions(turn, command, request.reply_to, ended);
    command.unreported.clear();
  }
  if (command.state == CommandState::kDone) {
    RespondDone(turn, command, request.reply_to);
  }
  return true;
}

Question MakeQuestion(Question::Kind kind, const Request& request) {
  Question question{};
  question.kind = kind;
  question.reply_to = request.reply_to;
  question.request_id = request.id;
  question.author = request.reply_to.author;
  question.request = std::make_shared<const Request>(request);
  return question;
}

void AskReplay(Turn& turn, const Request& request) {
  Question question = MakeQuestion(Question::Kind::kReplay, request);
  question.subject = request.reply_to.author + "\n" + request.id;
  question.argument = DigestHex(request.body);
  turn.output.questions.push_back(std::move(question));
}

void AnswerReplay(Turn& turn, const Request& request, const std::string& row) {
  json::Parser parser;
  const auto first = parser.Parse(row, {row.size(), kRowDepthMax});
  CHECK(first.ok());
  if ((*first)["same"].Bool() != true) {
    RejectConflict(turn, request);
    return;
  }
  Audit(turn, request, request.spec->name, "repeated");
  RespondStored(turn, request.reply_to, request.id, *first);
}

void HandleKnownRequest(World& world, const Rules& rules, const Delivery& delivery,
                        std::string_view payload, const Instant& now, Output& output) {
  Turn turn{world, rules, now, output};
  const Parsed parsed = ParseRequest(rules, delivery, payload, now);
  if (parsed.request.spec != nullptr && !parsed.request.id.empty()) {
    AskReplay(turn, parsed.request);
  }
}

}  // namespace printfleet::fleet
