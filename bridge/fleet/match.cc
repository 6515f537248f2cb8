#include "fleet/match.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "fleet/build.h"
#include "fleet/judge.h"
#include "printer/error_text.h"
#include "protocol/topics.h"

namespace printfleet::fleet {
namespace {

using protocol::Report;

constexpr size_t kMessageBytesMax = 500;

// -- Files --

void WriteRecord(const protocol::FileRecord& record, json::Writer& writer) {
  writer.BeginObject().Member("filename", record.filename);
  if (!IsCleanUtf8(record.filename)) {
    writer.Member("filename_b64", Base64Text(record.filename));
  }
  writer.Member("size_bytes", record.size_bytes).Key("modified_at");
  if (record.modified_at) {
    writer.String(FormatIso8601(*record.modified_at));
  } else {
    writer.Null();
  }
  writer.Member("is_directory", record.is_directory).EndObject();
}

void WriteRecord(const protocol::RecommendRecord& record, json::Writer& writer) {
  writer.BeginObject()
      .Member("md5", record.md5)
      .Member("url", record.url)
      .Member("size_bytes", record.size_bytes)
      .Member("image_url", record.image_url)
      .Member("estimated_s", record.estimated_s)
      .EndObject();
}

// {"<name>":[…]}, cut to what an answer may carry.
template <typename Record>
std::string ListResult(const char* name, const std::vector<Record>& records) {
  std::string list;
  size_t count = 0;
  for (const Record& record : records) {
    json::Writer writer;
    WriteRecord(record, writer);
    std::string text = writer.Take();
    if (list.size() + text.size() > kResultBytesMax) {
      break;
    }
    list.append(list.empty() ? "" : ",").append(text);
    ++count;
  }
  const std::string cut = count < records.size() ? ",\"truncated\":true" : "";
  return "{\"" + std::string(name) + "\":[" + list +
         "],\"count\":" + std::to_string(records.size()) + cut + "}";
}

Evidence JudgeFile(const Case& c, protocol::FileAction action) {
  const auto* file = c.As<protocol::FileReport>();
  if (file == nullptr || (file->action != action && !c.echoed)) {
    return {};
  }
  if (IsFailure(c)) {
    return Refuted(c.report);
  }
  if (!file->done) {
    return Says(Verdict::kShown, c.report);
  }
  switch (action) {
    case protocol::FileAction::kListLocal:
    case protocol::FileAction::kListUsb:
      return Proved(c.report, ListResult("files", file->records));
    case protocol::FileAction::kRecommendList:
      return Proved(c.report, ListResult("records", file->recommended));
    case protocol::FileAction::kDeleteLocal:
    case protocol::FileAction::kDeleteUsb:
    case protocol::FileAction::kOther:
      return Proved(c.report);
  }
  return {};
}

Evidence JudgeListLocal(const Case& c) {
  return JudgeFile(c, protocol::FileAction::kListLocal);
}

Evidence JudgeListUsb(const Case& c) {
  return JudgeFile(c, protocol::FileAction::kListUsb);
}

Evidence JudgeDeleteLocal(const Case& c) {
  return JudgeFile(c, protocol::FileAction::kDeleteLocal);
}

Evidence JudgeDeleteUsb(const Case& c) {
  return JudgeFile(c, protocol::FileAction::kDeleteUsb);
}

Evidence JudgeRecommend(const Case& c) {
  return JudgeFile(c, protocol::FileAction::kRecommendList);
}

// -- Status, video, version --

Evidence JudgeStatus(const Case& c) {
  const auto* status = c.As<protocol::StatusReport>();
  if (status == nullptr || status->work == protocol::WorkState::kUnknown) {
    return {};
  }
  const bool free = status->work == protocol::WorkState::kFree;
  return Proved(c.report, free ? R"({"work":"free"})" : R"({"work":"busy"})");
}

Evidence JudgeVideo(const Case& c) {
  const auto* video = c.As<protocol::VideoReport>();
  if (video == nullptr) {
    return {};
  }
  if (video->word == protocol::VideoWord::kStarted || video->word == protocol::VideoWord::kJoined) {
    return Proved(c.report);
  }
  return IsFailure(c) ? Refuted(c.report) : Evidence{};
}

Evidence JudgeVersion(const Case& c) {
  const auto* ota = c.As<protocol::OtaReport>();
  if (ota == nullptr || ota->step != protocol::OtaStep::kVersion) {
    return {};
  }
  json::Writer writer;
  writer.BeginObject()
      .Member("firmware", ota->firmware)
      .Member("machine_version", ota->machine_version)
      .Member("peripheral_version", ota->peripheral_version)
      .EndObject();
  return Proved(c.report, writer.Take());
}

Evidence JudgeOta(const Case& c) {
  const auto* ota = c.As<protocol::OtaReport>();
  if (ota == nullptr) {
    return {};
  }
  using protocol::OtaStep;
  switch (ota->step) {
    case OtaStep::kVersion: {
      const std::string* target = c.request.args.Get<std::string>("version");
      if (target != nullptr && ota->firmware &&
          protocol::CompareVersions(*ota->firmware, *target) == 0) {
        return Proved(c.report, "{\"firmware\":\"" + *target + "\"}");
      }
      return {};
    }
    case OtaStep::kStart:
    case OtaStep::kDownloading:
    case OtaStep::kUpdating:
    case OtaStep::kSucceeded:  // believed only when it reports the version
      return Says(Verdict::kProgress, c.report);
    case OtaStep::kFailed:
    case OtaStep::kDownloadFailed:
    case OtaStep::kCanceled:
      return Refuted(c.report, c.report.envelope.state);
    case OtaStep::kUnknown:
      return c.echoed && IsFailure(c) ? Refuted(c.report) : Evidence{};
  }
  return {};
}

Evidence JudgeRaw(const Case& c) {
  const auto& envelope = c.report.envelope;
  const std::string* type = c.request.args.Get<std::string>("type");
  const std::string* action = c.request.args.Get<std::string>("action");
  const bool same =
      type != nullptr && action != nullptr && envelope.type == *type && envelope.action == *action;
  if (!same && !c.echoed) {
    return {};
  }
  json::Writer writer;
  writer.BeginObject().Member("state", CleanText(envelope.state, 100)).EndObject();
  const std::string result = writer.Take();
  return IsFailure(c) ? Refuted(c.report) : Proved(c.report, result);
}

struct Row {
  std::string_view command;
  Evidence (*judge)(const Case&);
  bool question = false;  // unanswered: timed_out, not sent_unconfirmed
  bool answered = false;  // proved by an answer to it, not by what the printer does
};

constexpr std::array kRows = {
    Row{"file.list_local", JudgeListLocal, true, true},
    Row{"file.list_usb", JudgeListUsb, true, true},
    Row{"file.delete_local", JudgeDeleteLocal, false, true},
    Row{"file.delete_usb", JudgeDeleteUsb, false, true},
    Row{"cloud.recommend_list", JudgeRecommend, false, true},
    Row{"status.query", JudgeStatus, true},
    Row{"video.start_capture", JudgeVideo, false, true},
    Row{"print.slice_params", JudgeSliceParams, true, true},
    Row{"print.query", JudgeQuery, true},
    Row{"print.map_local_task", JudgeMapTask, false, true},
    Row{"print.start", JudgeStart},
    Row{"print.pause", JudgePause},
    Row{"print.resume", JudgeResume},
    Row{"print.stop", JudgeStop},
    Row{"print.cancel", JudgeCancel},
    Row{"print.update", JudgeUpdate, false, true},
    Row{"fan.set", JudgeFan, false, true},
    Row{"ota.report_version", JudgeVersion, true},
    Row{"ota.update", JudgeOta},
    Row{"printer.raw", JudgeRaw, false, true},
};

const Row* FindRow(std::string_view command) {
  const auto row = std::ranges::find(kRows, command, &Row::command);
  return row == kRows.end() ? nullptr : &*row;
}

}  // namespace

Evidence Says(Verdict verdict, const Report& report, std::string result) {
  return {verdict, report.envelope.code, CleanText(report.envelope.message, kMessageBytesMax),
          std::move(result)};
}

// "done" and an empty text say nothing more than the state does.
Evidence Proved(const Report& report, std::string result) {
  Evidence evidence = Says(Verdict::kProved, report, std::move(result));
  if (evidence.message == "done" || evidence.message == "success") {
    evidence.message.clear();
  }
  return evidence;
}

Evidence Refuted(const Report& report, std::string_view fallback) {
  Evidence evidence = Says(Verdict::kRefuted, report);
  if (evidence.message.empty() || evidence.message == "done") {
    evidence.message = fallback;
  }
  return evidence;
}

bool IsFailure(const Case& c) {
  const auto& envelope = c.report.envelope;
  return envelope.state == "failed" ||
         (envelope.code && protocol::IsErrorCode(*envelope.code) &&
          c.error_codes.KindOf(*envelope.code) != settings::ErrorKind::kNotice);
}

bool IsOkWord(std::string_view state) {
  return state == "done" || state == "success" || state == "updated";
}

Evidence Judge(const Request& request, const Execution& execution, const Report& report,
               const settings::ErrorCodes& error_codes) {
  const Row* row = FindRow(request.spec->name);
  if (row == nullptr || std::holds_alternative<protocol::LastWillReport>(report.body)) {
    return {};
  }
  const bool echoed = !execution.msgid.empty() && report.envelope.msgid == execution.msgid;
  const Case c{request, execution, report, echoed, error_codes};
  Evidence evidence;
  if (!std::holds_alternative<protocol::AckReport>(report.body)) {
    evidence = row->judge(c);
  } else if (echoed) {
    evidence = IsFailure(c) ? Refuted(report) : Says(Verdict::kShown, report);
  }
  if (evidence.verdict == Verdict::kRefuted && error_codes.Find(evidence.code.value_or(0))) {
    evidence.message = printer::ErrorText(error_codes, report.envelope);
  }
  return evidence;
}

bool IsAnswered(const CommandSpec& spec) {
  const Row* row = FindRow(spec.name);
  return row != nullptr && row->answered;
}

Silence JudgeSilence(const Request& request, const Execution& execution,
                     const printer::Printer& printer) {
  const Row* row = FindRow(request.spec->name);
  Silence silence;
  const bool idle = printer.work_state == printer::State::kIdle &&
                    printer.presence == printer::Presence::kOnline &&
                    !(printer.job && printer.job->open());
  if (request.spec->name == "print.query" && idle) {
    silence.succeeded = true;
    silence.result = R"({"no_job":true})";
    return silence;
  }
  silence.timed_out =
      (row != nullptr && row->question) || execution.state == ExecutionState::kAcknowledged;
  // Their effect is unknown: an acknowledgement proves nothing of it.
  if (request.spec->name == "print.cancel" || request.spec->name == "print.map_local_task" ||
      IsFirmwareOffer(request)) {
    silence.timed_out = false;
  }
  return silence;
}

}  // namespace printfleet::fleet
