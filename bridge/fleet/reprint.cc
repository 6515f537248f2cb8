#include "fleet/reprint.h"

#include <array>
#include <optional>
#include <variant>

#include "base/check.h"
#include "fleet/parse.h"
#include "fleet/plan.h"
#include "fleet/replay.h"

namespace printfleet::fleet {
namespace {

constexpr int kDepthMax = 64;

Rejection Unsupported(const std::string& why) {
  return {"unsupported", "args.job_id: " + why, "args.job_id"};
}

// The printer it shall be printed on; "" for the one that printed it.
std::variant<PrinterId, Rejection> TargetOf(const Turn& turn, const Request& request) {
  if (request.target.empty()) {
    return PrinterId();
  }
  auto selected = Select(turn.world, turn.rules, request.target);
  if (auto* rejection = std::get_if<Rejection>(&selected)) {
    return std::move(*rejection);
  }
  const auto& printers = std::get<Selection>(selected).printers;
  if (printers.size() != 1) {
    return Rejection{"too_many",
                     "target: " + std::to_string(printers.size()) +
                         " printers matched; a job is printed again on exactly one",
                     "target"};
  }
  return printers.front();
}

// The arguments of print.start: those the job was started with, where they hold for `printer`; else
// its file, where that printer has it. nullopt when nothing says where the file is.
std::optional<std::string> StartArguments(json::Value job, const PrinterId& printer,
                                          const Request& request) {
  const json::Value args = job["args"];
  const bool same_printer = job["printer_id"].String() == std::string_view(printer);
  json::Writer writer;
  writer.BeginObject();
  if (args["url"].IsString() || args["artifact"].IsString() ||
      (args["file"].IsObject() && same_printer)) {
    constexpr std::array<std::string_view, 8> kTaken = {"artifact",     "url",           "md5",
                                                        "size_bytes",   "filename",      "file",
                                                        "project_type", "other_model_ok"};
    for (const std::string_view name : kTaken) {
      if (args[name].exists()) {
        writer.Key(name).Raw(args[name].Text());
      }
    }
  } else if (job["file"].IsObject()) {
    writer.Key("file").Raw(job["file"].Text());
  } else {
    return std::nullopt;
  }
  if (const bool* unknown_ok = request.args.Get<bool>("bed_unknown_ok")) {
    writer.Member("bed_unknown_ok", *unknown_ok);
  }
  writer.EndObject();
  return writer.Take();
}

// Why the job cannot be printed on `printer`, which is there or nullptr.
std::optional<Rejection> CheckReprint(json::Value job, const printer::Printer* printer) {
  if (printer == nullptr) {
    return Unsupported("its printer is not here any more; name another of its model");
  }
  if (job["outcome"].IsNull()) {
    return Unsupported("it has not ended");
  }
  if (job["model_id"].String() != std::string_view(printer->registration.model_id)) {
    return Rejection{"unsupported",
                     "target: the job was printed on a model " +
                         std::string(job["model_id"].String().value_or("")),
                     "target"};
  }
  return std::nullopt;
}

// The print.start that `request` comes to; everything but command, target and arguments is its own.
std::variant<Request, Rejection> StartOf(const Turn& turn, const Request& request,
                                         json::Value job) {
  std::string target(job["target_id"].String().value_or(""));
  const printer::Printer* printer = FindPrinter(turn.world, target);
  if (auto rejected = CheckReprint(job, printer)) {
    return *rejected;
  }
  const auto args_json = StartArguments(job, target, request);
  if (!args_json) {
    return Unsupported(
        "nothing says where its file is: it was not started by a command, and the printer's list "
        "of files (file.list_local) does not have it");
  }
  json::Parser parser;
  const auto args = parser.Parse(*args_json, {args_json->size(), kDepthMax});
  CHECK(args.ok());
  Request start = request;
  start.spec = FindCommand("print.start");
  start.args = {};
  start.args_json = MaskedArguments(*start.spec, *args);
  start.target = {};
  start.target.printers = {std::move(target)};
  if (auto rejected = ParseArguments(*start.spec, *args, start.args)) {
    return *rejected;
  }
  return start;
}

}  // namespace

void AskReprint(Turn& turn, const Request& request) {
  auto target = TargetOf(turn, request);
  if (const auto* rejection = std::get_if<Rejection>(&target)) {
    Reject(turn, request, *rejection);
    return;
  }
  Question question = MakeQuestion(Question::Kind::kReprint, request);
  question.subject = std::to_string(*request.args.Get<int64_t>("job_id"));
  question.filter_printer = std::get<PrinterId>(target);
  turn.output.questions.push_back(std::move(question));
  Audit(turn, request, request.spec->name, "asked");
}

void AnswerReprint(Turn& turn, const Request& request, const std::string& row) {
  // The same request may have been asked, and started, twice.
  if (!request.options.dry_run && Replay(turn, request)) {
    return;
  }
  json::Parser parser;
  const auto job = parser.Parse(row, {row.size(), kDepthMax});
  CHECK(job.ok());
  auto start = StartOf(turn, request, *job);
  if (const auto* rejection = std::get_if<Rejection>(&start)) {
    Reject(turn, request, *rejection);
    return;
  }
  AcceptPrinterCommand(turn, std::get<Request>(start), nullptr);
}

}  // namespace printfleet::fleet
