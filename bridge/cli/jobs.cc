// printfleet jobs: print jobs as a table or as documents.
#include <deque>

#include "cli/conversation.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/request.h"
#include "cli/subcommands.h"

namespace printfleet::cli {
namespace {

constexpr int64_t kJobsShown = 50;

}  // namespace

int Jobs(const JobsArguments& arguments) {
  ListQuestion question;
  question.command = "job.list";
  question.items = "jobs";
  question.limit = static_cast<size_t>(arguments.limit.value_or(kJobsShown));
  Selectors selectors;
  selectors.printers = arguments.printers;
  question.target_json = *TargetJson(selectors);
  if (!arguments.state.empty()) {
    question.args.emplace_back("state", Quoted(arguments.state));
  }
  auto conversation = Conversation::Open(arguments.connection);
  if (!conversation.ok()) {
    return Complain(conversation.error());
  }
  const auto jobs = AskList(**conversation, question);
  if (!jobs.ok()) {
    return Complain(jobs.error());
  }
  std::deque<json::Parser> parsers;
  std::vector<json::Value> documents;
  for (const auto& job : *jobs) {
    if (arguments.json) {
      Print(job + "\n");
      continue;
    }
    const auto document = parsers.emplace_back().Parse(job, kResponseLimits);
    if (document.ok()) {
      documents.push_back(*document);
    }
  }
  if (!arguments.json) {
    Print(JobsTable(documents, Style{WantsColor()}));
  }
  return kDone;
}

}  // namespace printfleet::cli
