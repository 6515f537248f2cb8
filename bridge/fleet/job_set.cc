#include "fleet/job_set.h"

#include "base/check.h"
#include "fleet/plan.h"
#include "fleet/replay.h"

namespace printfleet::fleet {
namespace {

constexpr int kDepthMax = 64;

std::optional<std::string> TextOf(const Request& request, std::string_view name) {
  const std::string* text = request.args.Get<std::string>(name);
  return text != nullptr ? std::optional(*text) : std::nullopt;
}

// `job` with the marks on it.
std::string MarkedJson(json::Value job, const JobMark& mark) {
  const auto write = [](json::Writer& writer, const std::string& text) {
    if (text.empty()) {
      writer.Null();
    } else {
      writer.String(text);
    }
  };
  json::Writer writer;
  writer.BeginObject().Key("job").BeginObject();
  for (size_t i = 0; i < job.size(); ++i) {
    const std::string_view name = job.member_name(i);
    writer.Key(name);
    if (name == "verdict" && mark.verdict) {
      write(writer, *mark.verdict);
    } else if (name == "note" && mark.note) {
      write(writer, *mark.note);
    } else {
      writer.Raw(job.member_value(i).Text());
    }
  }
  writer.EndObject().EndObject();
  return writer.Take();
}

}  // namespace

void AskJobSet(Turn& turn, const Request& request) {
  Question question = MakeQuestion(Question::Kind::kJobSet, request);
  question.subject = std::to_string(*request.args.Get<int64_t>("job_id"));
  turn.output.questions.push_back(std::move(question));
  Audit(turn, request, request.spec->name, "asked");
}

void AnswerJobSet(Turn& turn, const Request& request, const std::string& row) {
  // The same request may have been asked twice.
  if (Replay(turn, request)) {
    return;
  }
  json::Parser parser;
  const auto job = parser.Parse(row, {row.size(), kDepthMax});
  CHECK(job.ok());
  JobMark mark{JobId{*request.args.Get<int64_t>("job_id")}, TextOf(request, "verdict"),
               TextOf(request, "note")};
  Command command = MakeCommand(turn, request, Selection{});
  command.result = MarkedJson(*job, mark);
  turn.output.job_marks.push_back(std::move(mark));
  FinishAtOnce(turn, std::move(command), {});
}

}  // namespace printfleet::fleet
