#include "cli/follow.h"

#include <algorithm>
#include <utility>

#include "cli/dry_run.h"
#include "cli/exit_code.h"
#include "cli/outcomes.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/request.h"
#include "cli/subcommands.h"
#include "cli/terminal.h"

namespace printfleet::cli {
namespace {

constexpr int64_t kFewPrinters = 3;  // no table for so few
constexpr std::chrono::milliseconds kRedraw{200};
constexpr std::chrono::milliseconds kPollInterval{1000};
constexpr std::chrono::seconds kPollAnswer{10};
constexpr size_t kPageExecutions = 500;

SteadyTime Now() {
  return std::chrono::steady_clock::now();
}

// No code yet; or the error.
Result<std::optional<int>> Then(const Status& status) {
  return status.ok() ? Result<std::optional<int>>(std::optional<int>()) : status.error();
}

class Follower {
 public:
  Follower(Conversation& conversation, const Following& what)
      : conversation_(conversation), what_(what), redraws_(!what.json && CanRedraw()) {}

  // kUnavailable, kRejected. No code and no error: interrupted, or late.
  Result<Answer> Run();

 private:
  // What command.get is asked for: a page of all executions, or a glance at the open ones.
  enum class Asked { kNothing, kPage, kGlance };

  Status Begin();
  Result<std::optional<int>> Hear(const Heard& heard);
  Result<std::optional<int>> Turn();

  Result<std::optional<int>> OnResponse(json::Value response);
  Result<std::optional<int>> OnDone(json::Value response);
  Result<std::optional<int>> OnAnswer(json::Value response);
  Result<std::optional<int>> OnPage(json::Value result);
  Status OnGlance(json::Value result);

  Status Ask(Asked what, const std::string& after);
  Status Collect();
  int Finish(const std::string& done);
  void ShowResults(json::Value done) const;
  void ShowProgress();
  void Draw();

  [[nodiscard]] bool attaches() const { return what_.request.empty(); }

  [[nodiscard]] bool shows_table() const { return redraws_ && outcomes_.matched() > kFewPrinters; }

  Conversation& conversation_;
  const Following& what_;
  const bool redraws_;
  const std::string question_id_ = NewUuid();
  Outcomes outcomes_;
  DryRun dry_run_;
  Screen screen_;
  bool changed_ = false;
  bool answered_ = false;
  bool streams_ = false;  // its responses come to us
  Asked asked_ = Asked::kNothing;
  SteadyTime asked_at_{};
  bool complete_ = false;            // the pages began when the command had ended
  std::optional<std::string> done_;  // its `done`, while the pages are still to come
  bool glances_ = true;
  TerminalSize drawn_size_;
  SteadyTime drawn_at_{};
  std::string last_line_;
};

Status Follower::Begin() {
  if (conversation_.bridge_state() == "offline" && !what_.patience.even_offline) {
    return conversation_.NoAnswer();
  }
  if (auto status = conversation_.Listen(what_.id); !status.ok()) {
    return status;
  }
  return attaches() ? Collect() : conversation_.Post(what_.request);
}

Result<Answer> Follower::Run() {
  const SteadyTime start = Now();
  if (auto status = Begin(); !status.ok()) {
    return status.error();
  }
  while (true) {
    SteadyTime deadline = start + what_.patience.first_answer;
    if (answered_) {
      deadline = what_.patience.total ? start + *what_.patience.total : SteadyTime::max();
    }
    const auto heard = conversation_.Next(std::min(deadline, Now() + kRedraw));
    if (!heard.ok()) {
      return heard.error();
    }
    if (heard->interrupted) {
      return Answer{std::nullopt, true, false};
    }
    if (heard->response) {
      const auto code = Hear(*heard);
      if (!code.ok() || *code) {
        return code.ok() ? Result<Answer>(Answer{*code, false, false}) : code.error();
      }
    } else if (Now() >= deadline) {
      return answered_ ? Result<Answer>(Answer{std::nullopt, false, true})
                       : conversation_.NoAnswer();
    }
    const auto code = Turn();
    if (!code.ok() || *code) {
      return code.ok() ? Result<Answer>(Answer{*code, false, false}) : code.error();
    }
  }
}

Result<std::optional<int>> Follower::Hear(const Heard& heard) {
  answered_ = true;
  changed_ = true;
  return heard.id == what_.id ? OnResponse(*heard.response) : OnAnswer(*heard.response);
}

// What time brings: the picture, and a look at what is open. Who follows what another process sent
// always looks: the responses may go where he does not hear them.
Result<std::optional<int>> Follower::Turn() {
  Draw();
  const auto since = Now() - asked_at_;
  Status status = Ok{};
  if (asked_ != Asked::kNothing && since >= kPollAnswer) {
    asked_ = Asked::kNothing;
    if (done_) {
      return std::optional(Finish(*done_));  // with what is known
    }
    status = attaches() && answered_ ? Collect() : Ok{};  // the daemon was away; once more
  } else if (asked_ == Asked::kNothing && since >= kPollInterval && glances_ && answered_ &&
             (attaches() || shows_table())) {
    status = Ask(Asked::kGlance, "");
  }
  return Then(status);
}

Status Follower::Ask(Asked what, const std::string& after) {
  asked_ = what;
  asked_at_ = Now();
  if (auto status = conversation_.Listen(question_id_); !status.ok()) {
    return status;
  }
  json::Writer args;
  args.BeginObject().Member("request_id", what_.id);
  if (what == Asked::kGlance) {
    args.Member("state", "open");
    args.Member("limit", static_cast<int64_t>(shows_table() ? drawn_size_.rows : 1));
  } else {
    args.Member("limit", static_cast<int64_t>(kPageExecutions));
  }
  if (!after.empty()) {
    args.Key("after").Raw(after);
  }
  args.EndObject();
  return conversation_.Post(
      RequestJson(question_id_, "command.get", "{}", args.Take(), RequestOptions{}));
}

Status Follower::Collect() {
  complete_ = false;
  return Ask(Asked::kPage, "");
}

Result<std::optional<int>> Follower::OnResponse(json::Value response) {
  streams_ = true;
  const auto event = response["event"].String().value_or("");
  if (what_.json && !(attaches() && event == "done")) {
    Print(response.Text() + "\n");
  }
  if (event == "rejected") {
    screen_.Clear();
    PrintError("printfleet: " + RejectionText(response) + "\n");
    return std::optional(ExitCodeOfRejection(response));
  }
  if (event == "done") {
    return OnDone(response);
  }
  if (what_.dry_run) {
    dry_run_.Take(response);
    return std::optional<int>();
  }
  outcomes_.Take(response);
  if (event == "accepted" && what_.no_wait) {
    return std::optional(kDone);
  }
  if (event == "progress") {
    ShowProgress();
  }
  return std::optional<int>();
}

Result<std::optional<int>> Follower::OnDone(json::Value response) {
  if (what_.dry_run) {
    if (!what_.json) {
      dry_run_.Take(response);
      Print(dry_run_.Text());
    }
    return std::optional(kDone);
  }
  // A repetition of what the daemon has in its store only.
  const json::Value stored = what_.question ? json::Value() : response["result"]["command"];
  outcomes_.Take(stored.IsObject() ? stored : response);
  done_ = stored.IsObject() ? DoneOf(what_.id, stored) : response.Text();
  json::Parser parser;
  const auto matched = (*parser.Parse(*done_, kResponseLimits))["matched"].Int();
  const bool all_known = !matched || outcomes_.ended() >= *matched;
  const bool shows_rows = !what_.question && (!what_.json || attaches());
  if (!shows_rows || (all_known && asked_ != Asked::kPage)) {
    return std::optional(Finish(*done_));
  }
  return Then(asked_ == Asked::kPage ? Status(Ok{}) : Collect());
}

// To command.get.
Result<std::optional<int>> Follower::OnAnswer(json::Value response) {
  const auto event = response["event"].String().value_or("");
  if (event != "done" && event != "rejected") {
    return std::optional<int>();
  }
  const Asked asked = std::exchange(asked_, Asked::kNothing);
  if (event == "done" && asked == Asked::kPage) {
    return OnPage(response["result"]);
  }
  if (event == "done") {
    return Then(OnGlance(response["result"]));
  }
  if (done_) {
    return std::optional(Finish(*done_));
  }
  if (!attaches() || response["reason"].String().value_or("") == "unavailable") {
    glances_ = attaches();  // a daemon that cannot look now, or not like that
    return std::optional<int>();
  }
  screen_.Clear();
  PrintError("printfleet: " + RejectionText(response) + "; printfleet commands lists yours\n");
  return std::optional(ExitCodeOfRejection(response));
}

Result<std::optional<int>> Follower::OnPage(json::Value result) {
  const json::Value command = result["command"];
  const bool ended = command["state"].String().value_or("") == "done";
  outcomes_.Take(command);
  if (what_.json && attaches()) {
    json::Writer out;
    out.BeginObject().Member("id", what_.id).Member("event", "execution");
    out.Key("executions").Raw(command["executions"].Text()).EndObject();
    Print(out.Take() + "\n");
  }
  const json::Value after = result["after"];
  Status status = Ok{};
  if (after.exists() && !after.IsNull()) {
    status = Ask(Asked::kPage, after.Text());
  } else if (done_) {
    return std::optional(Finish(*done_));
  } else if (ended && (complete_ || outcomes_.ended() >= outcomes_.matched())) {
    return std::optional(Finish(DoneOf(what_.id, command)));
  } else if (ended) {
    complete_ = true;  // it ended between two pages: all of them again
    status = Ask(Asked::kPage, "");
  }
  return Then(status);
}

Status Follower::OnGlance(json::Value result) {
  const json::Value command = result["command"];
  outcomes_.Take(command);
  if (!attaches()) {
    return Ok{};
  }
  if (!streams_) {
    ShowProgress();
  }
  const Counts counts = ReadCounts(command["counts"]);
  const bool ended = command["state"].String().value_or("") == "done";
  const bool unheard = !streams_ && counts.finished() + counts.skipped > outcomes_.ended();
  return ended || unheard ? Collect() : Ok{};
}

int Follower::Finish(const std::string& done_text) {
  json::Parser parser;
  const auto done = parser.Parse(done_text, kResponseLimits);
  const int code = ExitCodeOf(*done);
  if (what_.json) {
    Print(attaches() ? done_text + "\n" : "");
    return code;
  }
  screen_.Clear();
  if (!outcomes_.rows().empty()) {
    Print(ExecutionsTable(outcomes_.rows(), Style{WantsColor()}));
  }
  ShowResults(*done);
  if (!what_.question) {
    Print(DoneText(*done) + "\n");
  }
  return code;
}

void Follower::ShowResults(json::Value done) const {
  json::Parser parser;
  for (const auto& [id, row] : outcomes_.rows()) {
    const auto result = parser.Parse(row.result, kResponseLimits);
    if (!row.result.empty() && result.ok()) {
      Print(row.name + ": " + PrettyJson(*result) + "\n");
    }
  }
  if (const json::Value result = done["result"]; result.size() > 0) {
    Print(what_.command == "printer.diagnose" ? DiagnosisText(result) : PrettyJson(result) + "\n");
  }
}

// Not on a terminal: a line. On one the picture shows it.
void Follower::ShowProgress() {
  if (redraws_ || what_.json) {
    return;
  }
  const std::string line = outcomes_.ProgressLine();
  if (std::exchange(last_line_, line) != line) {
    PrintError(line + "\n");
  }
}

void Follower::Draw() {
  if (!redraws_ || what_.question || what_.dry_run || what_.no_wait || outcomes_.matched() == 0) {
    return;
  }
  TerminalSize size = ReadTerminalSize();
  const bool resized = size.rows != drawn_size_.rows || size.columns != drawn_size_.columns;
  if (!resized && (!changed_ || Now() - drawn_at_ < kRedraw)) {
    return;
  }
  changed_ = false;
  drawn_at_ = Now();
  drawn_size_ = size;
  // One line and one column stay free: for what is typed, as ^C is.
  size.rows = shows_table() ? size.rows - std::min<size_t>(size.rows - 1, 1) : 1;
  size.columns = std::max<size_t>(size.columns, 8) - 4;
  screen_.Draw(outcomes_.Lines(size, Style{WantsColor(STDERR_FILENO)}), drawn_size_);
}

}  // namespace

int Follow(Conversation& conversation, const Following& what) {
  Result<Answer> answer = Follower(conversation, what).Run();
  if (answer.ok() && answer->code) {
    return *answer->code;
  }
  if (!answer.ok() && conversation.interrupted()) {
    answer = Answer{std::nullopt, true, false};
  }
  const int code =
      answer.ok() ? (answer->interrupted ? kInterrupted : kTimedOut) : Complain(answer.error());
  if (!what.question && !what.dry_run) {
    PrintError(std::string(answer.ok() ? "the command goes on; attach again with: "
                                       : "it may still have been done; see with: ") +
               what.again + "\n");
  }
  return code;
}

}  // namespace printfleet::cli
