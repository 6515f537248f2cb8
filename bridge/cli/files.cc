// printfleet files list, show and remove: questions and commands like any other.
#include "cli/files.h"

#include <deque>

#include "base/text.h"
#include "cli/conversation.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/request.h"
#include "cli/subcommands.h"

namespace printfleet::cli {
namespace {

constexpr int64_t kFilesShown = 50;

int List(Conversation& conversation, const FilesArguments& arguments) {
  ListQuestion question;
  question.command = "file.library.list";
  question.items = "files";
  question.limit = static_cast<size_t>(arguments.limit.value_or(kFilesShown));
  const auto files = AskList(conversation, question);
  if (!files.ok()) {
    return Complain(files.error());
  }
  std::deque<json::Parser> parsers;
  std::vector<json::Value> documents;
  for (const auto& file : *files) {
    if (arguments.json) {
      Print(file + "\n");
      continue;
    }
    const auto document = parsers.emplace_back().Parse(file, kResponseLimits);
    if (document.ok()) {
      documents.push_back(*document);
    }
  }
  if (!arguments.json) {
    Print(FilesTable(documents, Style{WantsColor()}));
  }
  return kDone;
}

// `on_done` sees the result; rejections are said here.
int AskOne(Conversation& conversation, const std::string& command, const std::string& file,
           const std::function<void(json::Value result)>& on_done) {
  const std::string id = NewUuid();
  json::Writer args;
  args.BeginObject().Member("artifact", file).EndObject();
  const auto answer = conversation.Ask(
      id, RequestJson(id, command, "{}", args.Take(), RequestOptions{}),
      [&](json::Value response) -> std::optional<int> {
        const auto event = response["event"].String().value_or("");
        if (event == "rejected") {
          PrintError("printfleet: " + RejectionText(response) + "\n");
          return ExitCodeOfRejection(response);
        }
        if (event != "done") {
          return std::nullopt;
        }
        on_done(response["result"]);
        return kDone;
      },
      Patience{std::chrono::seconds(10), std::chrono::seconds(30)});
  if (!answer.ok()) {
    return Complain(answer.error());
  }
  if (answer->interrupted) {
    return kInterrupted;
  }
  return answer->code.value_or(kTimedOut);
}

int Show(Conversation& conversation, const FilesArguments& arguments) {
  return AskOne(conversation, "file.library.get", arguments.file, [&](json::Value result) {
    const json::Value file = result["file"].exists() ? result["file"] : result;
    Print(arguments.json ? file.Text() + "\n" : FileText(file));
  });
}

int Remove(Conversation& conversation, const FilesArguments& arguments) {
  return AskOne(conversation, "file.library.remove", arguments.file, [&](json::Value /*result*/) {
    PrintError(PrintableText(arguments.file, kFileNameBytesMax) + ": removed\n");
  });
}

}  // namespace

int Files(const FilesArguments& arguments) {
  if (arguments.action == FilesAction::kAdd) {
    return UploadFiles(arguments);
  }
  auto conversation = Conversation::Open(arguments.connection);
  if (!conversation.ok()) {
    return Complain(conversation.error());
  }
  switch (arguments.action) {
    case FilesAction::kShow:
      return Show(**conversation, arguments);
    case FilesAction::kRemove:
      return Remove(**conversation, arguments);
    case FilesAction::kList:
    case FilesAction::kAdd:
      break;
  }
  return List(**conversation, arguments);
}

}  // namespace printfleet::cli
