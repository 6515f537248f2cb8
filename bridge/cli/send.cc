// printfleet send: a command, previewed, sent, and followed to its end.
#include <poll.h>
#include <unistd.h>

#include <iostream>
#include <map>

#include "cli/conversation.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/request.h"
#include "cli/subcommands.h"
#include "settings/suggest.h"

namespace printfleet::cli {
namespace {

constexpr int kInterrupted = 130;  // as shells say it
constexpr std::chrono::milliseconds kTurn{200};
constexpr std::chrono::seconds kGrace{15};  // behind --timeout, for the daemon's last word

// A request as the words on the command line make it.
struct Draft {
  const SendArguments& arguments;
  std::string target_json;
  std::string args_json;
  bool question = false;
  bool on_printers = true;
};

RequestOptions OptionsOf(const SendArguments& arguments) {
  RequestOptions options;
  options.dry_run = arguments.dry_run;
  options.timeout_s = arguments.timeout_s;
  options.on_offline = arguments.on_offline;
  options.max_in_flight = arguments.max_in_flight;
  return options;
}

// Shows the responses to one request as they come.
class Follower {
 public:
  Follower(const Draft& draft, bool dry_run)
      : draft_(draft),
        dry_run_(dry_run),
        bar_(!draft.arguments.json && isatty(STDERR_FILENO) != 0) {}

  std::optional<int> Show(json::Value response) {
    const auto event = response["event"].String().value_or("");
    if (draft_.arguments.json) {
      Print(response.Text() + "\n");
    }
    if (event == "rejected") {
      ClearBar();
      PrintError("printfleet: " + RejectionText(response) + "\n");
      return ExitCodeOfRejection(response);
    }
    if (event == "accepted") {
      return ShowAccepted(response);
    }
    if (event == "execution") {
      CollectExecutions(response, rows_);
    } else if (event == "progress") {
      ShowProgress(response);
    } else if (event == "done") {
      return ShowDone(response);
    }
    return std::nullopt;
  }

  void ClearBar() const {
    if (bar_) {
      PrintError("\r\x1b[K");
    }
  }

 private:
  std::optional<int> ShowAccepted(json::Value response) {
    matched_ = response["matched"].Int().value_or(0);
    if (dry_run_) {
      if (!draft_.arguments.json) {
        Print(PreviewText(response));
      }
      return kDone;
    }
    if (draft_.arguments.no_wait) {
      return kDone;
    }
    return std::nullopt;
  }

  void ShowProgress(json::Value response) const {
    if (draft_.arguments.json) {
      return;
    }
    const std::string text = ProgressText(ReadCounts(response), matched_);
    PrintError(bar_ ? "\r\x1b[K" + text : text + "\n");
  }

  int ShowDone(json::Value response) {
    const int code = ExitCodeOf(response);
    if (draft_.arguments.json) {
      return code;
    }
    ClearBar();
    CollectExecutions(response, rows_);
    if (!rows_.empty()) {
      Print(ExecutionsTable(rows_, Style{WantsColor()}));
      ShowResults();
    }
    if (const json::Value result = response["result"]; result.size() > 0) {
      Print(draft_.arguments.command == "printer.diagnose" ? DiagnosisText(result)
                                                           : PrettyJson(result) + "\n");
    }
    if (!draft_.question) {
      Print(DoneText(response) + "\n");
    }
    return code;
  }

  void ShowResults() const {
    json::Parser parser;
    for (const auto& [id, row] : rows_) {
      const auto result = parser.Parse(row.result, kResponseLimits);
      if (!row.result.empty() && result.ok()) {
        Print(row.name + ": " + PrettyJson(*result) + "\n");
      }
    }
  }

  const Draft& draft_;
  const bool dry_run_;
  const bool bar_;
  int64_t matched_ = 0;
  std::map<std::string, ExecutionRow> rows_;
};

// A stop still goes out if the daemon is back within commands.stop_stale_s: worth sending also
// while it is offline, by somebody who wants no preview.
bool StopsPrinters(const SendArguments& arguments) {
  return arguments.yes && (arguments.command == "print.stop" || arguments.command == "print.pause");
}

// What a dry run says; `code` when there is nothing to go on with.
struct Preview {
  int64_t matched = 0;
  std::string text;
  std::string target_hash;
  std::optional<int> code;
};

Preview AskPreview(Conversation& conversation, const Draft& draft) {
  Preview preview;
  RequestOptions options = OptionsOf(draft.arguments);
  options.dry_run = true;
  const std::string id = NewUuid();
  const auto on_response = [&](json::Value response) -> std::optional<int> {
    const auto event = response["event"].String().value_or("");
    if (event == "rejected") {
      PrintError("printfleet: " + RejectionText(response) + "\n");
      return ExitCodeOfRejection(response);
    }
    if (event == "accepted") {
      preview.matched = response["matched"].Int().value_or(0);
      preview.text = PreviewText(response);
      preview.target_hash = response["target_hash"].String().value_or("");
      return kDone;
    }
    return std::nullopt;
  };
  const auto answer = conversation.Ask(
      id, RequestJson(id, draft.arguments.command, draft.target_json, draft.args_json, options),
      on_response, Patience{std::chrono::seconds(10), std::chrono::seconds(30)});
  if (!answer.ok()) {
    preview.code = Complain(answer.error());
  } else if (answer->interrupted) {
    preview.code = kInterrupted;
  } else if (answer->late) {
    preview.code = kTimedOut;
  } else if (*answer->code != kDone) {
    preview.code = answer->code;
  }
  return preview;
}

// Asks on the terminal, with the connection kept alive meanwhile. A signal and the end of input
// mean no.
bool Confirmed(Conversation& conversation, const std::string& command, int64_t matched) {
  PrintError(command + " to " + std::to_string(matched) + " printers? [y/N] ");
  pollfd input{STDIN_FILENO, POLLIN, 0};
  while (poll(&input, 1, 0) == 0) {
    const auto interrupted = conversation.Idle(kTurn);
    if (!interrupted.ok()) {
      Complain(interrupted.error());
      return false;
    }
    if (*interrupted) {
      return false;
    }
  }
  std::string answer;
  return static_cast<bool>(std::getline(std::cin, answer)) && (answer == "y" || answer == "yes");
}

// The exit code when the command is not to be sent; else fills options.if_matched.
std::optional<int> PreviewAndAsk(Conversation& conversation, const Draft& draft,
                                 RequestOptions& options) {
  const Preview preview = AskPreview(conversation, draft);
  if (preview.code) {
    return preview.code;
  }
  if (preview.matched != 1) {
    PrintError(preview.text);
  }
  if (preview.matched > 1) {
    if (isatty(STDIN_FILENO) == 0 || isatty(STDERR_FILENO) == 0) {
      PrintError("printfleet: more than one printer, and nobody to ask: say --yes to send it\n");
      return kUsage;
    }
    if (!Confirmed(conversation, draft.arguments.command, preview.matched)) {
      PrintError("nothing sent\n");
      return kUsage;
    }
  }
  options.if_matched = preview.target_hash;  // the printers that were shown, or none
  return std::nullopt;
}

int Follow(Conversation& conversation, const Draft& draft, const RequestOptions& options) {
  const SendArguments& arguments = draft.arguments;
  const std::string id = arguments.id.empty() ? NewUuid() : arguments.id;
  if (!draft.question && !options.dry_run) {
    PrintError("request " + id + "\n");
  }
  Follower follower(draft, options.dry_run);
  Patience patience;
  patience.even_offline = StopsPrinters(arguments);
  if (arguments.timeout_s) {
    patience.total = std::chrono::seconds(*arguments.timeout_s) + kGrace;
  }
  const auto answer = conversation.Ask(
      id, RequestJson(id, arguments.command, draft.target_json, draft.args_json, options),
      [&](json::Value response) { return follower.Show(response); }, patience);
  if (answer.ok() && answer->code) {
    return *answer->code;
  }
  follower.ClearBar();
  const int code =
      answer.ok() ? (answer->interrupted ? kInterrupted : kTimedOut) : Complain(answer.error());
  if (!draft.question && !options.dry_run) {
    PrintError(std::string(answer.ok() ? "the command goes on" : "it may still have been done") +
               "; ask with: printfleet send command.get request_id=" + id + "\n");
  }
  return code;
}

Result<Draft> MakeDraft(const SendArguments& arguments, const std::vector<CommandHelp>& commands) {
  const CommandHelp* help = FindHelp(commands, arguments.command);
  if (help == nullptr && !commands.empty()) {
    std::vector<std::string> names;
    names.reserve(commands.size());
    for (const auto& command : commands) {
      names.push_back(command.name);
    }
    const auto nearest = settings::Nearest(arguments.command, names);
    return Error{Errc::kInvalid,
                 "no command \"" + arguments.command + "\"" +
                     (nearest.empty() ? "; see printfleet send --help"
                                      : "; did you mean " + std::string(nearest) + "?")};
  }
  if (!arguments.id.empty() && !IsUuid(arguments.id)) {
    return Error{Errc::kInvalid, "--id: expected a UUID"};
  }
  auto args = ArgsJson(arguments.values, help, ReadFile);
  if (!args.ok()) {
    return args.error();
  }
  auto target = TargetJson(arguments.selectors);
  if (!target.ok()) {
    return target.error();
  }
  Draft draft{arguments, *std::move(target), *std::move(args)};
  const bool named_question =
      arguments.command.ends_with(".list") || arguments.command.ends_with(".get");
  draft.question = help != nullptr ? help->question : named_question;
  draft.on_printers = help != nullptr ? help->on_printers : !named_question;
  if (arguments.command == "printer.list" && draft.target_json == "{}") {
    draft.target_json = R"({"all":true})";
  }
  return draft;
}

}  // namespace

int Send(const SendArguments& arguments, const std::vector<CommandHelp>& commands) {
  const auto draft = MakeDraft(arguments, commands);
  if (!draft.ok()) {
    return Complain(draft.error());
  }
  auto opened = Conversation::Open(arguments.connection);
  if (!opened.ok()) {
    return Complain(opened.error());
  }
  Conversation& conversation = **opened;
  RequestOptions options = OptionsOf(arguments);
  const bool preview =
      draft->on_printers && !draft->question && !arguments.yes && !arguments.dry_run;
  if (conversation.bridge_state() == "degraded") {
    PrintError("note: the daemon says that it is degraded\n");
  }
  if (preview) {
    if (const auto code = PreviewAndAsk(conversation, *draft, options)) {
      return *code;
    }
  }
  return Follow(conversation, *draft, options);
}

}  // namespace printfleet::cli
