// printfleet send: a command, previewed, sent, and followed to its end.
#include <chrono>
#include <utility>

#include "cli/confirm.h"
#include "cli/conversation.h"
#include "cli/exit_code.h"
#include "cli/follow.h"
#include "cli/moment.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/request.h"
#include "cli/subcommands.h"
#include "settings/suggest.h"

namespace printfleet::cli {
namespace {

constexpr std::chrono::seconds kAnswerTime{30};  // for a dry run
constexpr std::chrono::seconds kGrace{15};       // behind --timeout, for the daemon's last word

// A request as the words on the command line make it.
struct Draft {
  const SendArguments& arguments;
  std::string target_json;
  std::string args_json;
  std::string expires_at;  // ISO 8601, "" for none
  bool question = false;
  bool on_printers = true;
};

RequestOptions OptionsOf(const Draft& draft) {
  const SendArguments& arguments = draft.arguments;
  RequestOptions options;
  options.dry_run = arguments.dry_run;
  options.timeout_s = arguments.timeout_s;
  options.on_offline = arguments.on_offline;
  options.max_in_flight = arguments.max_in_flight;
  options.interval_ms = arguments.interval_ms;
  options.heating_limit = arguments.heating_limit;
  options.first = arguments.first;
  options.expires_at = draft.expires_at;
  options.if_matched = arguments.if_matched;
  return options;
}

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
  RequestOptions options = OptionsOf(draft);
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
      on_response, Patience{std::chrono::seconds(10), kAnswerTime});
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
    if (!CanAsk()) {
      PrintError("printfleet: more than one printer, and nobody to ask: say --yes to send it\n");
      return kUsage;
    }
    if (!Confirmed(conversation, draft.arguments.command + " to " +
                                     std::to_string(preview.matched) + " printers?")) {
      PrintError("nothing sent\n");
      return kUsage;
    }
  }
  options.if_matched = preview.target_hash;  // the printers that were shown, or none
  return std::nullopt;
}

// The words that follow `id` again, with the connection that was asked for.
std::string AgainWords(const ConnectionArguments& connection, const std::string& id) {
  std::string words = "printfleet send --attach " + id;
  for (const auto& [name, value] :
       {std::pair("--config", &connection.config), std::pair("--broker", &connection.broker),
        std::pair("--user", &connection.user)}) {
    words += value->empty() ? "" : " " + std::string(name) + " " + *value;
  }
  return words;
}

int FollowDraft(Conversation& conversation, const Draft& draft, const RequestOptions& options) {
  const SendArguments& arguments = draft.arguments;
  Following what;
  what.id = arguments.id.empty() ? NewUuid() : arguments.id;
  what.request =
      RequestJson(what.id, arguments.command, draft.target_json, draft.args_json, options);
  what.command = arguments.command;
  what.question = draft.question;
  what.dry_run = options.dry_run;
  what.json = arguments.json;
  what.no_wait = arguments.no_wait;
  what.again = AgainWords(arguments.connection, what.id);
  what.patience.even_offline = StopsPrinters(arguments);
  if (options.dry_run) {
    what.patience.total = kAnswerTime;
  } else if (arguments.timeout_s) {
    what.patience.total = std::chrono::seconds(*arguments.timeout_s) + kGrace;
  }
  if (!draft.question && !options.dry_run) {
    PrintError("request " + what.id + "\n");
  }
  return Follow(conversation, what);
}

int Attach(const SendArguments& arguments) {
  if (!IsUuid(arguments.attach)) {
    return Complain(Error{Errc::kInvalid,
                          "--attach: expected the UUID of a request, as send and "
                          "printfleet commands show it"});
  }
  auto opened = Conversation::Open(arguments.connection);
  if (!opened.ok()) {
    return Complain(opened.error());
  }
  Following what;
  what.id = arguments.attach;
  what.json = arguments.json;
  what.again = AgainWords(arguments.connection, what.id);
  return Follow(**opened, what);
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
  Draft draft{arguments, *std::move(target), *std::move(args), ""};
  if (!arguments.expires_at.empty()) {
    const auto expires = ParseMoment(arguments.expires_at, WallNow(), Direction::kAfter);
    if (!expires.ok()) {
      return expires.error().Within("--expires-at");
    }
    draft.expires_at = FormatIso8601(*expires);
  }
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
  if (!arguments.attach.empty()) {
    return Attach(arguments);
  }
  const auto draft = MakeDraft(arguments, commands);
  if (!draft.ok()) {
    return Complain(draft.error());
  }
  auto opened = Conversation::Open(arguments.connection);
  if (!opened.ok()) {
    return Complain(opened.error());
  }
  Conversation& conversation = **opened;
  RequestOptions options = OptionsOf(*draft);
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
  return FollowDraft(conversation, *draft, options);
}

}  // namespace printfleet::cli
